-- Issuers' reports of what they collected. From the first one on a plan's rows change by reports alone.

-- A report as it was accepted; `plan_state` is that of the plan then. `reference` is the issuer's own id of it.
CREATE TABLE payment_collection_report (
    tenant_id    integer NOT NULL,
    plan_id      uuid NOT NULL,
    serial       integer NOT NULL CHECK (serial >= 1),
    reference    text NOT NULL CHECK (length(reference) BETWEEN 1 AND 128),
    reported_at  timestamptz NOT NULL,
    plan_state   text NOT NULL CHECK (plan_state IN ('active', 'completed')),
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    PRIMARY KEY (tenant_id, plan_id, serial),
    UNIQUE (tenant_id, plan_id, reference),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES payment_plan
);

-- A row of a report, with its status before and after; `place` is where it stands in the report.
CREATE TABLE payment_reported_row (
    tenant_id     integer NOT NULL,
    plan_id       uuid NOT NULL,
    serial        integer NOT NULL,
    number        smallint NOT NULL,
    place         smallint NOT NULL CHECK (place >= 1),
    outcome       text NOT NULL CHECK (outcome IN ('collected', 'missed')),
    happened_on   date NOT NULL,
    amount_minor  bigint CHECK (amount_minor > 0),
    was           text NOT NULL CHECK (was IN ('due', 'paid', 'overdue')),
    status        text NOT NULL,
    PRIMARY KEY (tenant_id, plan_id, serial, number),
    FOREIGN KEY (tenant_id, plan_id, serial) REFERENCES payment_collection_report,
    FOREIGN KEY (tenant_id, plan_id, number) REFERENCES payment_plan_row,
    CHECK ((outcome = 'collected') = (amount_minor IS NOT NULL)),
    CHECK (status = CASE outcome WHEN 'collected' THEN 'paid' ELSE 'overdue' END)
);

CREATE TRIGGER payment_collection_report_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_collection_report
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_reported_row_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_reported_row
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Paid and cancelled rows are history: their amounts and their state never change. But an issuer that reports may
-- say that a row which passed for paid was missed.
CREATE OR REPLACE FUNCTION keep_ended_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_parts bigint[] := ARRAY[OLD.principal_minor, OLD.interest_minor, OLD.fee_minor, OLD.tax_minor];
    new_parts bigint[] := ARRAY[NEW.principal_minor, NEW.interest_minor, NEW.fee_minor, NEW.tax_minor];
BEGIN
    IF OLD.status IN ('paid', 'cancelled') AND (NEW.status <> OLD.status OR new_parts <> old_parts)
        AND NOT (OLD.status = 'paid' AND NEW.status = 'overdue' AND new_parts = old_parts
            AND EXISTS (SELECT FROM payment_plan p WHERE (p.tenant_id, p.plan_id, p.collection_source)
                = (OLD.tenant_id, OLD.plan_id, 'issuer')))
    THEN
        RAISE EXCEPTION 'row % of plan % has ended', OLD.number, OLD.plan_id;
    END IF;
    RETURN NEW;
END $$;

-- Plans that do not follow their issuer's reports: always empty.
CREATE VIEW broken_collection_report AS
SELECT p.tenant_id, p.plan_id, CASE p.collection_source
    WHEN 'issuer' THEN 'goes by reports of its issuer, and there are none'
    ELSE 'goes by the schedule, and its issuer has reported' END AS what
FROM payment_plan p
WHERE (p.collection_source = 'issuer') <> EXISTS (
    SELECT FROM payment_collection_report c WHERE (c.tenant_id, c.plan_id) = (p.tenant_id, p.plan_id))
UNION ALL
SELECT r.tenant_id, r.plan_id, 'row ' || r.number || ' is collected by the clock, though the issuer reports'
FROM payment_plan_row r JOIN payment_plan p USING (tenant_id, plan_id)
WHERE p.collection_source = 'issuer' AND r.status IN ('due', 'overdue')
    AND (r.collect_on IS NOT NULL OR r.is_asked)
UNION ALL
SELECT r.tenant_id, r.plan_id, 'row ' || r.number || ' is ' || r.status || ', reported was ' || last.outcome
FROM (
    SELECT DISTINCT ON (tenant_id, plan_id, number) tenant_id, plan_id, number, outcome
    FROM payment_reported_row ORDER BY tenant_id, plan_id, number, serial DESC
) AS last JOIN payment_plan_row r USING (tenant_id, plan_id, number)
WHERE r.status <> ALL (CASE last.outcome WHEN 'collected' THEN ARRAY['paid'] ELSE ARRAY['overdue', 'cancelled'] END);
