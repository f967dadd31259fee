-- What merchants get: balance transactions, settlements and payouts, their books, and reports.

-- ---------------------------------------------------------------- the ledger's kinds of account

ALTER DOMAIN ledger_code DROP CONSTRAINT ledger_code_known;
ALTER DOMAIN ledger_code ADD CONSTRAINT ledger_code_known CHECK (VALUE IN (
    'card_balance', 'deposit', 'purchases', 'installment_receivable', 'interest_income', 'fee_income',
    'clearing', 'refunds', 'disputes', 'cash', 'credit_losses',
    'merchant_balance', 'acquiring', 'processing_fees', 'installment_fees', 'payouts'
));

CREATE OR REPLACE FUNCTION sign_debit(code text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN code IN ('deposit', 'purchases', 'interest_income', 'fee_income', 'clearing', 'refunds',
        'merchant_balance', 'processing_fees', 'installment_fees', 'payouts') THEN -1 ELSE 1 END
$$;

-- ---------------------------------------------------------------- tables

-- One book of the ledger for each account, mode and currency. Whoever books, closes or pays out locks its row:
-- a row is therefore in the settlement that it was counted in. `carried_minor` is the closing balance of the
-- settlement that was closed last; what is owed to the merchant is paid out, so it is never above 0.
CREATE TABLE merchant_book (
    tenant_id      integer NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    book           uuid NOT NULL,
    carried_minor  bigint NOT NULL DEFAULT 0 CHECK (carried_minor <= 0),
    PRIMARY KEY (tenant_id, client_id, is_live, currency),
    UNIQUE (tenant_id, book),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
) WITH (fillfactor = 70);

-- Made with its first row; figures and lines are those of its rows at the close, and final from then on.
CREATE TABLE settlement (
    tenant_id      integer NOT NULL,
    settlement_id  text COLLATE "C" NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    position       bigint GENERATED ALWAYS AS IDENTITY,
    currency       text NOT NULL,
    status         text NOT NULL CHECK (status IN ('pending', 'completed')),
    period_start   date NOT NULL,
    period_end     date NOT NULL,
    available_on   date NOT NULL,
    gross_minor    bigint NOT NULL DEFAULT 0,
    fees_minor     bigint NOT NULL DEFAULT 0,
    opening_minor  bigint NOT NULL DEFAULT 0 CHECK (opening_minor <= 0),
    payout_minor   bigint NOT NULL DEFAULT 0 CHECK (payout_minor >= 0),
    closing_minor  bigint GENERATED ALWAYS AS (opening_minor + gross_minor - fees_minor - payout_minor) STORED,
    payout_id      text COLLATE "C",
    lines          json NOT NULL DEFAULT '[]',
    created_at     timestamptz NOT NULL,
    closed_at      timestamptz,
    PRIMARY KEY (tenant_id, settlement_id),
    UNIQUE (tenant_id, client_id, is_live, currency, period_end),
    FOREIGN KEY (tenant_id, client_id, is_live, currency) REFERENCES merchant_book,
    CHECK (period_start <= period_end AND period_end <= available_on),
    CHECK (status = 'pending' OR closed_at IS NOT NULL),
    CHECK (closed_at IS NOT NULL OR (gross_minor, fees_minor, opening_minor, payout_minor) = (0, 0, 0, 0)),
    CONSTRAINT settlement_pays_what_is_owed
        CHECK (closed_at IS NULL OR payout_minor = greatest(0, opening_minor + gross_minor - fees_minor)),
    CONSTRAINT settlement_paid_when_completed
        CHECK ((payout_id IS NOT NULL) = (status = 'completed' AND payout_minor > 0))
) WITH (fillfactor = 70);
CREATE INDEX settlement_newest ON settlement (tenant_id, client_id, is_live, position);

CREATE FUNCTION keep_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the figures of a closed settlement never change';
END $$;
CREATE TRIGGER settlement_final BEFORE UPDATE ON settlement FOR EACH ROW
    WHEN (OLD.closed_at IS NOT NULL AND (OLD.gross_minor, OLD.fees_minor, OLD.opening_minor, OLD.payout_minor,
        OLD.closed_at, OLD.period_start, OLD.period_end, OLD.available_on, OLD.lines::text)
        IS DISTINCT FROM (NEW.gross_minor, NEW.fees_minor, NEW.opening_minor, NEW.payout_minor,
        NEW.closed_at, NEW.period_start, NEW.period_end, NEW.available_on, NEW.lines::text))
    EXECUTE FUNCTION keep_settlement();
CREATE TRIGGER settlement_kept BEFORE DELETE OR TRUNCATE ON settlement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rows of the balance: net = gross - fee, fee = processing + installment fee, by construction. A refund may be
-- debited again after it was credited back: `turn` counts the rows of a kind that one source has.
-- `payment_method_type` is that of the payment behind the row.
CREATE TABLE balance_transaction (
    tenant_id               integer NOT NULL,
    balance_transaction_id  text COLLATE "C" NOT NULL,
    client_id               integer NOT NULL,
    is_live                 boolean NOT NULL,
    position                bigint GENERATED ALWAYS AS IDENTITY,
    kind                    text NOT NULL CHECK (kind IN (
        'payment', 'refund', 'refund_reversal', 'adjustment', 'payout')),
    source_id               text COLLATE "C" NOT NULL,
    turn                    smallint NOT NULL CHECK (turn >= 1),
    payment_id              text COLLATE "C",
    payment_method_type     text CHECK (payment_method_type IN ('card', 'card_installment')),
    currency                text NOT NULL,
    gross_minor             bigint NOT NULL,
    processing_fee_minor    bigint NOT NULL,
    installment_fee_minor   bigint NOT NULL,
    fee_minor               bigint GENERATED ALWAYS AS (processing_fee_minor + installment_fee_minor) STORED,
    net_minor               bigint GENERATED ALWAYS AS
        (gross_minor - processing_fee_minor - installment_fee_minor) STORED,
    available_on            date NOT NULL,
    settlement_id           text COLLATE "C",
    payout_id               text COLLATE "C",
    created_at              timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, balance_transaction_id),
    CONSTRAINT balance_transaction_once UNIQUE (tenant_id, source_id, kind, turn),
    FOREIGN KEY (tenant_id, client_id, is_live, currency) REFERENCES merchant_book,
    FOREIGN KEY (tenant_id, settlement_id) REFERENCES settlement,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CHECK ((settlement_id IS NULL) = (kind = 'payout')),
    CHECK ((payout_id IS NULL) = (kind <> 'payout')),
    CONSTRAINT balance_transaction_of_payment_once
        CHECK (kind <> 'payment' OR (turn = 1 AND source_id = payment_id)),
    CHECK (kind <> 'payout' OR (turn = 1 AND source_id = payout_id)),
    CHECK ((payment_id IS NULL) = (kind IN ('adjustment', 'payout'))),
    CHECK ((payment_id IS NULL) = (payment_method_type IS NULL)),
    CONSTRAINT balance_transaction_signs CHECK (CASE kind
        WHEN 'refund' THEN gross_minor < 0 AND processing_fee_minor <= 0 AND installment_fee_minor <= 0
        WHEN 'payout' THEN gross_minor < 0 AND processing_fee_minor = 0 AND installment_fee_minor = 0
        WHEN 'adjustment' THEN gross_minor <> 0 AND processing_fee_minor = 0 AND installment_fee_minor = 0
        ELSE gross_minor > 0 AND processing_fee_minor >= 0 AND installment_fee_minor >= 0 END)
);
CREATE INDEX balance_transaction_newest ON balance_transaction (tenant_id, client_id, is_live, position);
CREATE INDEX balance_transaction_settlement ON balance_transaction (tenant_id, settlement_id, position)
    WHERE settlement_id IS NOT NULL;
CREATE INDEX balance_transaction_payment ON balance_transaction (tenant_id, payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX balance_transaction_day ON balance_transaction (tenant_id, client_id, is_live, created_at);
CREATE TRIGGER balance_transaction_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_transaction
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Rows as the lines of their settlement's statement, recomputed from the rows.
CREATE VIEW settlement_line AS
SELECT tenant_id, settlement_id, part.line, sum(part.amount_minor)::bigint AS amount_minor, count(*) AS count
FROM balance_transaction bt
CROSS JOIN LATERAL (VALUES
    (CASE kind WHEN 'payment' THEN 'payments' WHEN 'refund' THEN 'refunds'
        WHEN 'refund_reversal' THEN 'refund_reversals' ELSE 'adjustments' END, gross_minor),
    (CASE kind WHEN 'payment' THEN 'processing_fees' ELSE 'fee_credits' END, -processing_fee_minor),
    (CASE kind WHEN 'payment' THEN 'installment_fees' ELSE 'fee_credits' END, -installment_fee_minor)
) AS part (line, amount_minor)
WHERE settlement_id IS NOT NULL AND part.amount_minor <> 0
GROUP BY tenant_id, settlement_id, part.line;

-- Rows as they are shown: the payout of a row is that of its settlement, known once it is paid out.
CREATE VIEW balance_row AS
SELECT bt.tenant_id, bt.client_id, bt.is_live, bt.position, bt.balance_transaction_id, bt.kind, bt.source_id,
    bt.turn, bt.payment_id, bt.payment_method_type, bt.currency, bt.gross_minor, bt.processing_fee_minor,
    bt.installment_fee_minor, bt.available_on, bt.settlement_id, bt.created_at,
    coalesce(bt.payout_id, s.payout_id) AS payout_id
FROM balance_transaction bt LEFT JOIN settlement s USING (tenant_id, settlement_id);

-- Settlements as they are shown: until the close with what their rows make so far, and what the book carries.
CREATE VIEW settlement_now AS
SELECT tenant_id, client_id, is_live, position, settlement_id, currency, status, period_start, period_end,
    available_on, payout_minor, payout_id, created_at, closed_at,
    CASE WHEN closed_at IS NULL THEN (
        SELECT coalesce(sum(bt.gross_minor), 0)::bigint FROM balance_transaction bt
        WHERE (bt.tenant_id, bt.settlement_id) = (s.tenant_id, s.settlement_id)
    ) ELSE gross_minor END AS gross_minor,
    CASE WHEN closed_at IS NULL THEN (
        SELECT coalesce(sum(bt.fee_minor), 0)::bigint FROM balance_transaction bt
        WHERE (bt.tenant_id, bt.settlement_id) = (s.tenant_id, s.settlement_id)
    ) ELSE fees_minor END AS fees_minor,
    CASE WHEN closed_at IS NULL THEN (
        SELECT book.carried_minor FROM merchant_book book
        WHERE (book.tenant_id, book.client_id, book.is_live, book.currency)
            = (s.tenant_id, s.client_id, s.is_live, s.currency)
    ) ELSE opening_minor END AS opening_minor,
    CASE WHEN closed_at IS NULL THEN (
        SELECT coalesce(json_agg(json_build_object(
            'kind', line, 'amount_minor', amount_minor, 'count', count) ORDER BY array_position(ARRAY[
                'payments', 'processing_fees', 'installment_fees', 'refunds', 'refund_reversals',
                'fee_credits', 'adjustments'], line)), '[]')
        FROM settlement_line held
        WHERE (held.tenant_id, held.settlement_id) = (s.tenant_id, s.settlement_id)
    ) ELSE lines END AS lines
FROM settlement s;

-- A report and its content, in parts of a few thousand rows each. `period_end` is left out.
CREATE TABLE payments_report (
    tenant_id     integer NOT NULL,
    report_id     text COLLATE "C" NOT NULL,
    client_id     integer NOT NULL,
    is_live       boolean NOT NULL,
    position      bigint GENERATED ALWAYS AS IDENTITY,
    type          text NOT NULL,
    status        text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    period_start  date NOT NULL,
    period_end    date NOT NULL,
    columns       text[] NOT NULL CHECK (cardinality(columns) >= 1),
    format        text NOT NULL CHECK (format IN ('csv', 'json')),
    filter        json NOT NULL,
    rows          integer,
    sha256        text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    failure       text,
    created_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (tenant_id, report_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (period_start < period_end),
    CHECK ((status = 'pending') = (ended_at IS NULL)),
    CHECK ((status = 'succeeded') = (rows IS NOT NULL)),
    CHECK ((rows IS NULL) = (sha256 IS NULL)),
    CHECK ((status = 'failed') = (failure IS NOT NULL))
);
CREATE INDEX payments_report_newest ON payments_report (tenant_id, client_id, is_live, position);

CREATE TABLE payments_report_part (
    tenant_id  integer NOT NULL,
    report_id  text COLLATE "C" NOT NULL,
    number     integer NOT NULL CHECK (number >= 1),
    content    bytea NOT NULL,
    PRIMARY KEY (tenant_id, report_id, number),
    FOREIGN KEY (tenant_id, report_id) REFERENCES payments_report
);

-- ---------------------------------------------------------------- proof: each view is always empty

-- Closed settlements with other figures or lines than their rows make (identity 2), and rows whose settlement
-- is another account's, mode's, currency's or day's.
CREATE VIEW broken_settlement AS
SELECT s.tenant_id, s.settlement_id, 'says gross ' || s.gross_minor || ' and fees ' || s.fees_minor
    || ', rows make ' || made.gross || ' and ' || made.fees AS what
FROM settlement s CROSS JOIN LATERAL (
    SELECT coalesce(sum(gross_minor), 0) AS gross, coalesce(sum(fee_minor), 0) AS fees
    FROM balance_transaction bt
    WHERE (bt.tenant_id, bt.settlement_id) = (s.tenant_id, s.settlement_id)
) AS made
WHERE s.closed_at IS NOT NULL AND (s.gross_minor, s.fees_minor) IS DISTINCT FROM (made.gross, made.fees)
UNION ALL
SELECT s.tenant_id, s.settlement_id, 'says ' || coalesce(said.count || ' of ' || said.amount_minor, 'nothing')
    || ' for ' || coalesce(said.line, made.line) || ', rows make '
    || coalesce(made.count || ' of ' || made.amount_minor, 'nothing')
FROM (
    SELECT tenant_id, settlement_id, line.kind AS line, line.amount_minor, line.count
    FROM settlement,
        LATERAL json_to_recordset(lines) AS line (kind text, amount_minor bigint, count bigint)
    WHERE closed_at IS NOT NULL
) AS said
FULL JOIN settlement_line made USING (tenant_id, settlement_id, line)
JOIN settlement s USING (tenant_id, settlement_id)
WHERE s.closed_at IS NOT NULL
    AND (said.amount_minor, said.count) IS DISTINCT FROM (made.amount_minor, made.count)
UNION ALL
SELECT bt.tenant_id, bt.settlement_id, 'holds the foreign row ' || bt.balance_transaction_id
FROM balance_transaction bt JOIN settlement s USING (tenant_id, settlement_id)
WHERE (bt.client_id, bt.is_live, bt.currency, bt.available_on)
    IS DISTINCT FROM (s.client_id, s.is_live, s.currency, s.available_on);

-- Settlements that do not follow each other: periods that overlap, an opening balance that is not the closing
-- balance before it, a book that carries another one than its last.
CREATE VIEW broken_settlement_chain AS
WITH chain AS (
    SELECT *, lag(period_end) OVER book AS end_before,
        lag(closing_minor) OVER (PARTITION BY tenant_id, client_id, is_live, currency, closed_at IS NULL
            ORDER BY period_end) AS closing_before
    FROM settlement
    WINDOW book AS (PARTITION BY tenant_id, client_id, is_live, currency ORDER BY period_end)
)
SELECT tenant_id, settlement_id, 'begins on ' || period_start || ', the one before ends on ' || end_before AS what
FROM chain WHERE period_start <= end_before
UNION ALL
SELECT tenant_id, settlement_id,
    'opens with ' || opening_minor || ', the one before closed with ' || coalesce(closing_before, 0)
FROM chain WHERE closed_at IS NOT NULL AND opening_minor <> coalesce(closing_before, 0)
UNION ALL
SELECT tenant_id, last.settlement_id,
    'closed with ' || last.closing_minor || ', its book carries ' || book.carried_minor
FROM merchant_book book
JOIN LATERAL (
    SELECT settlement_id, closing_minor FROM settlement s
    WHERE (s.tenant_id, s.client_id, s.is_live, s.currency)
        = (book.tenant_id, book.client_id, book.is_live, book.currency) AND s.closed_at IS NOT NULL
    ORDER BY period_end DESC LIMIT 1
) AS last ON true
WHERE last.closing_minor <> book.carried_minor;

-- Payouts that are not the row which their settlement says, and rows of payouts without a settlement.
CREATE VIEW broken_payout AS
SELECT coalesce(s.tenant_id, bt.tenant_id) AS tenant_id, coalesce(s.payout_id, bt.payout_id) AS payout_id,
    'is ' || coalesce(s.payout_minor::text, 'nothing') || ' in its settlement, '
        || coalesce((-bt.gross_minor)::text, 'nothing') || ' in the balance' AS what
FROM (SELECT * FROM settlement WHERE payout_id IS NOT NULL) AS s
FULL JOIN (SELECT * FROM balance_transaction WHERE kind = 'payout') AS bt
    ON (bt.tenant_id, bt.payout_id, bt.client_id, bt.is_live, bt.currency)
    = (s.tenant_id, s.payout_id, s.client_id, s.is_live, s.currency)
WHERE s.payout_minor IS DISTINCT FROM -bt.gross_minor;

-- What a merchant is owed by its rows, and by its book in the ledger; and rows without their entry.
CREATE VIEW broken_merchant_book AS
SELECT book.tenant_id, book.book,
    'rows make ' || made.net || ', the ledger says ' || coalesce(held.balance_minor, 0) AS what
FROM merchant_book book
CROSS JOIN LATERAL (
    SELECT coalesce(sum(net_minor), 0) AS net FROM balance_transaction bt
    WHERE (bt.tenant_id, bt.client_id, bt.is_live, bt.currency)
        = (book.tenant_id, book.client_id, book.is_live, book.currency)
) AS made
LEFT JOIN ledger_balance held
    ON (held.tenant_id, held.owner, held.currency) = (book.tenant_id, book.book, book.currency)
    AND held.code = 'merchant_balance'
WHERE made.net <> coalesce(held.balance_minor, 0)
UNION ALL
SELECT bt.tenant_id, book.book, 'has no entry of ' || bt.balance_transaction_id
FROM balance_transaction bt
JOIN merchant_book book USING (tenant_id, client_id, is_live, currency)
LEFT JOIN ledger_entry entry ON entry.tenant_id = bt.tenant_id AND entry.book = book.book
    AND entry.event_key = 'balance:' || bt.source_id || ':' || bt.kind || ':' || bt.turn
WHERE entry.event_key IS NULL;

-- Refunds that were credited back more often than debited, or twice in a row.
CREATE VIEW broken_refund_turn AS
SELECT tenant_id, source_id, 'was debited ' || debits || ' and credited back ' || credits || ' times' AS what
FROM (
    SELECT tenant_id, source_id, count(*) FILTER (WHERE kind = 'refund') AS debits,
        count(*) FILTER (WHERE kind = 'refund_reversal') AS credits
    FROM balance_transaction WHERE kind IN ('refund', 'refund_reversal') GROUP BY tenant_id, source_id
) AS turns
WHERE debits - credits NOT IN (0, 1);

-- Captured payments whose fees, row and settlement are not those of their row (identity 4), and rows of
-- payments that were not captured so.
CREATE VIEW broken_payment_booking AS
SELECT p.tenant_id, p.payment_id,
    'captured ' || p.captured_minor || ' with fees ' || coalesce(p.fees::text, 'null') || ', its row holds '
        || coalesce(bt.gross_minor || ' with ' || bt.processing_fee_minor || ' and ' || bt.installment_fee_minor,
            'nothing') AS what
FROM payment p
LEFT JOIN balance_transaction bt
    ON (bt.tenant_id, bt.source_id, bt.kind, bt.turn) = (p.tenant_id, p.payment_id, 'payment', 1)
WHERE (p.captured_minor > 0 OR bt.source_id IS NOT NULL)
    AND (p.captured_minor, (p.fees ->> 'processing_minor')::bigint, (p.fees ->> 'installment_minor')::bigint,
        p.balance_transaction_id, p.settlement_id, p.currency, p.client_id, p.is_live)
    IS DISTINCT FROM (bt.gross_minor, bt.processing_fee_minor, bt.installment_fee_minor,
        bt.balance_transaction_id, bt.settlement_id, bt.currency, bt.client_id, bt.is_live);
