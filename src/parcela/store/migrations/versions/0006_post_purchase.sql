-- Card transactions that can become installments after the purchase, and the one presentment of each that
-- counts: a purchase that offers were shown for shows the same ones until nobody can accept them any more, so
-- that the unique index on the plans of a presentment keeps it from being financed twice.
-- `position` is its place in the issuer's feed, given by the first reader who sees it: positions never appear
-- behind a reader's back, whatever the order in which transactions commit.
CREATE TABLE offerable_transaction (
    tenant_id             integer NOT NULL,
    transaction_id        uuid NOT NULL,
    provider_id           uuid NOT NULL,
    noted_at              timestamptz NOT NULL,
    position              bigint CHECK (position >= 1),
    offer_transaction_id  bigint,
    client_id             integer,
    presented_at          timestamptz,
    PRIMARY KEY (tenant_id, transaction_id),
    FOREIGN KEY (tenant_id, transaction_id) REFERENCES account_transaction,
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (num_nulls(offer_transaction_id, client_id, presented_at) IN (0, 3))
);
CREATE UNIQUE INDEX offerable_transaction_presentment ON offerable_transaction (tenant_id, offer_transaction_id);
CREATE UNIQUE INDEX offerable_transaction_position ON offerable_transaction (tenant_id, position);
CREATE INDEX offerable_transaction_feed ON offerable_transaction (tenant_id, provider_id, position);
CREATE INDEX offerable_transaction_new ON offerable_transaction (tenant_id, noted_at) WHERE position IS NULL;
