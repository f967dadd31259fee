-- Customers, payment methods, payments and the attempts to move their money.

CREATE TABLE payments_customer (
    tenant_id    integer NOT NULL,
    customer_id  text NOT NULL,
    client_id    integer NOT NULL,
    is_live      boolean NOT NULL,
    email        text,
    name         text,
    reference    text,
    metadata     json NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);

-- A card of the vault under a merchant's name for it. The security code is sealed, and wiped with the first
-- authorization; what was never used and belongs to no customer is deleted after a day.
CREATE TABLE payment_method (
    tenant_id          integer NOT NULL,
    payment_method_id  text NOT NULL,
    client_id          integer NOT NULL,
    is_live            boolean NOT NULL,
    customer_id        text,
    card_id            uuid NOT NULL,
    card               json NOT NULL,
    billing            json,
    code_key_number    integer,
    sealed_code        bytea,
    is_used            boolean NOT NULL DEFAULT false,
    created_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, payment_method_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, customer_id) REFERENCES payments_customer,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    CHECK ((code_key_number IS NULL) = (sealed_code IS NULL))
);

-- `checkout_key` is a hash of the token of the hosted page; lists go by `position`, newest first.
CREATE TABLE payment (
    tenant_id               integer NOT NULL,
    payment_id              text NOT NULL,
    client_id               integer NOT NULL,
    is_live                 boolean NOT NULL,
    position                bigint GENERATED ALWAYS AS IDENTITY,
    status                  text NOT NULL CHECK (status IN (
                                'pending', 'requires_authentication', 'processing', 'authorized', 'completed',
                                'partially_refunded', 'refunded', 'failed', 'cancelled')),
    amount_minor            bigint NOT NULL CHECK (amount_minor BETWEEN 1 AND 999999999999),
    currency                text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    capture_method          text NOT NULL CHECK (capture_method IN ('automatic', 'manual')),
    authorized_minor        bigint NOT NULL DEFAULT 0 CHECK (authorized_minor BETWEEN 0 AND amount_minor),
    captured_minor          bigint NOT NULL DEFAULT 0 CHECK (captured_minor BETWEEN 0 AND amount_minor),
    refunded_minor          bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    refund_pending_minor    bigint NOT NULL DEFAULT 0 CHECK (refund_pending_minor >= 0),
    description             text,
    reference               text,
    customer_id             text,
    payment_method_id       text,
    return_url              text,
    has_checkout            boolean NOT NULL,
    checkout_key            bytea CHECK (length(checkout_key) = 32),
    expires_at              timestamptz,
    locale                  text NOT NULL,
    billing                 json,
    authentication          text NOT NULL CHECK (authentication IN (
                                'not_required', 'required', 'succeeded', 'failed')),
    wish                    json NOT NULL,
    resolved_count          integer,
    issuer_program          text,
    plan_id                 uuid,
    unavailable             json NOT NULL,
    ignored                 json NOT NULL,
    fees                    json,
    settlement_id           text,
    balance_transaction_id  text,
    decline                 text,
    failure_message         text,
    cancellation_reason     text CHECK (cancellation_reason IN (
                                'requested_by_merchant', 'abandoned', 'expired', 'authorization_expired')),
    metadata                json NOT NULL,
    created_at              timestamptz NOT NULL,
    captured_at             timestamptz,
    PRIMARY KEY (tenant_id, payment_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, customer_id) REFERENCES payments_customer,
    FOREIGN KEY (tenant_id, payment_method_id) REFERENCES payment_method,
    CHECK (refunded_minor + refund_pending_minor <= captured_minor),
    CHECK (has_checkout = (checkout_key IS NOT NULL)),
    CHECK (NOT has_checkout OR (return_url IS NOT NULL AND expires_at IS NOT NULL)),
    CHECK ((status = 'cancelled') = (cancellation_reason IS NOT NULL)),
    CHECK ((status = 'authorized') = (authorized_minor > 0)),
    CHECK ((status IN ('completed', 'partially_refunded', 'refunded')) = (captured_minor > 0)),
    CHECK ((captured_minor > 0) = (captured_at IS NOT NULL)),
    CHECK ((status = 'completed') <= (refunded_minor = 0)),
    CHECK ((status = 'partially_refunded') <= (refunded_minor > 0 AND refunded_minor < captured_minor)),
    CHECK ((status = 'refunded') <= (refunded_minor = captured_minor)),
    CHECK ((resolved_count IS NULL) = (plan_id IS NULL)),
    CHECK ((issuer_program IS NULL) = (plan_id IS NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX payment_newest ON payment (tenant_id, client_id, is_live, position);
CREATE UNIQUE INDEX payment_checkout ON payment (tenant_id, checkout_key) WHERE checkout_key IS NOT NULL;
CREATE INDEX payment_created ON payment (tenant_id, client_id, is_live, created_at);
CREATE INDEX payment_customer ON payment (tenant_id, client_id, is_live, customer_id, position)
    WHERE customer_id IS NOT NULL;
CREATE INDEX payment_reference ON payment (tenant_id, client_id, is_live, reference, position)
    WHERE reference IS NOT NULL;
-- Payment methods that nobody used are deleted, and each of them is looked for here then.
CREATE INDEX payment_of_method ON payment (tenant_id, payment_method_id) WHERE payment_method_id IS NOT NULL;

-- One question to the bank: an authorization, a payment (authorized and captured at once), a capture or the
-- void of an authorization. It is written before the bank is asked; `leased_until` (real clock) says how long
-- it belongs to the process that began it, and whoever takes it over raises the fence. A challenged one waits
-- for the cardholder; `challenge_key` is a hash of the token of that page.
CREATE TABLE payment_attempt (
    tenant_id           integer NOT NULL,
    payment_id          text NOT NULL,
    number              integer NOT NULL CHECK (number >= 1),
    client_id           integer NOT NULL,
    is_live             boolean NOT NULL,
    kind                text NOT NULL CHECK (kind IN (
                            'authorization', 'payment', 'capture', 'void_authorization')),
    state               text NOT NULL CHECK (state IN ('challenged', 'sent', 'ended')),
    amount_minor        bigint NOT NULL CHECK (amount_minor > 0),
    is_hosted           boolean NOT NULL DEFAULT false,
    reason              text,
    challenge_key       bytea CHECK (length(challenge_key) = 32),
    fence               integer NOT NULL DEFAULT 0,
    leased_until        timestamptz NOT NULL DEFAULT '-infinity',
    outcome             text,
    reference           text,
    response_code       text,
    authorization_code  text,
    started_at          timestamptz NOT NULL,
    ended_at            timestamptz,
    PRIMARY KEY (tenant_id, payment_id, number),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((kind = 'void_authorization') = (reason IS NOT NULL)),
    CHECK ((state = 'challenged') <= (challenge_key IS NOT NULL))
) WITH (fillfactor = 70);
-- One attempt at a time works on a payment, and each thing is done once.
CREATE UNIQUE INDEX payment_attempt_under_way ON payment_attempt (tenant_id, payment_id)
    WHERE state <> 'ended';
CREATE UNIQUE INDEX payment_attempt_approved_once ON payment_attempt (tenant_id, payment_id)
    WHERE outcome = 'approved' AND kind IN ('authorization', 'payment');
CREATE UNIQUE INDEX payment_attempt_followed_once ON payment_attempt (tenant_id, payment_id)
    WHERE outcome = 'approved' AND kind IN ('capture', 'void_authorization');
CREATE INDEX payment_attempt_challenge ON payment_attempt (tenant_id, challenge_key)
    WHERE challenge_key IS NOT NULL;

-- Outcomes never change.
CREATE FUNCTION keep_attempt_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the outcome of an attempt never changes';
END $$;
CREATE TRIGGER payment_attempt_outcome BEFORE UPDATE ON payment_attempt FOR EACH ROW
    WHEN (OLD.outcome IS NOT NULL AND (OLD.outcome, OLD.amount_minor, OLD.kind, OLD.state)
        IS DISTINCT FROM (NEW.outcome, NEW.amount_minor, NEW.kind, NEW.state))
    EXECUTE FUNCTION keep_attempt_outcome();

-- Payments whose money is not what their approved attempts moved: always empty.
CREATE VIEW broken_payment_sums AS
SELECT p.tenant_id, p.payment_id,
    'holds ' || p.authorized_minor || ' and captured ' || p.captured_minor || '; attempts make '
        || made.held || ' and ' || made.captured AS what
FROM payment p CROSS JOIN LATERAL (
    SELECT
        CASE WHEN bool_or(kind IN ('capture', 'void_authorization')) THEN 0
            ELSE coalesce(sum(amount_minor) FILTER (WHERE kind = 'authorization'), 0) END AS held,
        coalesce(sum(amount_minor) FILTER (WHERE kind IN ('payment', 'capture')), 0) AS captured
    FROM payment_attempt a
    WHERE (a.tenant_id, a.payment_id) = (p.tenant_id, p.payment_id) AND a.outcome = 'approved'
) AS made
WHERE (p.authorized_minor, p.captured_minor) IS DISTINCT FROM (made.held, made.captured);

-- Payments that wait for an answer which nobody asked for, or the other way round: always empty.
CREATE VIEW broken_payment_attempt AS
SELECT p.tenant_id, p.payment_id,
    'is ' || p.status || ', its attempt is ' || coalesce(a.kind || ' ' || a.state, 'none') AS what
FROM payment p
LEFT JOIN payment_attempt a
    ON (a.tenant_id, a.payment_id) = (p.tenant_id, p.payment_id) AND a.state <> 'ended'
WHERE CASE p.status
    WHEN 'requires_authentication' THEN a.state IS DISTINCT FROM 'challenged'
    WHEN 'processing' THEN a.state IS DISTINCT FROM 'sent' OR a.kind NOT IN ('authorization', 'payment')
    WHEN 'authorized' THEN a.kind NOT IN ('capture', 'void_authorization')
    ELSE a.number IS NOT NULL END;
