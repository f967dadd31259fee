-- How much of a row's fee is tax; the fee includes it. Plans that were made before have none.

ALTER TABLE payment_plan_row
    ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0 CHECK (tax_minor BETWEEN 0 AND fee_minor);
ALTER TABLE payment_early_payment
    ADD COLUMN tax_minor bigint NOT NULL DEFAULT 0 CHECK (tax_minor BETWEEN 0 AND fee_minor);

-- Paid and cancelled rows are history, the tax in them too.
CREATE OR REPLACE FUNCTION keep_ended_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('paid', 'cancelled') AND (NEW.status, NEW.principal_minor, NEW.interest_minor,
        NEW.fee_minor, NEW.tax_minor)
        IS DISTINCT FROM (OLD.status, OLD.principal_minor, OLD.interest_minor, OLD.fee_minor, OLD.tax_minor)
    THEN
        RAISE EXCEPTION 'row % of plan % has ended', OLD.number, OLD.plan_id;
    END IF;
    RETURN NEW;
END $$;

-- Early payments that are not in their plan as they were made, or that nobody will resolve: always empty.
CREATE OR REPLACE VIEW broken_early_payment AS
SELECT e.tenant_id, e.plan_id, CASE
    WHEN e.state = 'paid' THEN 'row ' || e.number || ' is not what was paid early'
    WHEN NOT r.is_asked THEN 'row ' || e.number || ' is not held for its early payment'
    ELSE 'an early payment is under way and nothing is planned for it' END AS what
FROM payment_early_payment e
JOIN payment_plan p USING (tenant_id, plan_id)
JOIN payment_plan_row r USING (tenant_id, plan_id, number)
WHERE (e.state = 'paid' AND (r.status, r.principal_minor, r.interest_minor, r.fee_minor, r.tax_minor)
        IS DISTINCT FROM ('paid', e.principal_minor, e.interest_minor, e.fee_minor, e.tax_minor))
    OR (e.state = 'asked' AND (NOT r.is_asked OR NOT EXISTS (
        SELECT FROM payments_task t
        WHERE (t.tenant_id, t.client_id, t.is_live, t.subject_id, t.kind)
            = (p.tenant_id, p.client_id, p.is_live, p.plan_id::text, 'resolve_early_payment')
    )))
UNION ALL
SELECT tenant_id, plan_id, 'all of it was paid early and it is ' || state
FROM payment_plan p
WHERE p.state <> 'completed' AND EXISTS (
    SELECT FROM payment_early_payment e
    WHERE (e.tenant_id, e.plan_id, e.kind, e.state) = (p.tenant_id, p.plan_id, 'rest', 'paid')
);
