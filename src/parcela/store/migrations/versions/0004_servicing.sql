-- The issuer processor: card accounts, their transactions, the plans that are serviced on them, statements.
-- Its plans may come from any network: they meet those of this one by plan id, without a foreign key.
-- Whoever changes anything of an account locks its row of card_account first.

CREATE TABLE card_account (
    tenant_id           integer NOT NULL REFERENCES tenant,
    account_id          uuid NOT NULL,
    card_id             uuid NOT NULL,
    provider_id         uuid NOT NULL,
    currency            text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    funding             text NOT NULL CHECK (funding IN ('credit', 'debit')),
    credit_limit_minor  bigint CHECK (credit_limit_minor >= 0),
    statement_day       smallint NOT NULL CHECK (statement_day BETWEEN 1 AND 28),
    next_statement_on   date NOT NULL,
    opened_at           timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, card_id) REFERENCES card,
    CHECK ((funding = 'debit') = (credit_limit_minor IS NULL))
);
CREATE UNIQUE INDEX card_account_once ON card_account (tenant_id, card_id, currency);
CREATE INDEX card_account_statement ON card_account (next_statement_on);

-- `identity` is a keyed hash of what the network calls one transaction (card, STAN, RRN, times): a repeated
-- authorization or advice is the same record. `response` is what it was answered.
CREATE TABLE account_transaction (
    tenant_id            integer NOT NULL,
    transaction_id       uuid NOT NULL,
    account_id           uuid NOT NULL,
    identity             bytea NOT NULL CHECK (length(identity) = 32),
    state                text NOT NULL CHECK (state IN ('authorized', 'declined', 'cleared', 'reversed')),
    currency             text NOT NULL,
    amount_minor         bigint NOT NULL CHECK (amount_minor > 0),
    authorized_minor     bigint NOT NULL CHECK (authorized_minor >= 0),
    cleared_minor        bigint NOT NULL CHECK (cleared_minor >= 0),
    refunded_minor       bigint NOT NULL CHECK (refunded_minor >= 0),
    stan                 text,
    rrn                  text,
    authorization_code   text,
    transaction_link_id  text,
    local_at             text NOT NULL,
    transmitted_at       timestamptz,
    merchant             json NOT NULL,
    entry_mode           text,
    response_code        text NOT NULL CHECK (response_code ~ '^[0-9A-Z]{2}$'),
    plan_id              uuid,
    is_disputed          boolean NOT NULL,
    created_at           timestamptz NOT NULL,
    cleared_at           timestamptz,
    lock_version         integer NOT NULL CHECK (lock_version > 0),
    PRIMARY KEY (tenant_id, transaction_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES card_account,
    CHECK (refunded_minor <= cleared_minor OR plan_id IS NOT NULL),
    CHECK (state <> 'declined' OR authorized_minor + cleared_minor = 0),
    CHECK ((cleared_minor > 0) = (cleared_at IS NOT NULL))
);
CREATE UNIQUE INDEX account_transaction_once ON account_transaction (tenant_id, identity);
CREATE UNIQUE INDEX account_transaction_plan ON account_transaction (tenant_id, plan_id)
    WHERE plan_id IS NOT NULL AND state NOT IN ('declined', 'reversed');
CREATE INDEX account_transaction_account ON account_transaction (tenant_id, account_id, created_at);
CREATE INDEX account_transaction_hold ON account_transaction (tenant_id, account_id) WHERE authorized_minor > 0;

CREATE TABLE serviced_plan (
    tenant_id           integer NOT NULL,
    plan_id             uuid NOT NULL,
    account_id          uuid NOT NULL,
    provider_id         uuid NOT NULL,
    offer_id            text NOT NULL,
    currency            text NOT NULL,
    amount_minor        bigint NOT NULL CHECK (amount_minor > 0),
    total_minor         bigint NOT NULL CHECK (total_minor >= amount_minor),
    row_count           smallint NOT NULL CHECK (row_count BETWEEN 1 AND 999),
    interval            text NOT NULL,
    rate_numerator      numeric NOT NULL CHECK (rate_numerator >= 0),
    rate_denominator    numeric NOT NULL CHECK (rate_denominator > 0),
    in_advance          boolean NOT NULL,
    purchased_on        date NOT NULL,
    state               text NOT NULL CHECK (
        state IN ('created', 'active', 'completed', 'cancelled', 'defaulted', 'recovered')),
    transaction_id      uuid,
    uncleared_minor     bigint NOT NULL CHECK (uncleared_minor >= 0),
    refunded_minor      bigint NOT NULL CHECK (refunded_minor >= 0),
    written_off_minor   bigint NOT NULL CHECK (written_off_minor >= 0),
    recovered_minor     bigint NOT NULL CHECK (recovered_minor >= 0),
    is_held             boolean NOT NULL,
    resumes_on          date,
    merchant_name       text,
    local_at            text NOT NULL,
    stan                text,
    rrn                 text,
    transaction_link_id text,
    notice_fingerprint  bytea NOT NULL,
    collection_tried_on date,
    opened_at           timestamptz NOT NULL,
    lock_version        integer NOT NULL CHECK (lock_version > 0),
    PRIMARY KEY (tenant_id, plan_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES card_account,
    FOREIGN KEY (tenant_id, transaction_id) REFERENCES account_transaction,
    CHECK (refunded_minor <= amount_minor),
    CHECK (uncleared_minor <= amount_minor),
    CHECK (recovered_minor <= written_off_minor),
    CHECK ((written_off_minor > 0) = (state IN ('defaulted', 'recovered'))),
    CHECK ((written_off_minor > 0 AND recovered_minor = written_off_minor) = (state = 'recovered'))
);
CREATE UNIQUE INDEX serviced_plan_transaction ON serviced_plan (tenant_id, transaction_id)
    WHERE transaction_id IS NOT NULL;
CREATE INDEX serviced_plan_account ON serviced_plan (tenant_id, account_id);

CREATE TABLE serviced_row (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    number           smallint NOT NULL CHECK (number >= 1),
    due_date         date NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor >= 0),
    principal_minor  bigint NOT NULL CHECK (principal_minor >= 0),
    interest_minor   bigint NOT NULL CHECK (interest_minor >= 0),
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    state            text NOT NULL CHECK (
        state IN ('scheduled', 'billed', 'late', 'paid', 'cancelled', 'written_off')),
    paid_minor       bigint NOT NULL CHECK (paid_minor >= 0),
    billed_on        date,
    PRIMARY KEY (tenant_id, plan_id, number),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES serviced_plan,
    CHECK (amount_minor = principal_minor + interest_minor + fee_minor),
    CHECK (paid_minor <= amount_minor),
    CHECK (state NOT IN ('billed', 'late', 'paid') OR billed_on IS NOT NULL),
    CHECK (state <> 'scheduled' OR (billed_on IS NULL AND paid_minor = 0 AND amount_minor > 0)),
    CHECK (state <> 'paid' OR paid_minor = amount_minor),
    CHECK (state NOT IN ('billed', 'late') OR paid_minor < amount_minor)
);
CREATE INDEX serviced_row_scheduled ON serviced_row (due_date) WHERE state = 'scheduled';
CREATE INDEX serviced_row_billed ON serviced_row (due_date) WHERE state = 'billed';
CREATE INDEX serviced_row_unpaid ON serviced_row (tenant_id, plan_id) WHERE state IN ('billed', 'late');

-- What a command of the processor was answered, for ever: an event id has its effect once.
CREATE TABLE servicing_command (
    tenant_id    integer NOT NULL REFERENCES tenant,
    event_id     text NOT NULL CHECK (length(event_id) BETWEEN 1 AND 200),
    operation    text NOT NULL,
    fingerprint  bytea NOT NULL,
    result       json NOT NULL,
    done_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);

-- A statement takes the entries of the account's book that no earlier one has: numbers first to last.
CREATE TABLE statement (
    tenant_id      integer NOT NULL,
    account_id     uuid NOT NULL,
    number         integer NOT NULL CHECK (number >= 1),
    opened_on      date NOT NULL,
    closed_on      date NOT NULL,
    currency       text NOT NULL,
    first_entry    bigint NOT NULL CHECK (first_entry >= 1),
    last_entry     bigint NOT NULL,
    opening_minor  bigint NOT NULL,
    closing_minor  bigint NOT NULL,
    plans          json NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES card_account,
    CHECK (last_entry >= first_entry - 1),
    CHECK (closed_on >= opened_on)
);
CREATE UNIQUE INDEX statement_once ON statement (tenant_id, account_id, closed_on);

-- Above zero: the cardholder owes more.
CREATE TABLE statement_line (
    tenant_id     integer NOT NULL,
    account_id    uuid NOT NULL,
    number        integer NOT NULL,
    position      integer NOT NULL CHECK (position >= 1),
    entry_number  bigint NOT NULL,
    booked_on     date NOT NULL,
    description   text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (tenant_id, account_id, number, position),
    FOREIGN KEY (tenant_id, account_id, number) REFERENCES statement
);

CREATE TRIGGER servicing_command_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing_command
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---------------------------------------------------------------- proof: each view is always empty

-- Plans whose rows do not hang together: count, principal (lowered at most by what was refunded), payments.
CREATE VIEW broken_serviced_rows AS
SELECT plan.tenant_id, plan.plan_id, CASE
    WHEN count(r.number) <> plan.row_count OR max(r.number) <> plan.row_count
        THEN 'has ' || count(r.number) || ' rows of ' || plan.row_count
    WHEN bool_or(r.amount_minor <> r.principal_minor + r.interest_minor + r.fee_minor)
        THEN 'has a row that is not the sum of its parts'
    WHEN bool_or(r.paid_minor > r.amount_minor) THEN 'has a row that was paid above its amount'
    WHEN sum(r.principal_minor) > plan.amount_minor THEN 'asks for more principal than was financed'
    ELSE 'asks for less principal than was financed and not refunded'
    END AS what
FROM serviced_plan plan LEFT JOIN serviced_row r USING (tenant_id, plan_id)
GROUP BY plan.tenant_id, plan.plan_id
HAVING count(r.number) <> plan.row_count OR max(r.number) <> plan.row_count
    OR bool_or(r.amount_minor <> r.principal_minor + r.interest_minor + r.fee_minor)
    OR bool_or(r.paid_minor > r.amount_minor)
    OR coalesce(sum(r.principal_minor), 0) > plan.amount_minor
    OR coalesce(sum(r.principal_minor), 0) < plan.amount_minor - plan.refunded_minor;

-- Plans whose state is not what their rows say.
CREATE VIEW broken_serviced_state AS
SELECT plan.tenant_id, plan.plan_id,
    'is ' || plan.state || ' with rows ' || string_agg(DISTINCT r.state, ', ' ORDER BY r.state) AS what
FROM serviced_plan plan JOIN serviced_row r USING (tenant_id, plan_id)
GROUP BY plan.tenant_id, plan.plan_id
HAVING bool_or(r.state IN ('scheduled', 'billed', 'late')) <> (plan.state IN ('created', 'active'))
    OR bool_or(r.state = 'written_off') <> (plan.state IN ('defaulted', 'recovered'))
    OR (plan.state = 'completed' AND NOT bool_or(r.state = 'paid'))
    OR coalesce(sum(r.amount_minor - r.paid_minor) FILTER (WHERE r.state = 'written_off'), 0)
        <> plan.written_off_minor;

-- Receivables that are not the principal of the rows still to be billed.
CREATE VIEW broken_servicing_receivable AS
SELECT coalesce(plan.tenant_id, held.tenant_id) AS tenant_id, coalesce(plan.plan_id, held.owner) AS plan_id,
    'the ledger says ' || coalesce(held.balance_minor, 0) || ', the rows '
        || coalesce(plan.scheduled_minor, 0) AS what
FROM (
    SELECT plan.tenant_id, plan.plan_id, plan.currency,
        coalesce(sum(r.principal_minor) FILTER (WHERE r.state = 'scheduled'), 0) AS scheduled_minor
    FROM serviced_plan plan LEFT JOIN serviced_row r USING (tenant_id, plan_id)
    GROUP BY plan.tenant_id, plan.plan_id
) AS plan
FULL JOIN (SELECT * FROM ledger_balance WHERE code = 'installment_receivable') AS held
    ON (held.tenant_id, held.owner, held.currency) = (plan.tenant_id, plan.plan_id, plan.currency)
WHERE coalesce(held.balance_minor, 0) <> coalesce(plan.scheduled_minor, 0);

-- Accounts whose PURCHASES are not what their plans financed and nobody cleared, whose REFUNDS stayed on the
-- way, or that hold a provisional credit without a dispute.
CREATE VIEW broken_servicing_account AS
SELECT tenant_id, account_id, CASE
    WHEN purchases_minor <> uncleared_minor
        THEN 'has ' || purchases_minor || ' in purchases, plans wait for ' || uncleared_minor
    WHEN refunds_minor <> 0 THEN 'has ' || refunds_minor || ' in refunds'
    ELSE 'has ' || disputes_minor || ' in disputes and no dispute'
    END AS what
FROM (
    SELECT account.tenant_id, account.account_id,
        coalesce((SELECT sum(uncleared_minor) FROM serviced_plan plan
            WHERE (plan.tenant_id, plan.account_id) = (account.tenant_id, account.account_id)), 0)
            AS uncleared_minor,
        EXISTS (SELECT FROM serviced_plan plan
            WHERE (plan.tenant_id, plan.account_id) = (account.tenant_id, account.account_id)
                AND plan.is_held)
            OR EXISTS (SELECT FROM account_transaction t
                WHERE (t.tenant_id, t.account_id) = (account.tenant_id, account.account_id)
                    AND t.is_disputed) AS has_dispute,
        coalesce(max(held.balance_minor) FILTER (WHERE held.code = 'purchases'), 0) AS purchases_minor,
        coalesce(max(held.balance_minor) FILTER (WHERE held.code = 'refunds'), 0) AS refunds_minor,
        coalesce(max(held.balance_minor) FILTER (WHERE held.code = 'disputes'), 0) AS disputes_minor
    FROM card_account account
    LEFT JOIN ledger_balance held ON (held.tenant_id, held.owner, held.currency)
        = (account.tenant_id, account.account_id, account.currency)
    GROUP BY account.tenant_id, account.account_id
) AS book
WHERE purchases_minor <> uncleared_minor OR refunds_minor <> 0 OR (disputes_minor <> 0 AND NOT has_dispute);

-- Rows that are billed without an entry, or not billed and with one.
CREATE VIEW broken_servicing_billing AS
SELECT coalesce(billed.tenant_id, entry.tenant_id) AS tenant_id,
    coalesce(billed.event_key, entry.event_key) AS event_key,
    CASE WHEN entry.event_key IS NULL THEN 'is billed and was never posted'
        ELSE 'was posted and is not billed' END AS what
FROM (
    SELECT tenant_id, 'plan:' || plan_id || ':row:' || number || ':billed' AS event_key
    FROM serviced_row WHERE billed_on IS NOT NULL
) AS billed
FULL JOIN (SELECT tenant_id, event_key FROM ledger_entry WHERE kind = 'installment.billed') AS entry
    ON entry.tenant_id = billed.tenant_id AND entry.event_key = billed.event_key
WHERE billed.event_key IS NULL OR entry.event_key IS NULL;

-- Transactions whose cleared amount is not what was posted for them, or that name a plan that names another.
CREATE VIEW broken_servicing_transaction AS
SELECT t.tenant_id, t.transaction_id,
    'is cleared for ' || t.cleared_minor || ', posted for ' || coalesce(posted.amount_minor, 0) AS what
FROM account_transaction t
LEFT JOIN (
    SELECT tenant_id, split_part(event_key, ':', 2) AS transaction_id, sum(amount_minor) AS amount_minor
    FROM ledger_entry JOIN posting USING (tenant_id, book, number)
    WHERE kind = 'transaction.cleared'
    GROUP BY tenant_id, split_part(event_key, ':', 2)
) AS posted ON posted.tenant_id = t.tenant_id AND posted.transaction_id = t.transaction_id::text
WHERE t.cleared_minor <> coalesce(posted.amount_minor, 0)
UNION ALL
SELECT t.tenant_id, t.transaction_id, 'names plan ' || coalesce(t.plan_id::text, 'none') || ', which '
    || plan.plan_id || ' says is its own'
FROM serviced_plan plan JOIN account_transaction t USING (tenant_id, transaction_id)
WHERE t.plan_id IS DISTINCT FROM plan.plan_id;

-- Statements that do not add up, do not follow each other, or show other amounts than the ledger.
CREATE VIEW broken_statement AS
SELECT tenant_id, account_id, number, CASE
    WHEN closing_minor <> opening_minor + lines_minor THEN 'closes with another sum than its lines make'
    WHEN opening_minor <> previous_closing THEN 'opens with another balance than the one before closed'
    WHEN first_entry <> previous_last + 1 THEN 'does not begin after the entries of the one before'
    ELSE 'shows other amounts than the ledger' END AS what
FROM (
    SELECT s.tenant_id, s.account_id, s.number, s.opening_minor, s.closing_minor, s.first_entry,
        lag(s.closing_minor, 1, 0::bigint) OVER in_account AS previous_closing,
        lag(s.last_entry, 1, 0::bigint) OVER in_account AS previous_last,
        coalesce(line.lines_minor, 0) AS lines_minor,
        coalesce(booked.booked_minor, 0) AS booked_minor
    FROM statement s
    LEFT JOIN (
        SELECT tenant_id, account_id, number, sum(amount_minor) AS lines_minor
        FROM statement_line GROUP BY tenant_id, account_id, number
    ) AS line USING (tenant_id, account_id, number)
    LEFT JOIN (
        SELECT s.tenant_id, s.account_id, s.number, sum(m.change_minor) AS booked_minor
        FROM statement s JOIN ledger_movement m ON m.tenant_id = s.tenant_id AND m.book = s.account_id
            AND m.number BETWEEN s.first_entry AND s.last_entry
            AND m.owner = s.account_id AND m.code = 'card_balance'
        GROUP BY s.tenant_id, s.account_id, s.number
    ) AS booked USING (tenant_id, account_id, number)
    WINDOW in_account AS (PARTITION BY s.tenant_id, s.account_id ORDER BY s.number)
) AS chained
WHERE closing_minor <> opening_minor + lines_minor OR opening_minor <> previous_closing
    OR first_entry <> previous_last + 1 OR lines_minor <> booked_minor;
