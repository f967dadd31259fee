-- Refunds of payments with the effect that was fixed when they were accepted, previews of them, and the
-- simulated lender's own books.

-- `effect` is what the refund does: rows before and after, cash back, fees back. `attempt` numbers its card
-- messages; `is_credited_back` says that the merchant's balance holds the amount again until the next one.
CREATE TABLE payment_refund (
    tenant_id               integer NOT NULL,
    refund_id               text NOT NULL,
    client_id               integer NOT NULL,
    is_live                 boolean NOT NULL,
    position                bigint GENERATED ALWAYS AS IDENTITY,
    payment_id              text NOT NULL,
    currency                text NOT NULL,
    amount_minor            bigint NOT NULL CHECK (amount_minor > 0),
    status                  text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'cancelled')),
    reason                  text CHECK (reason IN (
                                'requested_by_customer', 'duplicate', 'fraudulent', 'product_not_received')),
    effect                  json NOT NULL,
    preview_id              text,
    balance_transaction_id  text,
    expected_from           date NOT NULL,
    expected_by             date NOT NULL CHECK (expected_by >= expected_from),
    failure                 text CHECK (failure IN (
                                'technical_issue', 'destination_account_closed', 'destination_unreachable',
                                'transaction_not_found', 'currency_mismatch', 'operation_not_available',
                                'refund_window_expired')),
    attempt                 integer NOT NULL CHECK (attempt >= 1),
    is_credited_back        boolean NOT NULL,
    metadata                json NOT NULL,
    created_at              timestamptz NOT NULL,
    sent_at                 timestamptz,
    ended_at                timestamptz,
    PRIMARY KEY (tenant_id, refund_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CHECK ((status = 'pending') = (ended_at IS NULL)),
    CHECK (status <> 'failed' OR failure IS NOT NULL),
    CHECK (status <> 'succeeded' OR (sent_at IS NOT NULL AND failure IS NULL AND NOT is_credited_back)),
    CHECK (status <> 'cancelled' OR sent_at IS NULL),
    CHECK (NOT is_credited_back OR failure = 'technical_issue')
);
CREATE UNIQUE INDEX payment_refund_newest ON payment_refund (tenant_id, client_id, is_live, position);
CREATE INDEX payment_refund_payment ON payment_refund (tenant_id, client_id, is_live, payment_id, position);

-- Payments whose sums are not those of their refunds, and refunds of another account's payment: always empty.
CREATE VIEW broken_payment_refund AS
SELECT p.tenant_id, p.payment_id, 'gave back ' || p.refunded_minor || ' and holds ' || p.refund_pending_minor
    || '; its refunds make ' || made.succeeded || ' and ' || made.pending AS what
FROM payment p CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0) AS succeeded,
        coalesce(sum(amount_minor) FILTER (WHERE status = 'pending'), 0) AS pending
    FROM payment_refund r WHERE (r.tenant_id, r.payment_id) = (p.tenant_id, p.payment_id)
) AS made
WHERE (p.refunded_minor, p.refund_pending_minor) IS DISTINCT FROM (made.succeeded, made.pending)
UNION ALL
SELECT r.tenant_id, r.payment_id, 'is of another account or currency than its refund ' || r.refund_id
FROM payment_refund r JOIN payment p USING (tenant_id, payment_id)
WHERE (r.client_id, r.is_live, r.currency) IS DISTINCT FROM (p.client_id, p.is_live, p.currency);

-- Plans that are held more or less often than refunds of their payment are pending: always empty.
CREATE VIEW broken_plan_hold AS
SELECT p.tenant_id, p.plan_id, 'is held by ' || p.held_by || ', pending are ' || pending.count AS what
FROM payment_plan p JOIN payment USING (tenant_id, plan_id) CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM payment_refund r
    WHERE (r.tenant_id, r.payment_id, r.status) = (payment.tenant_id, payment.payment_id, 'pending')
) AS pending
WHERE p.held_by <> pending.count;

-- Pending refunds that nothing will send or confirm: always empty.
CREATE VIEW broken_refund_task AS
SELECT r.tenant_id, r.refund_id, 'is pending and nothing is planned for it' AS what
FROM payment_refund r
WHERE r.status = 'pending' AND NOT EXISTS (
    SELECT FROM payments_task t
    WHERE (t.tenant_id, t.client_id, t.is_live, t.subject_id) = (r.tenant_id, r.client_id, r.is_live, r.refund_id)
        AND t.kind IN ('send_refund', 'confirm_refund')
);

-- A promise of what a refund would do. `body` is the preview as it was shown, `state_hash` covers all that it
-- followed from.
CREATE TABLE refund_preview (
    tenant_id   integer NOT NULL,
    preview_id  text NOT NULL,
    client_id   integer NOT NULL,
    is_live     boolean NOT NULL,
    payment_id  text NOT NULL,
    body        json NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > created_at),
    PRIMARY KEY (tenant_id, preview_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
);
CREATE INDEX refund_preview_payment ON refund_preview (tenant_id, client_id, is_live, payment_id, expires_at);

-- What was agreed with a plan about its refunds; null: the issuer's own policy counts.
ALTER TABLE plan_instruction
    ADD COLUMN refund_strategy text CHECK (refund_strategy IN ('spread', 'last_first', 'next_first')),
    ADD COLUMN returns_charges boolean;

-- The simulated lender: another company, hence no reference to any table of ours, and nothing of the payer but
-- what the lender decided by.
CREATE TABLE simulated_lender_assessment (
    tenant_id      integer NOT NULL,
    question_id    text NOT NULL,
    assessment_id  text NOT NULL,
    decision       text NOT NULL CHECK (decision IN ('approved', 'declined', 'refer')),
    limit_minor    bigint CHECK (limit_minor >= 0),
    missing        text,
    is_late_payer  boolean NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    currency       text NOT NULL,
    asked_at       timestamptz NOT NULL,
    expires_at     timestamptz,
    PRIMARY KEY (tenant_id, question_id),
    CHECK ((decision = 'approved') = (expires_at IS NOT NULL)),
    CHECK ((decision = 'approved') = (limit_minor IS NOT NULL)),
    CHECK ((decision = 'refer') = (missing IS NOT NULL))
);
CREATE UNIQUE INDEX simulated_lender_assessment_id ON simulated_lender_assessment (tenant_id, assessment_id);

CREATE TABLE simulated_lender_credit (
    tenant_id          integer NOT NULL,
    plan_id            text NOT NULL,
    assessment_id      text NOT NULL,
    state              text NOT NULL CHECK (state IN ('open', 'closed')),
    financed_minor     bigint NOT NULL CHECK (financed_minor > 0),
    outstanding_minor  bigint NOT NULL CHECK (outstanding_minor >= 0),
    currency           text NOT NULL,
    opened_at          timestamptz NOT NULL,
    closed_at          timestamptz,
    PRIMARY KEY (tenant_id, plan_id),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state = 'open' OR outstanding_minor = 0)
);

-- One answer for each attempt at a row; a row is collected once.
CREATE TABLE simulated_lender_collection (
    tenant_id     integer NOT NULL,
    plan_id       text NOT NULL,
    number        integer NOT NULL CHECK (number >= 1),
    attempt       integer NOT NULL CHECK (attempt >= 1),
    word          text NOT NULL CHECK (word IN ('paid', 'refused')),
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    collected_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, plan_id, number, attempt),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES simulated_lender_credit
);
CREATE UNIQUE INDEX simulated_lender_collection_once ON simulated_lender_collection (tenant_id, plan_id, number)
    WHERE word = 'paid';
