-- Papers that were delivered: sheets, agreements and receipts, byte for byte.

CREATE TABLE paper (
    tenant_id         integer NOT NULL,
    digest            bytea NOT NULL,
    kind              text NOT NULL CHECK (kind IN ('sheet', 'agreement', 'receipt')),
    form              text NOT NULL CHECK (form IN ('html', 'pdf', 'text')),
    language          text NOT NULL,
    template_version  text NOT NULL,
    content           bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 2097152),
    PRIMARY KEY (tenant_id, digest),
    CHECK (digest = sha256(content))
);
-- Files are packed already, or small.
ALTER TABLE paper ALTER COLUMN content SET STORAGE EXTERNAL;

-- The first time that a file went to its reader by one way; later times add nothing.
CREATE TABLE paper_delivery (
    tenant_id     integer NOT NULL,
    position      bigint GENERATED ALWAYS AS IDENTITY,
    client_id     integer NOT NULL,
    is_live       boolean NOT NULL,
    payment_id    text NOT NULL,
    offer_id      text NOT NULL,
    plan_id       uuid,
    digest        bytea NOT NULL,
    way           text NOT NULL CHECK (way IN ('checkout', 'plan_page', 'mail', 'merchant')),
    delivered_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, payment_id, digest, way),
    FOREIGN KEY (tenant_id, digest) REFERENCES paper,
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    FOREIGN KEY (tenant_id, offer_id) REFERENCES payment_offer,
    FOREIGN KEY (tenant_id, plan_id) REFERENCES payment_plan
);
CREATE INDEX paper_delivery_of_file ON paper_delivery (tenant_id, digest);
CREATE INDEX paper_delivery_oldest ON paper_delivery (delivered_at);
CREATE INDEX paper_delivery_of_offer ON paper_delivery (tenant_id, offer_id);

-- Nothing is altered. A delivery may be forgotten after six years; a file, when nothing tells of it any more.
CREATE FUNCTION keep_paper_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.delivered_at > statement_timestamp() - interval '6 years' THEN
        RAISE EXCEPTION 'papers are kept for six years';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER paper_append_only BEFORE UPDATE OR TRUNCATE ON paper
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER paper_delivery_append_only BEFORE UPDATE OR TRUNCATE ON paper_delivery
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER paper_delivery_kept BEFORE DELETE ON paper_delivery
    FOR EACH ROW EXECUTE FUNCTION keep_paper_delivery();
