-- The simulated acquirer and plan provider: systems of others, hence no reference to any table of ours.
-- A row is one card message. Authorizations and payments are roots: they carry what was captured and given
-- back under them. Captures, refunds and voids name their root and, where they undo one message, that target.
-- `unseen` is a message that was reversed before it came; it is refused when it does come.
CREATE SEQUENCE simulated_acquirer_reference MAXVALUE 9999999999;
CREATE TABLE simulated_card_message (
    tenant_id             integer NOT NULL,
    merchant_id           text NOT NULL,
    message_id            text NOT NULL,
    reference             bigint NOT NULL DEFAULT nextval('simulated_acquirer_reference'),
    kind                  text NOT NULL CHECK (kind IN (
                              'authorization', 'payment', 'capture', 'refund', 'verification',
                              'void_authorization', 'void_capture', 'void_payment', 'void_refund', 'unseen')),
    state                 text NOT NULL CHECK (state IN ('approved', 'unknown', 'declined', 'voided', 'reversed')),
    outcome               text NOT NULL CHECK (outcome IN (
                              'approved', 'declined', 'expired_card', 'acquirer_error', 'failed', 'unknown')),
    response_code         text CHECK (response_code ~ '^[0-9]{2}$'),
    authorization_code    text CHECK (authorization_code ~ '^[0-9]{6}$'),
    security_code         text CHECK (security_code IN ('match', 'no_match', 'not_processed')),
    currency              text NOT NULL,
    amount_minor          bigint NOT NULL CHECK (amount_minor >= 0),
    root_reference        bigint,
    target_reference      bigint,
    captured_minor        bigint NOT NULL DEFAULT 0 CHECK (captured_minor BETWEEN 0 AND amount_minor),
    refunded_minor        bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    plan_id               text,
    acquirer_id           text NOT NULL,
    acquirer_merchant_id  text NOT NULL,
    terminal_id           text NOT NULL,
    requested_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, merchant_id, message_id),
    CHECK ((state IN ('approved', 'voided')) <= (outcome = 'approved')),
    CHECK ((state = 'unknown') <= (outcome = 'unknown')),
    CHECK (kind IN ('authorization', 'payment') OR (captured_minor = 0 AND refunded_minor = 0))
);
CREATE UNIQUE INDEX simulated_card_message_reference ON simulated_card_message (tenant_id, reference);
CREATE INDEX simulated_card_message_root ON simulated_card_message (tenant_id, root_reference)
    WHERE root_reference IS NOT NULL;

-- How often a question to the plan provider was asked, for the card that is told to ask again.
CREATE TABLE simulated_plan_question (
    tenant_id     integer NOT NULL,
    question_key  bytea NOT NULL,
    asked         integer NOT NULL CHECK (asked >= 1),
    first_asked   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, question_key)
);

CREATE VIEW broken_simulated_acquirer AS
SELECT root.tenant_id, root.merchant_id, root.message_id,
       'has captured ' || root.captured_minor || ' and refunded ' || root.refunded_minor || ' minor units, but its messages '
       || moved.captured_minor || ' and ' || moved.refunded_minor AS what
FROM simulated_card_message root
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'capture'), 0)
           + CASE WHEN root.kind = 'payment' AND root.state = 'approved' THEN root.amount_minor ELSE 0 END AS captured_minor,
           coalesce(sum(amount_minor) FILTER (WHERE kind = 'refund'), 0) AS refunded_minor
    FROM simulated_card_message message
    WHERE message.tenant_id = root.tenant_id AND message.root_reference = root.reference
      AND message.state = 'approved' AND message.kind IN ('capture', 'refund')
) moved
WHERE root.kind IN ('authorization', 'payment')
  AND (root.captured_minor, root.refunded_minor) IS DISTINCT FROM (moved.captured_minor, moved.refunded_minor);
