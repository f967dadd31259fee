-- Answers of calls with an idempotency key, for an account in one mode and an endpoint.

-- A claim lives under a lease by the real clock. Who takes it over after that has a higher fence, and the first
-- one's effect no longer commits. A claim that is bound to an object is not taken over: what became of the
-- object is the answer. The answer is the body as it was sent, sealed: some answers show a secret this once.
-- The fingerprint is keyed, for a request may hold a card number.
CREATE TABLE payments_idempotency (
    tenant_id     integer NOT NULL,
    client_id     integer NOT NULL,
    is_live       boolean NOT NULL,
    endpoint      text NOT NULL,
    key           text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint   bytea NOT NULL CHECK (length(fingerprint) = 32),
    fence         bigint NOT NULL DEFAULT 1,
    leased_until  timestamptz NOT NULL,
    object_id     text,
    status        smallint CHECK (status BETWEEN 200 AND 499),
    key_number    integer,
    sealed_answer bytea,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, client_id, is_live, endpoint, key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK ((status IS NULL) = (sealed_answer IS NULL)),
    CHECK ((status IS NULL) = (key_number IS NULL))
);
CREATE INDEX payments_idempotency_age ON payments_idempotency (created_at);
