-- Letters by e-mail.

-- One for each thing that happened: `cause` names it, so that telling it again writes nothing. The address is
-- sealed; `facts` are amounts, dates and names, without card numbers, which the language's words are put around.
CREATE TABLE mail (
    tenant_id   integer NOT NULL,
    mail_id     uuid NOT NULL,
    client_id   integer NOT NULL,
    is_live     boolean NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('receipt', 'withdrawal', 'refund', 'overdue', 'webhook_failed')),
    cause       text NOT NULL,
    locale      text NOT NULL,
    key_number  integer NOT NULL,
    recipient   bytea NOT NULL,
    facts       json NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, mail_id),
    UNIQUE (tenant_id, kind, cause),
    FOREIGN KEY (tenant_id, client_id) REFERENCES client
);

-- A letter's subject is the mail; all mail of a tenant has one lane.
ALTER TABLE letter
    DROP CONSTRAINT letter_kind_check,
    ADD CONSTRAINT letter_kind_check CHECK (
        kind IN ('network.plan_notification', 'payments.webhook', 'payments.mail'));

-- States that must not be: always empty.
CREATE VIEW broken_mail AS
SELECT m.tenant_id, m.mail_id AS record_id, 'a mail without a letter' AS what
FROM mail m WHERE NOT EXISTS (SELECT FROM letter l
    WHERE l.tenant_id = m.tenant_id AND l.subject_id = m.mail_id AND l.kind = 'payments.mail')
UNION ALL
SELECT l.tenant_id, l.letter_id, 'a letter that speaks of no mail'
FROM letter l WHERE l.kind = 'payments.mail'
    AND NOT EXISTS (SELECT FROM mail m WHERE m.tenant_id = l.tenant_id AND m.mail_id = l.subject_id);
