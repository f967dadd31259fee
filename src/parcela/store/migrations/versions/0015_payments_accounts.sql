-- Accounts of the payments door as callers, their API keys, and the kinds of their set-up.

ALTER TABLE client DROP CONSTRAINT client_role_check;
ALTER TABLE client ADD CONSTRAINT client_role_check
    CHECK (role IN ('partner', 'issuer', 'merchant', 'account'));

ALTER TABLE catalogue_entry DROP CONSTRAINT catalogue_entry_kind_check;
ALTER TABLE catalogue_entry ADD CONSTRAINT catalogue_entry_kind_check CHECK (
    kind IN ('issuer', 'account_range', 'program', 'offer_group', 'token_range', 'market_pair',
             'merchant', 'merchant_product', 'offer_rule', 'merchant_plan',
             'payments_account', 'payments_program', 'payments_market'));

-- An account's API keys: keyed hashes of 32 random bytes. Keys that have ended stay, so that their use is told
-- apart from that of a key that never was.
CREATE TABLE payments_key (
    tenant_id   integer NOT NULL,
    key_id      integer GENERATED ALWAYS AS IDENTITY,
    client_id   integer NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('secret', 'restricted', 'publishable')),
    is_live     boolean NOT NULL,
    scopes      text[] NOT NULL,
    networks    text[] NOT NULL,
    key_hash    bytea NOT NULL CHECK (length(key_hash) = 32),
    last_four   text NOT NULL CHECK (last_four ~ '^[0-9A-Za-z]{4}$'),
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, key_id),
    UNIQUE (tenant_id, key_hash),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CHECK (scopes <@ ARRAY[
        'payments:read', 'payments:write', 'payment_methods:read', 'payment_methods:write',
        'installments:read', 'refunds:read', 'refunds:write', 'settlements:read', 'reports:read',
        'reports:write', 'events:read', 'events:write', 'webhooks:read', 'webhooks:write',
        'customers:read', 'customers:write', 'test:write']),
    CHECK (kind <> 'restricted' OR cardinality(scopes) > 0),
    CHECK (kind <> 'secret' OR scopes <@ ARRAY['installments:read']),
    CHECK (kind <> 'publishable' OR scopes = ARRAY['payment_methods:write']),
    CHECK (expires_at > created_at),
    CHECK (revoked_at >= created_at)
);
CREATE INDEX payments_key_of_client ON payments_key (tenant_id, client_id, key_id);
