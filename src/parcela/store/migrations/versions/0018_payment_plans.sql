-- Offers and plans of payments.

-- What was shown for a payment and a payment method at one time, with the reasons why there was no more.
CREATE TABLE payment_plan_list (
    tenant_id          integer NOT NULL,
    position           bigint GENERATED ALWAYS AS IDENTITY,
    client_id          integer NOT NULL,
    is_live            boolean NOT NULL,
    payment_id         text NOT NULL,
    payment_method_id  text NOT NULL,
    unavailable        json NOT NULL,
    needs_answer       text,
    shown_at           timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, position),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);
CREATE INDEX payment_plan_list_newest ON payment_plan_list
    (tenant_id, client_id, is_live, payment_id, payment_method_id, position);

-- `body` is the offer as it was shown; `offer_hash` covers all of it.
CREATE TABLE payment_offer (
    tenant_id      integer NOT NULL,
    offer_id       text NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    list_position  bigint NOT NULL,
    number         smallint NOT NULL CHECK (number >= 1),
    program_name   text NOT NULL,
    offer_hash     text NOT NULL CHECK (offer_hash ~ '^sha256:[0-9a-f]{64}$'),
    expires_at     timestamptz NOT NULL,
    body           json NOT NULL,
    PRIMARY KEY (tenant_id, offer_id),
    UNIQUE (tenant_id, list_position, number),
    FOREIGN KEY (tenant_id, list_position) REFERENCES payment_plan_list
);

-- A lender's soft credit check, as evidence: the decision and nothing behind it. `question_id` names the
-- payment, the offer and a keyed hash of who asked.
CREATE TABLE payment_credit_check (
    tenant_id      integer NOT NULL,
    question_id    text NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    position       bigint GENERATED ALWAYS AS IDENTITY,
    payment_id     text NOT NULL,
    payment_method_id  text NOT NULL,
    offer_id       text NOT NULL,
    program_name   text NOT NULL,
    assessment_id  text NOT NULL,
    decision       text NOT NULL CHECK (decision IN ('approved', 'declined', 'refer', 'unavailable')),
    limit_minor    bigint,
    expires_at     timestamptz,
    asked_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, question_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);
CREATE INDEX payment_credit_check_newest ON payment_credit_check
    (tenant_id, client_id, is_live, payment_id, position);

-- A plan that was accepted. `plan_id` is that of the core's plan, which is written when the money is captured.
-- While `held_by` counts pending refunds nothing is collected. `is_recalculated`: refunds changed its rows.
CREATE TABLE payment_plan (
    tenant_id                   integer NOT NULL,
    plan_id                     uuid NOT NULL,
    client_id                   integer NOT NULL,
    is_live                     boolean NOT NULL,
    position                    bigint GENERATED ALWAYS AS IDENTITY,
    payment_id                  text NOT NULL,
    offer_id                    text NOT NULL,
    state                       text NOT NULL CHECK (state IN ('created', 'active', 'completed', 'cancelled')),
    currency                    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    financed_minor              bigint NOT NULL CHECK (financed_minor > 0),
    total_minor                 bigint NOT NULL,
    installment_count           smallint NOT NULL CHECK (installment_count BETWEEN 2 AND 60),
    offer                       json NOT NULL,
    strategy                    text NOT NULL CHECK (strategy IN ('spread', 'last_first', 'next_first')),
    returns_collected_interest  boolean NOT NULL,
    refund_days                 smallint NOT NULL CHECK (refund_days >= 0),
    collection_source           text NOT NULL CHECK (collection_source IN ('schedule', 'issuer')),
    held_by                     smallint NOT NULL DEFAULT 0 CHECK (held_by >= 0),
    is_recalculated             boolean NOT NULL DEFAULT false,
    acceptance                  json,
    assessment_id               text,
    card_id                     uuid NOT NULL,
    created_at                  timestamptz NOT NULL,
    activated_at                timestamptz,
    ended_at                    timestamptz,
    lock_version                integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, plan_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    FOREIGN KEY (tenant_id, offer_id) REFERENCES payment_offer,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CHECK (total_minor >= financed_minor),
    CHECK ((state IN ('completed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK (state <> 'created' OR activated_at IS NULL),
    CHECK (state NOT IN ('active', 'completed') OR activated_at IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX payment_plan_of_payment ON payment_plan (tenant_id, client_id, is_live, payment_id, position);
-- A payment has one plan that stands at most.
CREATE UNIQUE INDEX payment_plan_standing ON payment_plan (tenant_id, payment_id) WHERE state <> 'cancelled';

-- `collect_on` is the day of the next attempt to collect; null when there will be none. `is_asked`: whoever
-- collects has been asked for the row, and has not said what came of it; no refund changes it until then.
CREATE TABLE payment_plan_row (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    number           smallint NOT NULL CHECK (number >= 1),
    due_date         date NOT NULL,
    principal_minor  bigint NOT NULL CHECK (principal_minor >= 0),
    interest_minor   bigint NOT NULL CHECK (interest_minor >= 0),
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    original_minor   bigint NOT NULL CHECK (original_minor >= 1),
    status           text NOT NULL CHECK (status IN ('due', 'paid', 'overdue', 'cancelled')),
    is_announced     boolean NOT NULL DEFAULT false,
    is_asked         boolean NOT NULL DEFAULT false,
    attempts         smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    collect_on       date,
    PRIMARY KEY (tenant_id, plan_id, number),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES payment_plan
) WITH (fillfactor = 70);

-- Paid and cancelled rows are history: their amounts and their state never change.
CREATE FUNCTION keep_ended_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('paid', 'cancelled') AND (NEW.status, NEW.principal_minor, NEW.interest_minor,
        NEW.fee_minor) IS DISTINCT FROM (OLD.status, OLD.principal_minor, OLD.interest_minor, OLD.fee_minor)
    THEN
        RAISE EXCEPTION 'row % of plan % has ended', OLD.number, OLD.plan_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_plan_row_keeps_end BEFORE UPDATE ON payment_plan_row
    FOR EACH ROW EXECUTE FUNCTION keep_ended_row();

-- What was shown and accepted (`disclosures.md` §6), written with the plan and never altered.
CREATE TABLE payment_plan_evidence (
    tenant_id    integer NOT NULL,
    plan_id      uuid NOT NULL,
    body         text NOT NULL,
    hash         bytea NOT NULL,
    accepted_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, plan_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES payment_plan
);

-- Plans whose rows are not what was accepted: always empty. Rows as they were accepted sum to the total; until
-- a refund changes them their principal is what the plan finances.
CREATE VIEW broken_payment_plan AS
SELECT tenant_id, plan_id, CASE
    WHEN rows <> installment_count THEN 'has ' || rows || ' rows of ' || installment_count
    WHEN original <> total_minor THEN 'was accepted for ' || total_minor || ', its rows make ' || original
    WHEN NOT is_recalculated AND principal <> financed_minor
        THEN 'finances ' || financed_minor || ', its rows make ' || principal
    WHEN principal > financed_minor THEN 'asks for more principal than it finances'
    WHEN state = 'active' AND open = 0 THEN 'is active and has nothing to collect'
    ELSE 'is ' || state || ' and has open rows' END AS what
FROM (
    SELECT p.tenant_id, p.plan_id, p.state, p.installment_count, p.total_minor, p.financed_minor,
        p.is_recalculated, count(r.number) AS rows, coalesce(sum(r.original_minor), 0) AS original,
        coalesce(sum(r.principal_minor), 0) AS principal,
        count(*) FILTER (WHERE r.status IN ('due', 'overdue')) AS open
    FROM payment_plan p LEFT JOIN payment_plan_row r USING (tenant_id, plan_id)
    GROUP BY p.tenant_id, p.plan_id
) AS plan
WHERE rows <> installment_count OR original <> total_minor OR principal > financed_minor
    OR (NOT is_recalculated AND principal <> financed_minor)
    OR (state = 'active' AND open = 0) OR (state IN ('completed', 'cancelled') AND open > 0);

CREATE VIEW broken_payment_plan_evidence AS
SELECT tenant_id, plan_id, 'holds another text than was accepted' AS what
FROM payment_plan_evidence WHERE hash <> sha256(convert_to(body, 'UTF8'))
UNION ALL
SELECT p.tenant_id, p.plan_id, 'was accepted without evidence'
FROM payment_plan p LEFT JOIN payment_plan_evidence e USING (tenant_id, plan_id) WHERE e.plan_id IS NULL;
