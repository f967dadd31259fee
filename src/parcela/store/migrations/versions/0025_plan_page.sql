-- The cardholder's own page of a plan, and payments made there before they fall due.

-- `page_key` is the hash of the page's token, and `page_turn` counts the links of the plan: a new one ends the
-- one before. Plans that are older than the page have no key until they are given a new link.
ALTER TABLE payment_plan
    ADD COLUMN page_turn integer NOT NULL DEFAULT 1 CHECK (page_turn >= 1),
    ADD COLUMN page_key bytea CHECK (octet_length(page_key) = 32);
CREATE UNIQUE INDEX payment_plan_page ON payment_plan (tenant_id, page_key);

-- Attempts at a row before its day, which are no reason to call its payer late.
ALTER TABLE payment_plan_row
    ADD COLUMN early_attempts smallint NOT NULL DEFAULT 0 CHECK (early_attempts >= 0);

-- The payer asked to pay a row, or all that remains, before it is due. `number` is the row that takes the
-- money, with the parts that it has then; `saved_minor` is interest that need not be paid any more. While one
-- is `asked` the lender has not said what became of it.
CREATE TABLE payment_early_payment (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    serial           integer NOT NULL CHECK (serial >= 1),
    kind             text NOT NULL CHECK (kind IN ('next', 'rest')),
    state            text NOT NULL CHECK (state IN ('asked', 'paid', 'refused')),
    number           smallint NOT NULL CHECK (number >= 1),
    principal_minor  bigint NOT NULL CHECK (principal_minor >= 0),
    interest_minor   bigint NOT NULL CHECK (interest_minor >= 0),
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    saved_minor      bigint NOT NULL CHECK (saved_minor >= 0),
    attempt          integer NOT NULL CHECK (attempt >= 1),
    asked_at         timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (tenant_id, plan_id, serial),
    FOREIGN KEY (tenant_id, plan_id, number) REFERENCES payment_plan_row,
    CHECK (principal_minor + interest_minor + fee_minor > 0),
    CHECK ((state = 'asked') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX payment_early_payment_under_way ON payment_early_payment (tenant_id, plan_id)
    WHERE state = 'asked';

-- Early payments that are not in their plan as they were made, or that nobody will resolve: always empty.
CREATE VIEW broken_early_payment AS
SELECT e.tenant_id, e.plan_id, CASE
    WHEN e.state = 'paid' THEN 'row ' || e.number || ' is not what was paid early'
    WHEN NOT r.is_asked THEN 'row ' || e.number || ' is not held for its early payment'
    ELSE 'an early payment is under way and nothing is planned for it' END AS what
FROM payment_early_payment e
JOIN payment_plan p USING (tenant_id, plan_id)
JOIN payment_plan_row r USING (tenant_id, plan_id, number)
WHERE (e.state = 'paid' AND (r.status, r.principal_minor, r.interest_minor, r.fee_minor)
        IS DISTINCT FROM ('paid', e.principal_minor, e.interest_minor, e.fee_minor))
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
