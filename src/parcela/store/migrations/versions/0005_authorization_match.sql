-- Authorizations that were matched with plans, authorizations whose answer the switch did not wait for,
-- and the records of the simulated issuer host.

CREATE INDEX plan_by_card ON plan (tenant_id, card_id, created_at);

-- An authorization that belongs to a plan, or that a person has to look at. Authorizations without any
-- plan leave no record. `choices` are the plans among which a person chooses; `facts` hold what later
-- messages of the same purchase are recognized by, and no card number.
CREATE TABLE authorization_match (
    tenant_id         integer NOT NULL REFERENCES tenant,
    authorization_id  uuid NOT NULL,
    fingerprint       bytea NOT NULL CHECK (length(fingerprint) = 32),
    card_id           uuid NOT NULL,
    provider_id       uuid NOT NULL,
    state             text NOT NULL CHECK (state IN ('matched', 'declined', 'ambiguous', 'dismissed')),
    plan_id           uuid,
    choices           uuid[] NOT NULL CHECK (cardinality(choices) > 0),
    currency          text NOT NULL,
    amount_minor      bigint NOT NULL CHECK (amount_minor > 0),
    facts             json NOT NULL,
    asked_at          timestamptz NOT NULL,
    settled_by        text,
    settled_at        timestamptz,
    PRIMARY KEY (tenant_id, authorization_id),
    UNIQUE (tenant_id, fingerprint),
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan,
    CHECK ((plan_id IS NOT NULL) = (state IN ('matched', 'declined'))),
    CHECK ((settled_by IS NULL) = (settled_at IS NULL))
);
CREATE INDEX authorization_match_card ON authorization_match (tenant_id, card_id, asked_at);
CREATE INDEX authorization_match_ambiguous ON authorization_match (tenant_id, asked_at)
    WHERE state = 'ambiguous';

-- At most one living authorization for each plan; a declined one leaves its plan to the next.
CREATE UNIQUE INDEX authorization_match_once_per_plan ON authorization_match (tenant_id, plan_id)
    WHERE state = 'matched';

-- Matched authorizations whose amount, currency or card is not that of their plan: always empty.
CREATE VIEW broken_authorization_match AS
SELECT m.tenant_id, m.authorization_id
FROM authorization_match m JOIN plan p USING (tenant_id, plan_id)
WHERE (m.currency, m.amount_minor, m.card_id) IS DISTINCT FROM (p.currency, p.amount_minor, p.card_id);

-- Authorizations that the switch answered itself because the host did not: nobody knows what the host
-- decided until it says so, or until its reversal is acknowledged. `message` holds the elements that a
-- reversal repeats, without the card number.
CREATE TABLE unanswered_authorization (
    tenant_id      integer NOT NULL REFERENCES tenant,
    attempt_id     uuid NOT NULL,
    card_id        uuid NOT NULL,
    plan_id        text,
    message        json NOT NULL,
    state          text NOT NULL
        CHECK (state IN ('unknown', 'reversal_due', 'reversed', 'declined', 'answered')),
    reason         text CHECK (reason IN ('late_approval', 'no_answer', 'undelivered')),
    response_code  text,
    asked_at       timestamptz NOT NULL,
    settled_at     timestamptz,
    PRIMARY KEY (tenant_id, attempt_id),
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    CHECK ((reason IS NOT NULL) = (state IN ('reversal_due', 'reversed'))),
    CHECK ((settled_at IS NOT NULL) = (state IN ('reversed', 'declined', 'answered')))
);
CREATE INDEX unanswered_authorization_open ON unanswered_authorization (tenant_id, asked_at)
    WHERE state IN ('unknown', 'reversal_due');

-- What the simulated issuer host authorized: its own state, as the host of an issuer has.
CREATE TABLE simulated_authorization (
    tenant_id           integer NOT NULL REFERENCES tenant,
    purchase_key        bytea NOT NULL CHECK (length(purchase_key) = 32),
    pan_index           bytea NOT NULL CHECK (length(pan_index) = 32),
    state               text NOT NULL CHECK (state IN ('approved', 'declined', 'reversed')),
    response_code       text NOT NULL CHECK (length(response_code) = 2),
    authorization_code  text CHECK (length(authorization_code) = 6),
    currency            text NOT NULL,
    amount_minor        bigint NOT NULL CHECK (amount_minor >= 0),
    stan                text NOT NULL,
    rrn                 text,
    transmitted         text,
    plan_id             text,
    entry_mode          text,
    advices             integer NOT NULL DEFAULT 0,
    created_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, purchase_key)
);
CREATE INDEX simulated_authorization_card ON simulated_authorization (tenant_id, pan_index, created_at);
