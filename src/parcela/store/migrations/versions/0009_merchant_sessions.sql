-- Payment sessions of merchants: request fields kept for a while, sealed. `session_key` is a keyed hash of the
-- session's id, which is a password and therefore stands nowhere. `updates` counts within a version's stem.
-- The security code is sealed apart, so that it can be wiped without opening anything.
CREATE TABLE merchant_session (
    tenant_id             integer NOT NULL,
    session_key           bytea NOT NULL,
    client_id             integer NOT NULL,
    host                  text NOT NULL,
    stem                  text NOT NULL CHECK (stem ~ '^[0-9a-f]{8}$'),
    updates               integer NOT NULL CHECK (updates BETWEEN 1 AND 99),
    updated_at            timestamptz,
    authentication_limit  integer NOT NULL CHECK (authentication_limit BETWEEN 1 AND 9999),
    authentications       integer NOT NULL DEFAULT 0 CHECK (authentications BETWEEN 0 AND authentication_limit),
    content_key_number    integer,
    sealed_content        bytea,
    code_key_number       integer,
    sealed_code           bytea,
    created_at            timestamptz NOT NULL,
    expires_at            timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, session_key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK ((content_key_number IS NULL) = (sealed_content IS NULL)),
    CHECK ((code_key_number IS NULL) = (sealed_code IS NULL))
);
CREATE INDEX merchant_session_expiry ON merchant_session (expires_at);
