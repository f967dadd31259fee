-- What merchants do to plans after the purchase: instructions to whoever services the plan.
--
-- An instruction for a plan that nobody here services waits for ever and has no `due_at`, so that looking for
-- due work never meets it. Opening the plan gives it one. Whoever writes an instruction, and whoever opens a
-- plan, locks the plan's row first: one of the two always sees the other.

CREATE TABLE plan_instruction (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    number           integer NOT NULL CHECK (number >= 1),
    kind             text NOT NULL CHECK (kind IN ('refund', 'cancel', 'reinstate')),
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    event_id         text NOT NULL CHECK (length(event_id) BETWEEN 1 AND 128),
    refund_event_id  text,
    state            text NOT NULL CHECK (state IN ('waiting', 'applied', 'refused')),
    reason           text,
    trace            json,
    created_at       timestamptz NOT NULL,
    due_at           timestamptz,
    settled_at       timestamptz,
    PRIMARY KEY (tenant_id, plan_id, number),
    UNIQUE (tenant_id, event_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan,
    CHECK ((kind = 'reinstate') = (refund_event_id IS NOT NULL)),
    CHECK ((state = 'waiting') = (settled_at IS NULL)),
    CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CHECK (trace IS NULL OR (kind = 'refund' AND state = 'applied'))
);
CREATE INDEX plan_instruction_due ON plan_instruction (due_at) WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX plan_instruction_waiting ON plan_instruction (tenant_id, plan_id, number) WHERE state = 'waiting';

-- Instructions without an effect that say they had one, out of their turn, or waiting where nobody looks.
CREATE VIEW broken_plan_instruction AS
SELECT i.tenant_id, i.plan_id, i.number, CASE
    WHEN i.state = 'applied' AND command.event_id IS NULL THEN 'is applied and had no effect'
    WHEN i.state <> 'applied' AND command.event_id IS NOT NULL THEN 'had its effect and is ' || i.state
    WHEN i.state = 'waiting' THEN 'waits where nobody looks for it'
    ELSE 'was settled before number ' || i.first_waiting END AS what
FROM (
    SELECT i.*, min(number) FILTER (WHERE state = 'waiting') OVER (PARTITION BY tenant_id, plan_id)
        AS first_waiting
    FROM plan_instruction i
) AS i
LEFT JOIN servicing_command command
    ON (command.tenant_id, command.event_id) = (i.tenant_id, i.event_id)
    AND command.operation = 'instructed_' || i.kind
LEFT JOIN serviced_plan plan ON (plan.tenant_id, plan.plan_id) = (i.tenant_id, i.plan_id)
WHERE (i.state = 'applied') <> (command.event_id IS NOT NULL)
    OR (i.state = 'waiting' AND (i.due_at IS NOT NULL) <> (plan.plan_id IS NOT NULL))
    OR (i.state <> 'waiting' AND i.number > i.first_waiting);

-- Plans that were not told what their order gave back of the captured money, or that the capture is void:
-- always empty.
CREATE VIEW broken_merchant_order_instruction AS
SELECT o.tenant_id, o.order_key, 'gave back ' || given_back || ' and told its plan of ' || told AS what
FROM (
    SELECT tenant_id, order_key, plan_id, least(refunded_minor, captured_minor) AS given_back
    FROM merchant_order WHERE plan_id IS NOT NULL
) AS o CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE kind WHEN 'refund' THEN amount_minor WHEN 'reinstate' THEN -amount_minor END), 0)
        AS told
    FROM plan_instruction i WHERE (i.tenant_id, i.plan_id) = (o.tenant_id, o.plan_id)
) AS told WHERE told <> given_back
UNION ALL
SELECT t.tenant_id, t.order_key, 'number ' || t.number || ' is void, and its plan was not told'
FROM merchant_transaction t
WHERE t.plan_id IS NOT NULL AND t.voided_by IS NOT NULL AND NOT EXISTS (
    SELECT FROM plan_instruction i
    WHERE (i.tenant_id, i.plan_id, i.kind) = (t.tenant_id, t.plan_id, 'cancel')
);
