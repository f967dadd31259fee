-- The ledger: books of entries, their postings, balances, and the views that prove them.
-- Nothing here is ever changed or taken away; a correction is an entry that reverses another one.

-- ---------------------------------------------------------------- kinds of account

-- `LedgerCode` of the domain, with its sets CREDIT_NORMAL, PROVIDER_OWNED and NO_OVERDRAFT.
CREATE DOMAIN ledger_code AS text CONSTRAINT ledger_code_known CHECK (VALUE IN (
    'card_balance', 'deposit', 'purchases', 'installment_receivable', 'interest_income', 'fee_income',
    'clearing', 'refunds', 'disputes', 'cash', 'credit_losses'
));

-- What a debit does to the balance of an account of this kind: 1 it grows, -1 it falls.
CREATE FUNCTION sign_debit(code text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN code IN ('deposit', 'purchases', 'interest_income', 'fee_income', 'clearing', 'refunds')
        THEN -1 ELSE 1 END
$$;

-- Accounts of a provider have no running balance: every account of an issuer would wait for one row.
CREATE FUNCTION is_provider_owned(code text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT code IN ('interest_income', 'fee_income', 'clearing', 'cash', 'credit_losses')
$$;

CREATE FUNCTION may_be_overdrawn(code text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT code NOT IN ('deposit', 'installment_receivable')
$$;

-- ---------------------------------------------------------------- tables

-- The head of each book. Whoever posts locks it: so numbers have no gaps, and books never wait for each other.
CREATE TABLE ledger_book (
    tenant_id       integer NOT NULL REFERENCES tenant,
    book            uuid NOT NULL,
    last_number     bigint NOT NULL DEFAULT 0 CHECK (last_number >= 0),
    last_posted_at  timestamptz NOT NULL DEFAULT '-infinity',
    last_hash       bytea NOT NULL DEFAULT '\x',
    PRIMARY KEY (tenant_id, book)
) WITH (fillfactor = 70);

CREATE TABLE ledger_entry (
    tenant_id  integer NOT NULL,
    book       uuid NOT NULL,
    number     bigint NOT NULL CHECK (number >= 1),
    event_key  text COLLATE "C" NOT NULL CHECK (event_key <> ''),
    kind       text NOT NULL CHECK (kind <> ''),
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    posted_at  timestamptz NOT NULL,
    reverses   text COLLATE "C",
    hash       bytea NOT NULL,
    PRIMARY KEY (tenant_id, book, number),
    FOREIGN KEY (tenant_id, book) REFERENCES ledger_book
);
CREATE UNIQUE INDEX ledger_entry_once_per_event ON ledger_entry (tenant_id, event_key);
CREATE UNIQUE INDEX ledger_entry_reversed_once ON ledger_entry (tenant_id, reverses)
    WHERE reverses IS NOT NULL;

CREATE TABLE posting (
    tenant_id     integer NOT NULL,
    book          uuid NOT NULL,
    number        bigint NOT NULL,
    position      smallint NOT NULL CHECK (position >= 1),
    debit_code    ledger_code NOT NULL,
    debit_owner   uuid NOT NULL,
    credit_code   ledger_code NOT NULL,
    credit_owner  uuid NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (tenant_id, book, number, position),
    FOREIGN KEY (tenant_id, book, number) REFERENCES ledger_entry,
    CHECK ((debit_code, debit_owner) <> (credit_code, credit_owner))
);

-- Balances on the normal side of their kind, written with the postings that make them.
CREATE TABLE ledger_balance (
    tenant_id      integer NOT NULL,
    owner          uuid NOT NULL,
    code           ledger_code NOT NULL CHECK (NOT is_provider_owned(code)),
    currency       text NOT NULL,
    balance_minor  bigint NOT NULL,
    PRIMARY KEY (tenant_id, owner, code, currency),
    CONSTRAINT ledger_balance_not_overdrawn CHECK (balance_minor >= 0 OR may_be_overdrawn(code))
) WITH (fillfactor = 80);

CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER posting_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_book_kept BEFORE DELETE OR TRUNCATE ON ledger_book
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_balance_kept BEFORE DELETE OR TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---------------------------------------------------------------- content and hash

-- A posting as text. Codes, ids and digits hold neither blanks nor semicolons, so nothing can be mistaken.
CREATE FUNCTION describe_posting(
    debit_code text, debit_owner uuid, credit_code text, credit_owner uuid, amount_minor bigint
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT debit_code || ' ' || debit_owner::text || ' ' || credit_code || ' ' || credit_owner::text || ' '
        || amount_minor::text
$$;

-- The postings of one entry as text; mirrored: with the sides exchanged, as its reversal must have them.
CREATE FUNCTION describe_postings(of_tenant integer, of_book uuid, of_number bigint, is_mirrored boolean)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(
        CASE WHEN is_mirrored
            THEN describe_posting(credit_code, credit_owner, debit_code, debit_owner, amount_minor)
            ELSE describe_posting(debit_code, debit_owner, credit_code, credit_owner, amount_minor)
        END, ';' ORDER BY position)
    FROM posting WHERE tenant_id = of_tenant AND book = of_book AND number = of_number
$$;

-- The hash of an entry over all that it holds, after the hash of the entry before it in its book.
CREATE FUNCTION hash_ledger_entry(entry ledger_entry, postings text, previous bytea)
RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(json_build_array(
        entry.tenant_id, entry.book, entry.number, entry.event_key, entry.kind, entry.currency,
        extract(epoch FROM entry.posted_at), entry.reverses, postings)::text, 'UTF8'))
$$;

-- Every posting from the view of each of its two accounts; changes on the normal side of their kind.
CREATE VIEW ledger_movement AS
SELECT entry.tenant_id, entry.book, entry.number, entry.event_key, entry.currency, entry.posted_at,
    side.owner, side.code, side.change_minor
FROM ledger_entry entry
JOIN posting USING (tenant_id, book, number)
CROSS JOIN LATERAL (VALUES
    (debit_owner, debit_code::text, amount_minor * sign_debit(debit_code)),
    (credit_owner, credit_code::text, -amount_minor * sign_debit(credit_code))
) AS side (owner, code, change_minor);

-- ---------------------------------------------------------------- proof: each view is always empty

-- Entries that say nothing, or whose postings have a hole; postings that no entry may hold.
CREATE VIEW broken_ledger_entry AS
SELECT tenant_id, book, number, 'has no postings 1 to n' AS what
FROM ledger_entry LEFT JOIN posting USING (tenant_id, book, number)
GROUP BY tenant_id, book, number
HAVING count(position) = 0 OR min(position) <> 1 OR max(position) <> count(position)
UNION ALL
SELECT tenant_id, book, number, 'has no currency of three capital letters'
FROM ledger_entry WHERE currency !~ '^[A-Z]{3}$'
UNION ALL
SELECT tenant_id, book, number, 'posts ' || amount_minor
FROM posting WHERE amount_minor < 1
UNION ALL
SELECT tenant_id, book, number, 'posts ' || debit_code || ' against itself'
FROM posting WHERE (debit_code, debit_owner) = (credit_code, credit_owner)
UNION ALL
SELECT DISTINCT tenant_id, book, number, 'has postings but no entry'
FROM posting
WHERE NOT EXISTS (
    SELECT FROM ledger_entry entry
    WHERE (entry.tenant_id, entry.book, entry.number) = (posting.tenant_id, posting.book, posting.number));

-- Currencies whose balances, debits less credits, do not make nothing in all.
CREATE VIEW broken_ledger_sum AS
SELECT tenant_id, currency, 'debits less credits make ' || sum(debit_minor) || ', not 0' AS what
FROM (
    SELECT tenant_id, currency, balance_minor::numeric * sign_debit(code) AS debit_minor FROM ledger_balance
    UNION ALL
    SELECT tenant_id, currency, change_minor::numeric * sign_debit(code)
    FROM ledger_movement WHERE is_provider_owned(code)
) AS balance
GROUP BY tenant_id, currency HAVING sum(debit_minor) <> 0;

-- Balances that differ from the sum of their postings, recomputed from nothing.
CREATE VIEW broken_ledger_balance AS
SELECT tenant_id, owner, code, currency,
    'is ' || coalesce(balance_minor::text, 'missing') || ', postings make ' || coalesce(sum_minor, 0) AS what
FROM (
    SELECT tenant_id, owner, code::text AS code, currency, balance_minor FROM ledger_balance
) AS held
FULL JOIN (
    SELECT tenant_id, owner, code, currency, sum(change_minor) AS sum_minor
    FROM ledger_movement WHERE NOT is_provider_owned(code)
    GROUP BY tenant_id, owner, code, currency
) AS recomputed USING (tenant_id, owner, code, currency)
WHERE balance_minor IS DISTINCT FROM sum_minor;

-- Accounts that hold less than nothing and may not, by their postings.
CREATE VIEW broken_ledger_overdraft AS
SELECT tenant_id, owner, code, currency, 'is overdrawn by ' || -sum(change_minor) AS what
FROM ledger_movement WHERE NOT may_be_overdrawn(code)
GROUP BY tenant_id, owner, code, currency HAVING sum(change_minor) < 0;

-- Numbers with gaps, time that runs backwards, heads that do not name their last entry.
CREATE VIEW broken_ledger_number AS
SELECT tenant_id, book, number, 'follows ' || previous_number AS what
FROM (
    SELECT tenant_id, book, number, lag(number, 1, 0::bigint) OVER in_book AS previous_number
    FROM ledger_entry WINDOW in_book AS (PARTITION BY tenant_id, book ORDER BY number)
) AS entry
WHERE number <> previous_number + 1
UNION ALL
SELECT tenant_id, book, number, 'was posted before its predecessor'
FROM (
    SELECT tenant_id, book, number, posted_at, lag(posted_at) OVER in_book AS previous_posted_at
    FROM ledger_entry WINDOW in_book AS (PARTITION BY tenant_id, book ORDER BY number)
) AS entry
WHERE posted_at < previous_posted_at
UNION ALL
SELECT tenant_id, book, coalesce(number, 0), 'is the last entry, its book says ' || coalesce(last_number, 0)
FROM ledger_book
FULL JOIN (
    SELECT tenant_id, book, max(number) AS number FROM ledger_entry GROUP BY tenant_id, book
) AS last_entry USING (tenant_id, book)
WHERE coalesce(number, 0) IS DISTINCT FROM last_number;

-- Entries whose hash does not follow from what they hold and from the entry before them.
CREATE VIEW broken_ledger_chain AS
SELECT tenant_id, book, number, 'does not have the hash of its content and of the entry before it' AS what
FROM (
    SELECT entry AS line, entry.tenant_id, entry.book, entry.number, entry.hash, content.postings,
        lag(entry.hash, 1, '\x') OVER (
            PARTITION BY entry.tenant_id, entry.book ORDER BY entry.number) AS previous_hash
    FROM ledger_entry entry
    LEFT JOIN (
        SELECT tenant_id, book, number, string_agg(
            describe_posting(debit_code, debit_owner, credit_code, credit_owner, amount_minor),
            ';' ORDER BY position) AS postings
        FROM posting GROUP BY tenant_id, book, number
    ) AS content USING (tenant_id, book, number)
) AS chained
WHERE hash IS DISTINCT FROM hash_ledger_entry(line, postings, previous_hash)
UNION ALL
SELECT tenant_id, book, last_number, 'is the last entry, with another hash than its book says'
FROM ledger_book head
LEFT JOIN ledger_entry entry USING (tenant_id, book)
WHERE entry.number = head.last_number AND entry.hash <> head.last_hash;

-- Reversals that do not take back exactly one entry of their book, whole, once; and reversals of reversals.
CREATE VIEW broken_ledger_reversal AS
SELECT reversal.tenant_id, reversal.event_key, CASE
    WHEN original.event_key IS NULL THEN 'reverses ' || reversal.reverses || ', which nobody posted'
    WHEN original.reverses IS NOT NULL THEN 'reverses a reversal'
    WHEN (original.book, original.currency) <> (reversal.book, reversal.currency)
        THEN 'reverses an entry of another book or currency'
    WHEN original.number > reversal.number THEN 'reverses a later entry'
    WHEN is_repeated THEN 'reverses an entry that others reverse too'
    ELSE 'does not mirror the postings of the entry that it reverses'
    END AS what
FROM ledger_entry reversal
LEFT JOIN ledger_entry original
    ON original.tenant_id = reversal.tenant_id AND original.event_key = reversal.reverses
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM ledger_entry other
        WHERE other.tenant_id = reversal.tenant_id AND other.reverses = reversal.reverses
            AND other.event_key <> reversal.event_key
    ) AS is_repeated
) AS others
WHERE reversal.reverses IS NOT NULL AND (
    original.event_key IS NULL
    OR original.reverses IS NOT NULL
    OR (original.book, original.currency) <> (reversal.book, reversal.currency)
    OR original.number > reversal.number
    OR is_repeated
    OR describe_postings(original.tenant_id, original.book, original.number, true)
        IS DISTINCT FROM describe_postings(reversal.tenant_id, reversal.book, reversal.number, false));

-- ---------------------------------------------------------------- posting

-- Posts entries in their order and gives the event keys of those that are new; one that was posted before with
-- the same content is passed over. Each posting names its entry by the place in the entry arrays, from 1.
-- Errors: LE001 an event was posted with other content, LE002 a reversal does not take back one entry whole;
-- `ledger_balance_not_overdrawn`. Nothing is written then.
CREATE FUNCTION insert_ledger_entries(
    of_tenant integer, event_keys text[], books uuid[], kinds text[], currencies text[],
    posted_ats timestamptz[], reversed_keys text[],
    entry_places integer[], debit_codes text[], debit_owners uuid[], credit_codes text[],
    credit_owners uuid[], amounts bigint[]
) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    new_keys text[];
    differing_key text;
    refused record;
BEGIN
    -- Heads are locked in the order of their ids. Each statement below sees what was committed before that.
    INSERT INTO ledger_book (tenant_id, book)
    SELECT DISTINCT of_tenant, book FROM unnest(books) AS named (book) ORDER BY book
    ON CONFLICT DO NOTHING;
    PERFORM FROM ledger_book WHERE tenant_id = of_tenant AND book = ANY (books)
    ORDER BY book FOR NO KEY UPDATE;

    WITH RECURSIVE wanted_posting AS (
        SELECT given.*, row_number() OVER (PARTITION BY place ORDER BY rank)::smallint AS position
        FROM unnest(entry_places, debit_codes, debit_owners, credit_codes, credit_owners, amounts)
            WITH ORDINALITY
            AS given (place, debit_code, debit_owner, credit_code, credit_owner, amount_minor, rank)
    ), content AS (
        SELECT place, string_agg(
            describe_posting(debit_code, debit_owner, credit_code, credit_owner, amount_minor),
            ';' ORDER BY position) AS postings
        FROM wanted_posting GROUP BY place
    ), wanted AS (
        SELECT given.*, content.postings
        FROM unnest(event_keys, books, kinds, currencies, posted_ats, reversed_keys) WITH ORDINALITY
            AS given (event_key, book, kind, currency, posted_at, reverses, place)
        LEFT JOIN content USING (place)
    ), known AS (
        SELECT wanted.event_key,
            (wanted.book, wanted.kind, wanted.currency, wanted.reverses, wanted.postings)
            IS NOT DISTINCT FROM (entry.book, entry.kind, entry.currency, entry.reverses,
                describe_postings(of_tenant, entry.book, entry.number, false)) AS is_same
        FROM wanted JOIN ledger_entry entry
            ON entry.tenant_id = of_tenant AND entry.event_key = wanted.event_key
    ), fresh AS (
        SELECT wanted.*, row_number() OVER (PARTITION BY book ORDER BY place) AS step
        FROM wanted WHERE event_key NOT IN (SELECT event_key FROM known)
    ), chained AS (
        SELECT step, place, postings, numbered.line,
            hash_ledger_entry(numbered.line, postings, last_hash) AS hash
        FROM fresh JOIN ledger_book head ON head.tenant_id = of_tenant AND head.book = fresh.book
        CROSS JOIN LATERAL (SELECT ROW(of_tenant, fresh.book, last_number + 1, event_key, kind, currency,
            greatest(posted_at, last_posted_at), reverses, NULL)::ledger_entry AS line) AS numbered
        WHERE step = 1
        UNION ALL
        SELECT fresh.step, fresh.place, fresh.postings, numbered.line,
            hash_ledger_entry(numbered.line, fresh.postings, chained.hash)
        FROM chained JOIN fresh ON fresh.book = (chained.line).book AND fresh.step = chained.step + 1
        CROSS JOIN LATERAL (SELECT ROW(of_tenant, fresh.book, (chained.line).number + 1, event_key, kind,
            currency, greatest(posted_at, (chained.line).posted_at), reverses, NULL)::ledger_entry AS line
        ) AS numbered
    ), new_entry AS (
        INSERT INTO ledger_entry (tenant_id, book, number, event_key, kind, currency, posted_at, reverses, hash)
        SELECT of_tenant, (line).book, (line).number, (line).event_key, (line).kind, (line).currency,
            (line).posted_at, (line).reverses, hash
        FROM chained ORDER BY place
        RETURNING event_key
    ), new_posting AS (
        INSERT INTO posting (tenant_id, book, number, position, debit_code, debit_owner, credit_code,
            credit_owner, amount_minor)
        SELECT of_tenant, (line).book, (line).number, position, debit_code, debit_owner, credit_code,
            credit_owner, amount_minor
        FROM chained JOIN wanted_posting USING (place) ORDER BY place, position
    ), new_head AS (
        UPDATE ledger_book head
        SET last_number = (line).number, last_posted_at = (line).posted_at, last_hash = tip.hash
        FROM (
            SELECT DISTINCT ON ((line).book) line, hash FROM chained ORDER BY (line).book, step DESC
        ) AS tip
        WHERE head.tenant_id = of_tenant AND head.book = (line).book
    )
    SELECT (SELECT array_agg(event_key) FROM new_entry), (SELECT min(event_key) FROM known WHERE NOT is_same)
    INTO new_keys, differing_key;

    IF differing_key IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'LE001', MESSAGE = differing_key;
    END IF;

    -- Not INSERT ... ON CONFLICT, which would hold the change itself against the overdraft rule.
    MERGE INTO ledger_balance held
    USING (
        SELECT owner, code, currency, sum(change_minor)::bigint AS change_minor
        FROM ledger_movement
        WHERE tenant_id = of_tenant AND event_key = ANY (new_keys) AND NOT is_provider_owned(code)
        GROUP BY owner, code, currency
        ORDER BY owner, code, currency
    ) AS movement
    ON held.tenant_id = of_tenant AND held.owner = movement.owner AND held.code = movement.code
        AND held.currency = movement.currency
    WHEN MATCHED THEN UPDATE SET balance_minor = held.balance_minor + movement.change_minor
    WHEN NOT MATCHED THEN INSERT (tenant_id, owner, code, currency, balance_minor)
        VALUES (of_tenant, movement.owner, movement.code, movement.currency, movement.change_minor);

    IF num_nonnulls(VARIADIC reversed_keys) > 0 THEN
        SELECT event_key, what INTO refused FROM broken_ledger_reversal
        WHERE tenant_id = of_tenant AND event_key = ANY (new_keys) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'LE002', MESSAGE = refused.event_key || ' ' || refused.what;
        END IF;
    END IF;

    RETURN coalesce(new_keys, '{}');
END $$;
