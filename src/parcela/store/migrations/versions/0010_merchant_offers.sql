-- Accepted, held and used offers of merchants, the budgets of their rules, and the evidence of acceptance.
-- A row appears when an offer is first written about; it copies its quote, so that quotes can be deleted by age.
-- `holder` is the transaction that pays with the offer, or paid with it once the state is 'used'; `revision`
-- grows with acceptance and serial numbers, so that a payment holds exactly what it was checked against.

CREATE TABLE merchant_offer (
    tenant_id       integer NOT NULL,
    offer_id        text NOT NULL CHECK (length(offer_id) BETWEEN 1 AND 60),
    client_id       integer NOT NULL,
    state           text NOT NULL CHECK (state IN ('quoted', 'accepted', 'used')),
    quoted_at       timestamptz NOT NULL,
    rule_key        text NOT NULL,
    quote           text NOT NULL,
    acceptance      text,
    items           text NOT NULL,
    serials         text NOT NULL,
    serial_rule     text,
    revision        integer NOT NULL DEFAULT 0 CHECK (revision >= 0),
    holder          text,
    held_at         timestamptz,
    currency        text,
    financed_minor  bigint CHECK (financed_minor > 0),
    is_budgeted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, offer_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (num_nulls(holder, held_at, currency, financed_minor) IN (0, 4)),
    CHECK (state <> 'used' OR holder IS NOT NULL),
    CHECK (state <> 'accepted' OR acceptance IS NOT NULL),
    CHECK (holder IS NOT NULL OR NOT is_budgeted)
);
CREATE INDEX merchant_offer_rule ON merchant_offer (tenant_id, rule_key) WHERE holder IS NOT NULL;
CREATE INDEX merchant_offer_unused ON merchant_offer (quoted_at) WHERE holder IS NULL;

-- What was financed under a rule that has, or had, a budget; `budget_minor` is the bound of the last hold.
CREATE TABLE offer_budget (
    tenant_id     integer NOT NULL REFERENCES tenant,
    rule_key      text NOT NULL,
    currency      text NOT NULL,
    budget_minor  bigint NOT NULL,
    taken_minor   bigint NOT NULL,
    PRIMARY KEY (tenant_id, rule_key, currency),
    CHECK (taken_minor BETWEEN 0 AND budget_minor)
);

-- The payer's word on the terms of a plan, as it was given; `terms_hash` is the SHA-256 of the text.
CREATE TABLE plan_acceptance (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    offer_id         text NOT NULL,
    accepted_at      timestamptz NOT NULL,
    display          text NOT NULL CHECK (display IN ('none', 'terms_only', 'terms_and_acceptance')),
    terms_version    text NOT NULL,
    terms_text       text NOT NULL,
    terms_hash       bytea NOT NULL CHECK (length(terms_hash) = 32),
    acceptance_text  text,
    locale           text NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    currency         text NOT NULL,
    PRIMARY KEY (tenant_id, plan_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan
);
CREATE TRIGGER plan_acceptance_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plan_acceptance
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Budgets that do not say what their offers financed: always empty.
CREATE VIEW broken_offer_budget AS
SELECT tenant_id, rule_key, currency, 'does not say what was financed under the rule' AS what
FROM (
    SELECT tenant_id, rule_key, currency, sum(financed_minor) AS minor
    FROM merchant_offer WHERE is_budgeted GROUP BY tenant_id, rule_key, currency
) financed FULL JOIN offer_budget USING (tenant_id, rule_key, currency)
WHERE coalesce(minor, 0) <> coalesce(taken_minor, 0);

-- Evidence whose text is not the one that was hashed: always empty.
CREATE VIEW broken_plan_acceptance AS
SELECT tenant_id, plan_id, 'holds another text than was accepted' AS what
FROM plan_acceptance WHERE terms_hash <> sha256(convert_to(terms_text, 'UTF8'));
