-- Evidence of every showing that came to an end, accepted or not, and the chain that seals it.

-- Records from before have the id of their plan in other letters.
ALTER TABLE payment_plan_evidence
    ADD COLUMN disclosure_id  text,
    ADD COLUMN position       bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN client_id      integer,
    ADD COLUMN is_live        boolean,
    ADD COLUMN payment_id     text,
    ADD COLUMN list_position  bigint,
    ADD COLUMN declined_at    timestamptz;
UPDATE payment_plan_evidence e SET client_id = p.client_id, is_live = p.is_live, payment_id = p.payment_id,
    disclosure_id = 'dsc_0' || upper(left(md5(e.plan_id::text), 25)),
    list_position = (SELECT o.list_position FROM payment_offer o
        WHERE (o.tenant_id, o.offer_id) = (p.tenant_id, p.offer_id))
FROM payment_plan p WHERE (p.tenant_id, p.plan_id) = (e.tenant_id, e.plan_id);
ALTER TABLE payment_plan_evidence DROP CONSTRAINT payment_plan_evidence_pkey;
ALTER TABLE payment_plan_evidence
    ALTER COLUMN plan_id DROP NOT NULL,
    ALTER COLUMN accepted_at DROP NOT NULL,
    ALTER COLUMN client_id SET NOT NULL,
    ALTER COLUMN is_live SET NOT NULL,
    ALTER COLUMN payment_id SET NOT NULL,
    ALTER COLUMN list_position SET NOT NULL,
    ADD PRIMARY KEY (tenant_id, disclosure_id),
    ADD UNIQUE (tenant_id, plan_id),
    ADD FOREIGN KEY (tenant_id, client_id) REFERENCES client,
    ADD FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    ADD FOREIGN KEY (tenant_id, list_position) REFERENCES payment_plan_list,
    ADD CHECK (disclosure_id ~ '^dsc_[0-9A-Z]{26}$'),
    ADD CHECK ((plan_id IS NULL) = (accepted_at IS NULL)),
    ADD CHECK ((accepted_at IS NULL) <> (declined_at IS NULL));
CREATE INDEX payment_plan_evidence_of_payment ON payment_plan_evidence
    (tenant_id, client_id, is_live, payment_id, position);
CREATE INDEX payment_plan_evidence_of_list ON payment_plan_evidence (tenant_id, list_position);

-- Records that are not in the chain yet; they are taken out when they are.
CREATE TABLE evidence_to_seal (
    tenant_id      integer NOT NULL,
    disclosure_id  text NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    PRIMARY KEY (tenant_id, client_id, is_live, disclosure_id),
    FOREIGN KEY (tenant_id, disclosure_id) REFERENCES payment_plan_evidence
);
INSERT INTO evidence_to_seal SELECT tenant_id, disclosure_id, client_id, is_live FROM payment_plan_evidence;

-- The chain of an account and mode: each seal is SHA-256 over the seal before it and the record's hash.
CREATE TABLE evidence_seal (
    tenant_id      integer NOT NULL,
    client_id      integer NOT NULL,
    is_live        boolean NOT NULL,
    number         bigint NOT NULL CHECK (number >= 1),
    disclosure_id  text NOT NULL,
    seal           bytea NOT NULL,
    sealed_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, client_id, is_live, number),
    UNIQUE (tenant_id, disclosure_id),
    FOREIGN KEY (tenant_id, disclosure_id) REFERENCES payment_plan_evidence
);

CREATE TRIGGER payment_plan_evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_plan_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER evidence_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Seals that do not follow from the record and the seal before, numbers that are missing, and records that
-- are neither sealed nor waiting: always empty.
CREATE VIEW broken_evidence_seal AS
SELECT tenant_id, client_id, is_live, number, CASE
    WHEN number <> place THEN 'is where seal ' || place || ' must be'
    ELSE 'does not follow from its record and the seal before' END AS what
FROM (
    SELECT s.tenant_id, s.client_id, s.is_live, s.number, s.seal, e.hash,
        lag(s.seal, 1, '\x') OVER chain AS previous, row_number() OVER chain AS place
    FROM evidence_seal s JOIN payment_plan_evidence e USING (tenant_id, disclosure_id)
    WINDOW chain AS (PARTITION BY s.tenant_id, s.client_id, s.is_live ORDER BY s.number)
) AS line
WHERE number <> place OR seal <> sha256(previous || hash);

CREATE VIEW broken_evidence_without_seal AS
SELECT tenant_id, disclosure_id, 'is in no chain, and waits for none' AS what
FROM payment_plan_evidence e
WHERE NOT EXISTS (SELECT FROM evidence_seal s
        WHERE (s.tenant_id, s.disclosure_id) = (e.tenant_id, e.disclosure_id))
    AND NOT EXISTS (SELECT FROM evidence_to_seal w
        WHERE (w.tenant_id, w.disclosure_id) = (e.tenant_id, e.disclosure_id));
