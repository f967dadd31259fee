-- Orders and transactions of merchants.

-- `status` and totals are written with the transactions that make them. The card's face and the chosen plan
-- are those of the newest attempt to pay; `checked_plan` is what its capture must know of the plan, and
-- `plan_id` is the plan that stands behind captured money.
CREATE TABLE merchant_order (
    tenant_id         integer NOT NULL,
    order_key         uuid NOT NULL,
    client_id         integer NOT NULL,
    order_id          text COLLATE "C" NOT NULL CHECK (char_length(order_id) BETWEEN 1 AND 40),
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    status            text NOT NULL CHECK (status IN (
        'initiated', 'verified', 'authorized', 'partially_captured', 'captured', 'partially_refunded',
        'refunded', 'excessively_refunded', 'cancelled', 'failed')),
    authorized_minor  bigint NOT NULL DEFAULT 0 CHECK (authorized_minor >= 0),
    captured_minor    bigint NOT NULL DEFAULT 0 CHECK (captured_minor >= 0),
    refunded_minor    bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    card_id           uuid,
    card              json,
    chosen_plan       json,
    checked_plan      json,
    plan_id           uuid,
    details           json NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, order_key),
    UNIQUE (tenant_id, client_id, order_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan,
    CHECK ((card_id IS NULL) = (card IS NULL)),
    CHECK ((checked_plan IS NULL) = (chosen_plan IS NULL)),
    CONSTRAINT merchant_order_captured_of_authorized CHECK (captured_minor <= authorized_minor),
    CONSTRAINT merchant_order_refunded_of_captured
        CHECK (refunded_minor <= captured_minor OR status = 'excessively_refunded')
) WITH (fillfactor = 70);
CREATE INDEX merchant_order_plan ON merchant_order (tenant_id, plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX merchant_order_newest ON merchant_order (tenant_id, client_id, created_at, order_key);

-- A transaction without outcome is under way; whoever works on it holds the lease, and `fence` grows when the
-- lease passes on, so that the former holder cannot write any more. `reversal` is due while the acquirer may
-- have done what nobody was told.
CREATE TABLE merchant_transaction (
    tenant_id         integer NOT NULL,
    order_key         uuid NOT NULL,
    number            integer NOT NULL CHECK (number >= 1),
    transaction_id    text COLLATE "C" NOT NULL CHECK (char_length(transaction_id) BETWEEN 1 AND 40),
    kind              text NOT NULL CHECK (kind IN (
        'authorization', 'payment', 'capture', 'refund', 'verification', 'void_authorization',
        'void_capture', 'void_payment', 'void_refund')),
    digest            bytea NOT NULL CHECK (length(digest) = 32),
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor      bigint NOT NULL CHECK (amount_minor >= 0),
    target_id         text COLLATE "C",
    outcome           text CHECK (outcome IN (
        'approved', 'declined', 'expired_card', 'timed_out', 'acquirer_error', 'failed', 'unknown',
        'plan_declined', 'plan_unreachable', 'locked')),
    status_after      text,
    authorized_after  bigint,
    captured_after    bigint,
    refunded_after    bigint,
    created_at        timestamptz NOT NULL,
    recorded_at       timestamptz,
    acquirer          json,
    card_id           uuid,
    card              json,
    chosen_plan       json,
    plan_id           uuid,
    order_face        json,
    details           json NOT NULL,
    api_version       smallint NOT NULL,
    voided_by         integer,
    reversal          text NOT NULL DEFAULT 'none' CHECK (reversal IN ('none', 'due', 'done')),
    fence             integer NOT NULL DEFAULT 0,
    leased_until      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, order_key, number),
    UNIQUE (tenant_id, order_key, transaction_id),
    FOREIGN KEY (tenant_id, order_key) REFERENCES merchant_order,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan,
    CHECK ((outcome IS NULL) = (recorded_at IS NULL)),
    CHECK ((outcome IS NULL) = (status_after IS NULL)),
    CHECK (num_nulls(authorized_after, captured_after, refunded_after)
        = CASE WHEN outcome IS NULL THEN 3 ELSE 0 END),
    CHECK ((kind LIKE 'void%') = (target_id IS NOT NULL)),
    CHECK (plan_id IS NULL OR outcome = 'approved'),
    CHECK (voided_by IS NULL OR outcome = 'approved'),
    CHECK (reversal = 'none' OR outcome IN ('unknown', 'timed_out'))
) WITH (fillfactor = 70);

-- One transaction at a time works on an order.
CREATE UNIQUE INDEX merchant_transaction_under_way ON merchant_transaction (tenant_id, order_key)
    WHERE outcome IS NULL;
-- At most one authorization or payment of an order stands, and each transaction is voided once.
CREATE UNIQUE INDEX merchant_transaction_paid_once ON merchant_transaction (tenant_id, order_key)
    WHERE outcome = 'approved' AND kind IN ('authorization', 'payment');
CREATE UNIQUE INDEX merchant_transaction_voided_once ON merchant_transaction (tenant_id, order_key, target_id)
    WHERE outcome = 'approved' AND target_id IS NOT NULL;
CREATE INDEX merchant_transaction_unresolved ON merchant_transaction (leased_until)
    WHERE outcome IS NULL OR reversal = 'due';

-- Outcomes never change.
CREATE FUNCTION keep_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the outcome of a transaction never changes';
END $$;
CREATE TRIGGER merchant_transaction_outcome BEFORE UPDATE ON merchant_transaction FOR EACH ROW
    WHEN (OLD.outcome IS NOT NULL AND (OLD.outcome, OLD.amount_minor, OLD.kind, OLD.status_after)
        IS DISTINCT FROM (NEW.outcome, NEW.amount_minor, NEW.kind, NEW.status_after))
    EXECUTE FUNCTION keep_outcome();

-- Orders whose totals are not what their approved transactions make: always empty.
CREATE VIEW broken_merchant_order_totals AS
SELECT o.tenant_id, o.order_key,
    'totals are ' || o.authorized_minor || ', ' || o.captured_minor || ', ' || o.refunded_minor
        || '; transactions make ' || made.authorized || ', ' || made.captured || ', ' || made.refunded AS what
FROM merchant_order o CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(CASE WHEN kind IN ('authorization', 'payment') THEN amount_minor
            WHEN kind IN ('void_authorization', 'void_payment') THEN -amount_minor END), 0) AS authorized,
        coalesce(sum(CASE WHEN kind IN ('payment', 'capture') THEN amount_minor
            WHEN kind IN ('void_payment', 'void_capture') THEN -amount_minor END), 0) AS captured,
        coalesce(sum(CASE WHEN kind = 'refund' THEN amount_minor
            WHEN kind = 'void_refund' THEN -amount_minor END), 0) AS refunded
    FROM merchant_transaction t
    WHERE (t.tenant_id, t.order_key) = (o.tenant_id, o.order_key) AND t.outcome = 'approved'
) AS made
WHERE (o.authorized_minor, o.captured_minor, o.refunded_minor)
    IS DISTINCT FROM (made.authorized, made.captured, made.refunded);

-- Orders of which more was captured than authorized, or more given back than captured without the word for
-- it: always empty.
CREATE VIEW broken_merchant_order_bounds AS
SELECT tenant_id, order_key, 'captured ' || captured_minor || ' of ' || authorized_minor AS what
FROM merchant_order WHERE captured_minor > authorized_minor
UNION ALL
SELECT tenant_id, order_key, 'gave back ' || refunded_minor || ' of ' || captured_minor
FROM merchant_order WHERE refunded_minor > captured_minor AND status <> 'excessively_refunded';

-- Orders whose status does not follow from their totals: always empty.
CREATE VIEW broken_merchant_order_status AS
SELECT tenant_id, order_key, 'is ' || status || ' with totals ' || authorized_minor || ', ' || captured_minor
    || ', ' || refunded_minor AS what
FROM merchant_order
WHERE CASE
    WHEN refunded_minor > captured_minor THEN status <> 'excessively_refunded'
    WHEN refunded_minor > 0 AND refunded_minor = captured_minor THEN status <> 'refunded'
    WHEN refunded_minor > 0 THEN status <> 'partially_refunded'
    WHEN captured_minor > 0 AND captured_minor = authorized_minor THEN status <> 'captured'
    WHEN captured_minor > 0 THEN status <> 'partially_captured'
    WHEN authorized_minor > 0 THEN status <> 'authorized'
    ELSE status NOT IN ('initiated', 'verified', 'cancelled', 'failed') END;

-- Orders with several transactions under way at once: always empty.
CREATE VIEW broken_merchant_order_attempts AS
SELECT tenant_id, order_key, count(*) || ' transactions are under way at once' AS what
FROM merchant_transaction WHERE outcome IS NULL
GROUP BY tenant_id, order_key HAVING count(*) > 1;

-- Captured money of a chosen plan without the plan, or a plan of a transaction that its order never chose:
-- always empty.
CREATE VIEW broken_merchant_order_plan AS
SELECT tenant_id, order_key, 'captured with a chosen plan, but there is no plan' AS what
FROM merchant_order WHERE captured_minor > 0 AND chosen_plan IS NOT NULL AND plan_id IS NULL
UNION ALL
SELECT tenant_id, order_key, 'has a plan that was not chosen'
FROM merchant_order WHERE chosen_plan IS NULL AND plan_id IS NOT NULL;

-- Voided transactions without the approved void that says so, or the other way round: always empty.
CREATE VIEW broken_merchant_order_void AS
SELECT t.tenant_id, t.order_key, t.number,
    'is voided by ' || coalesce(t.voided_by::text, 'nothing') || ', voids of it: '
        || coalesce(v.number::text, 'none') AS what
FROM merchant_transaction t
LEFT JOIN merchant_transaction v
    ON (v.tenant_id, v.order_key, v.target_id) = (t.tenant_id, t.order_key, t.transaction_id)
    AND v.outcome = 'approved'
WHERE t.voided_by IS DISTINCT FROM v.number;

-- Offers that are used without the approved payment that says so, or held by nothing that can still end:
-- always empty.
CREATE VIEW broken_merchant_offer_hold AS
SELECT offer.tenant_id, offer.offer_id,
    'is ' || CASE offer.state WHEN 'used' THEN 'used' ELSE 'held' END || ' by ' || offer.holder || ', which '
        || CASE WHEN t.number IS NULL THEN 'is none' ELSE coalesce('is ' || t.outcome, 'is under way') END AS what
FROM merchant_offer offer
LEFT JOIN merchant_transaction t
    ON t.tenant_id = offer.tenant_id AND t.order_key::text || ':' || t.number = offer.holder
    AND t.kind IN ('authorization', 'payment') AND t.chosen_plan ->> 'offer_id' = offer.offer_id
WHERE offer.holder IS NOT NULL AND CASE offer.state
    WHEN 'used' THEN t.outcome IS DISTINCT FROM 'approved'
    ELSE t.number IS NULL OR (t.outcome IS NOT NULL AND t.reversal <> 'due') END;
