-- Webhook endpoints of accounts and the letters that go to them.

-- `enabled_events` are names of events, aliases or '*'. A deleted endpoint stays for the letters that it got.
CREATE TABLE payments_webhook (
    tenant_id        integer NOT NULL,
    endpoint_id      text NOT NULL,
    client_id        integer NOT NULL,
    is_live          boolean NOT NULL,
    position         bigint GENERATED ALWAYS AS IDENTITY,
    url              text NOT NULL,
    description      text,
    enabled_events   text[] NOT NULL CHECK (cardinality(enabled_events) > 0),
    status           text NOT NULL CHECK (status IN ('enabled', 'disabled', 'deleted')),
    disabled_reason  text,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    CONSTRAINT payments_webhook_disabled CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);
CREATE INDEX payments_webhook_newest ON payments_webhook (tenant_id, client_id, is_live, position)
    WHERE status <> 'deleted';

-- What signs, sealed. The present secret never ends by itself; one that was rolled away signs beside it until
-- `expires_at` of the account's clock.
CREATE TABLE payments_webhook_secret (
    tenant_id    integer NOT NULL,
    endpoint_id  text NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    key_number   integer NOT NULL,
    sealed       bytea NOT NULL,
    expires_at   timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id, number),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES payments_webhook
);
CREATE UNIQUE INDEX payments_webhook_secret_present ON payments_webhook_secret (tenant_id, endpoint_id)
    WHERE expires_at IS NULL;

-- An event makes a letter for each endpoint that wants it: the subject is the event, the lane the endpoint.
-- `topic` is the name under which the endpoint asked for the event, `object_id` what it is about: first tries
-- of one object go out in their order.
ALTER TABLE letter
    DROP CONSTRAINT letter_kind_check,
    ADD CONSTRAINT letter_kind_check CHECK (kind IN ('network.plan_notification', 'payments.webhook')),
    DROP CONSTRAINT letter_tenant_id_subject_id_kind_key,
    ADD UNIQUE (tenant_id, subject_id, kind, lane),
    ADD COLUMN topic text,
    ADD COLUMN object_id text,
    ADD CONSTRAINT letter_of_webhook CHECK (
        (kind = 'payments.webhook') = (topic IS NOT NULL) AND (topic IS NULL) = (object_id IS NULL));
CREATE INDEX letter_first_try ON letter (tenant_id, lane, object_id, position)
    WHERE status = 'due' AND ladder_step = 0 AND object_id IS NOT NULL;
CREATE INDEX letter_of_event ON letter (tenant_id, correlation_id) WHERE kind = 'payments.webhook';
CREATE INDEX letter_of_endpoint ON letter (tenant_id, lane, position) WHERE kind = 'payments.webhook';

-- States that must not be: always empty.
CREATE VIEW broken_webhook AS
SELECT w.tenant_id, w.endpoint_id AS record_id, 'an endpoint without a secret that signs' AS what
FROM payments_webhook w WHERE w.status <> 'deleted'
    AND NOT EXISTS (SELECT FROM payments_webhook_secret s
        WHERE s.tenant_id = w.tenant_id AND s.endpoint_id = w.endpoint_id AND s.expires_at IS NULL)
UNION ALL
SELECT w.tenant_id, w.endpoint_id, 'a deleted endpoint that can still sign'
FROM payments_webhook w JOIN payments_webhook_secret s USING (tenant_id, endpoint_id) WHERE w.status = 'deleted'
UNION ALL
SELECT l.tenant_id, l.letter_id::text, 'a webhook that speaks of no event of its account'
FROM letter l WHERE l.kind = 'payments.webhook'
    AND NOT EXISTS (SELECT FROM payments_event e JOIN payments_webhook w USING (tenant_id, client_id, is_live)
        WHERE e.tenant_id = l.tenant_id AND e.event_id = l.correlation_id AND w.endpoint_id = l.lane);
