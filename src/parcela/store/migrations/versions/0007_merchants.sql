-- Merchants as callers, their API passwords, and the kinds of their set-up.

ALTER TABLE client DROP CONSTRAINT client_role_check;
ALTER TABLE client ADD CONSTRAINT client_role_check CHECK (role IN ('partner', 'issuer', 'merchant'));

ALTER TABLE catalogue_entry DROP CONSTRAINT catalogue_entry_kind_check;
ALTER TABLE catalogue_entry ADD CONSTRAINT catalogue_entry_kind_check CHECK (
    kind IN ('issuer', 'account_range', 'program', 'offer_group', 'token_range', 'market_pair',
             'merchant', 'merchant_product', 'offer_rule', 'merchant_plan'));

-- A merchant's API passwords: keyed hashes of 32 random bytes. Each live one holds one of two places.
CREATE TABLE api_password (
    tenant_id      integer NOT NULL,
    password_id    integer GENERATED ALWAYS AS IDENTITY,
    client_id      integer NOT NULL,
    place          smallint NOT NULL CHECK (place IN (1, 2)),
    password_hash  bytea NOT NULL CHECK (length(password_hash) = 32),
    created_by     text NOT NULL,
    created_at     timestamptz NOT NULL,
    revoked_at     timestamptz,
    PRIMARY KEY (tenant_id, password_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (revoked_at >= created_at)
);
CREATE UNIQUE INDEX api_password_live ON api_password (tenant_id, client_id, place) WHERE revoked_at IS NULL;
