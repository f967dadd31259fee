-- The foundation: tenants, people, clients, the vault, the catalogue, PAN lists, presentments, plans,
-- and the records that commit with them (events, letters, idempotency results, audit).
-- The tenant comes first in every key of a tenant's own records, so that a split by tenant stays possible.
-- What is found before the tenant is known has keys of its own: addresses, sessions, client codes, nonces.

CREATE TABLE tenant (
    tenant_id   integer PRIMARY KEY,
    code        text NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- One row. `version` grows with every change of catalogue, clients or keys: each worker compares it with
-- the version of its own copy before it answers. `clock_offset` moves the clock of a test world.
CREATE TABLE world (
    is_only       boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    environment   text NOT NULL CHECK (environment IN ('sandbox', 'mtf', 'production')),
    version       bigint NOT NULL DEFAULT 1,
    clock_offset  interval NOT NULL DEFAULT '0'
);

CREATE SEQUENCE worker_number;
CREATE SEQUENCE pan_list_number MINVALUE 282000000000000001 MAXVALUE 999999999999999999;

-- ---------------------------------------------------------------- people

CREATE TABLE person (
    tenant_id      integer NOT NULL REFERENCES tenant,
    person_id      integer GENERATED ALWAYS AS IDENTITY,
    email          text NOT NULL CHECK (email = lower(email)),
    role           text NOT NULL CHECK (role IN ('operator', 'issuer_maker', 'issuer_checker')),
    provider_id    uuid,
    password_hash  text NOT NULL,
    failed_logins  integer NOT NULL DEFAULT 0,
    locked_until   timestamptz,
    disabled_at    timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id),
    UNIQUE (email),
    CHECK ((role = 'operator') = (provider_id IS NULL))
);

CREATE TABLE person_session (
    token_hash    bytea PRIMARY KEY,
    tenant_id     integer NOT NULL,
    person_id     integer NOT NULL,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, person_id) REFERENCES person
);

-- ---------------------------------------------------------------- clients and keys

CREATE TABLE client (
    tenant_id     integer NOT NULL REFERENCES tenant,
    client_id     integer GENERATED ALWAYS AS IDENTITY,
    code          text NOT NULL UNIQUE,
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('partner', 'issuer')),
    provider_id   uuid,
    is_enabled    boolean NOT NULL DEFAULT true,
    is_suspended  boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, client_id),
    CHECK ((role = 'issuer') = (provider_id IS NOT NULL))
);

CREATE TABLE client_key (
    tenant_id        integer NOT NULL,
    key_id           integer GENERATED ALWAYS AS IDENTITY,
    client_id        integer NOT NULL,
    purpose          text NOT NULL
        CHECK (purpose IN ('signing', 'platform_decryption', 'client_encryption', 'platform_signing')),
    name             text NOT NULL,
    public_pem       text NOT NULL,
    wrapped_private  bytea,
    created_at       timestamptz NOT NULL DEFAULT now(),
    expires_at       timestamptz,
    revoked_at       timestamptz,
    PRIMARY KEY (tenant_id, key_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    UNIQUE (tenant_id, client_id, purpose, name),
    CHECK ((wrapped_private IS NOT NULL) = (purpose IN ('platform_decryption', 'platform_signing')))
);

-- A signed request is used once. Kept twice as long as a timestamp may be off.
CREATE TABLE oauth_nonce (
    key_id     integer NOT NULL,
    signed_at  bigint NOT NULL,
    nonce      text NOT NULL,
    PRIMARY KEY (key_id, signed_at, nonce)
);
CREATE INDEX oauth_nonce_age ON oauth_nonce (signed_at);

-- ---------------------------------------------------------------- the vault

-- Data and index keys, wrapped by a key-encryption key that is never in the database.
CREATE TABLE vault_key (
    tenant_id   integer NOT NULL REFERENCES tenant,
    key_number  integer NOT NULL,
    purpose     text NOT NULL CHECK (purpose IN ('data', 'index')),
    state       text NOT NULL CHECK (state IN ('active', 'decrypt_only', 'destroyed')),
    kek_id      text NOT NULL,
    wrapped     bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, purpose, key_number),
    CHECK ((wrapped IS NULL) = (state = 'destroyed'))
);
CREATE UNIQUE INDEX vault_key_active ON vault_key (tenant_id, purpose) WHERE state = 'active';

CREATE TABLE card (
    tenant_id        integer NOT NULL REFERENCES tenant,
    card_id          uuid NOT NULL,
    pan_index        bytea NOT NULL CHECK (length(pan_index) = 32),
    data_key_number  integer NOT NULL,
    sealed_pan       bytea NOT NULL,
    first_six        text NOT NULL,
    last_four        text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, card_id),
    UNIQUE (tenant_id, pan_index)
);

CREATE TABLE token_pan (
    tenant_id    integer NOT NULL,
    token_index  bytea NOT NULL CHECK (length(token_index) = 32),
    card_id      uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_index),
    FOREIGN KEY (tenant_id, card_id) REFERENCES card
);

-- ---------------------------------------------------------------- the catalogue

-- Every approved version of every entry. The newest row of a key that is not a removal is in force.
CREATE TABLE catalogue_entry (
    tenant_id      integer NOT NULL REFERENCES tenant,
    kind           text NOT NULL CHECK (
        kind IN ('issuer', 'account_range', 'program', 'offer_group', 'token_range', 'market_pair')),
    key            text NOT NULL,
    version        integer NOT NULL CHECK (version > 0),
    is_current     boolean NOT NULL,
    document       json,
    change_set_id  uuid NOT NULL,
    proposed_by    text NOT NULL,
    approved_by    text NOT NULL,
    approved_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, key, version),
    CHECK (proposed_by <> approved_by)
);
CREATE UNIQUE INDEX catalogue_entry_current ON catalogue_entry (tenant_id, kind, key) WHERE is_current;

CREATE FUNCTION keep_catalogue_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR to_jsonb(OLD) - 'is_current' IS DISTINCT FROM to_jsonb(NEW) - 'is_current'
       OR (NEW.is_current AND NOT OLD.is_current) THEN
        RAISE EXCEPTION 'approved catalogue versions are immutable';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER catalogue_entry_immutable BEFORE UPDATE OR DELETE ON catalogue_entry
    FOR EACH ROW EXECUTE FUNCTION keep_catalogue_versions();

CREATE TABLE change_set (
    tenant_id      integer NOT NULL REFERENCES tenant,
    change_set_id  uuid NOT NULL,
    status         text NOT NULL CHECK (status IN ('proposed', 'approved', 'rejected')),
    summary        text NOT NULL,
    changes        json NOT NULL,
    proposed_by    text NOT NULL,
    proposed_at    timestamptz NOT NULL,
    decided_by     text,
    decided_at     timestamptz,
    reason         text,
    PRIMARY KEY (tenant_id, change_set_id),
    CHECK ((status = 'proposed') = (decided_by IS NULL)),
    CHECK (decided_by IS NULL OR decided_by <> proposed_by)
);

-- ---------------------------------------------------------------- PAN lists

CREATE TABLE pan_list (
    tenant_id    integer NOT NULL REFERENCES tenant,
    pan_list_id  bigint NOT NULL,
    provider_id  uuid NOT NULL,
    name         text NOT NULL,
    low          text NOT NULL,
    high         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, pan_list_id)
);

-- The card comes before the list: the hot question is "which lists hold this card".
CREATE TABLE pan_list_member (
    tenant_id    integer NOT NULL,
    card_id      uuid NOT NULL,
    pan_list_id  bigint NOT NULL,
    added_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, card_id, pan_list_id),
    FOREIGN KEY (tenant_id, pan_list_id) REFERENCES pan_list,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card
);
CREATE INDEX pan_list_member_list ON pan_list_member (tenant_id, pan_list_id);

-- ---------------------------------------------------------------- offers and plans

CREATE TABLE presentment (
    tenant_id             integer NOT NULL,
    offer_transaction_id  bigint NOT NULL,
    client_id             integer NOT NULL,
    presented_at          timestamptz NOT NULL,
    pan_index             bytea NOT NULL,
    body                  text NOT NULL,
    PRIMARY KEY (tenant_id, offer_transaction_id)
);
-- Bodies stay in the row: compressing and moving them costs more than the pages they take.
ALTER TABLE presentment ALTER COLUMN body SET STORAGE MAIN, SET (toast_tuple_target = 8160);
CREATE INDEX presentment_age ON presentment USING brin (presented_at);

CREATE TABLE plan (
    tenant_id             integer NOT NULL REFERENCES tenant,
    plan_id               uuid NOT NULL,
    offer_transaction_id  bigint NOT NULL,
    client_id             integer NOT NULL,
    provider_id           uuid NOT NULL,
    card_id               uuid NOT NULL,
    status                text NOT NULL CHECK (status IN ('created')),
    offer_id              text NOT NULL,
    program_version       integer,
    currency              text NOT NULL,
    amount_minor          bigint NOT NULL CHECK (amount_minor > 0),
    total_minor           bigint NOT NULL CHECK (total_minor > 0),
    installment_count     smallint NOT NULL CHECK (installment_count BETWEEN 1 AND 99),
    body                  json NOT NULL,
    created_at            timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, plan_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    FOREIGN KEY (tenant_id, card_id) REFERENCES card
);
CREATE UNIQUE INDEX plan_once_per_presentment ON plan (tenant_id, offer_transaction_id);

CREATE TABLE installment (
    tenant_id        integer NOT NULL,
    plan_id          uuid NOT NULL,
    number           smallint NOT NULL CHECK (number >= 1),
    due_date         date NOT NULL,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    principal_minor  bigint NOT NULL CHECK (principal_minor >= 0),
    interest_minor   bigint NOT NULL CHECK (interest_minor >= 0),
    fee_minor        bigint NOT NULL CHECK (fee_minor >= 0),
    PRIMARY KEY (tenant_id, plan_id, number),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plan,
    CHECK (amount_minor = principal_minor + interest_minor + fee_minor)
);

-- Plans whose rows do not make their total, their principal or their count: always empty.
CREATE VIEW broken_plan AS
SELECT p.tenant_id, p.plan_id
FROM plan p LEFT JOIN installment i USING (tenant_id, plan_id)
GROUP BY p.tenant_id, p.plan_id
HAVING count(i.number) <> p.installment_count
    OR coalesce(sum(i.amount_minor), 0) <> p.total_minor
    OR coalesce(sum(i.principal_minor), 0) <> p.amount_minor
    OR max(i.number) <> p.installment_count;

-- ---------------------------------------------------------------- what commits with a change

CREATE TABLE event (
    tenant_id    integer NOT NULL REFERENCES tenant,
    event_id     uuid NOT NULL,
    type         text NOT NULL,
    subject      text NOT NULL,
    data         json NOT NULL,
    occurred_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);

-- The outbox. A letter is rendered, sealed and signed at each try, from the record it speaks of.
CREATE TABLE letter (
    tenant_id        integer NOT NULL REFERENCES tenant,
    letter_id        uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('network.plan_notification')),
    subject_id       uuid NOT NULL,
    provider_id      uuid NOT NULL,
    correlation_id   text NOT NULL,
    status           text NOT NULL CHECK (status IN ('due', 'parked')),
    parked_reason    text,
    next_attempt_at  timestamptz,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, letter_id),
    UNIQUE (tenant_id, kind, subject_id),
    CHECK ((status = 'parked') = (parked_reason IS NOT NULL)),
    CHECK ((status = 'due') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX letter_due ON letter (next_attempt_at) WHERE status = 'due';

CREATE TABLE idempotency (
    tenant_id    integer NOT NULL REFERENCES tenant,
    caller       text NOT NULL,
    operation    text NOT NULL,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    result       json NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, caller, operation, key)
);

-- ---------------------------------------------------------------- audit

-- Append only and chained: each line carries the hash of the line before it.
CREATE TABLE audit (
    sequence    bigint PRIMARY KEY,
    tenant_id   integer,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail      json NOT NULL,
    hash        bytea NOT NULL
);

CREATE FUNCTION hash_audit_line(line audit, previous bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || convert_to(json_build_array(
        line.sequence, line.tenant_id, extract(epoch FROM line.at), line.actor, line.action,
        line.subject, line.outcome, line.detail)::text, 'UTF8'))
$$;

CREATE FUNCTION chain_audit_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last audit;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit chain'));
    SELECT * INTO last FROM audit ORDER BY sequence DESC LIMIT 1;
    NEW.sequence := coalesce(last.sequence, 0) + 1;
    NEW.hash := hash_audit_line(NEW, coalesce(last.hash, '\x'));
    RETURN NEW;
END $$;
CREATE TRIGGER audit_chain BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION chain_audit_line();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER catalogue_entry_kept BEFORE TRUNCATE ON catalogue_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Lines whose hash does not follow from the line before them, or that leave a gap: always empty.
CREATE VIEW broken_audit AS
SELECT sequence
FROM (
    SELECT a.*, lag(hash, 1, '\x') OVER w AS previous_hash, row_number() OVER w AS position
    FROM audit a WINDOW w AS (ORDER BY sequence)
) line
WHERE position <> sequence
   OR hash <> hash_audit_line(
        ROW(sequence, tenant_id, at, actor, action, subject, outcome, detail, hash)::audit, previous_hash);
