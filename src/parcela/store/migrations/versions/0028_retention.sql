-- What is forgotten once nothing needs it, what lists are found by, and settlements that are late.

-- ---------------------------------------------------------------- cards that nothing needs any more

-- All records that need a card's number: whoever adds a table that refers to `card` adds it here, with an index.
CREATE VIEW card_need AS
SELECT tenant_id, card_id FROM token_pan
UNION ALL SELECT tenant_id, card_id FROM pan_list_member
UNION ALL SELECT tenant_id, card_id FROM plan
UNION ALL SELECT tenant_id, card_id FROM card_account
UNION ALL SELECT tenant_id, card_id FROM authorization_match
UNION ALL SELECT tenant_id, card_id FROM unanswered_authorization
UNION ALL SELECT tenant_id, card_id FROM merchant_order
UNION ALL SELECT tenant_id, card_id FROM merchant_transaction
UNION ALL SELECT tenant_id, card_id FROM payment_method
UNION ALL SELECT tenant_id, card_id FROM payment_plan;

CREATE INDEX token_pan_card ON token_pan (tenant_id, card_id);
CREATE INDEX unanswered_authorization_card ON unanswered_authorization (tenant_id, card_id);
CREATE INDEX merchant_order_card ON merchant_order (tenant_id, card_id) WHERE card_id IS NOT NULL;
CREATE INDEX merchant_transaction_card ON merchant_transaction (tenant_id, card_id) WHERE card_id IS NOT NULL;
CREATE INDEX payment_method_card ON payment_method (tenant_id, card_id);
CREATE INDEX payment_plan_card ON payment_plan (tenant_id, card_id);

-- Cards that a record let go of, in its transaction; housekeeping erases those without any other need. One that
-- is let go of twice stands here twice: a line that is taken out never takes another one's word with it.
CREATE TABLE released_card (
    tenant_id  integer NOT NULL,
    position   bigint GENERATED ALWAYS AS IDENTITY,
    card_id    uuid NOT NULL,
    PRIMARY KEY (tenant_id, position)
);
CREATE INDEX released_card_card ON released_card (tenant_id, card_id);
INSERT INTO released_card (tenant_id, card_id)
SELECT tenant_id, card_id FROM card
WHERE NOT EXISTS (SELECT FROM card_need n WHERE (n.tenant_id, n.card_id) = (card.tenant_id, card.card_id));

-- ---------------------------------------------------------------- plan lists, credit checks, previews

-- Since when a record only grows older: housekeeping looks at it when that is long ago. It is put forward while
-- the payment goes on, and null once a plan, a paper or evidence refers to the record for good.
ALTER TABLE payment_plan_list ADD COLUMN aging_since timestamptz;
UPDATE payment_plan_list l SET aging_since = shown_at
WHERE NOT EXISTS (SELECT FROM payment_plan_evidence e
    WHERE (e.tenant_id, e.list_position) = (l.tenant_id, l.position));
CREATE INDEX payment_plan_list_aging ON payment_plan_list (aging_since) WHERE aging_since IS NOT NULL;

ALTER TABLE payment_credit_check ADD COLUMN aging_since timestamptz;
UPDATE payment_credit_check SET aging_since = asked_at;
CREATE INDEX payment_credit_check_aging ON payment_credit_check (aging_since) WHERE aging_since IS NOT NULL;

CREATE INDEX payment_plan_offer ON payment_plan (tenant_id, offer_id);
CREATE INDEX refund_preview_age ON refund_preview (expires_at);

-- ---------------------------------------------------------------- lists of payments

CREATE INDEX payment_status ON payment (tenant_id, client_id, is_live, status, position);
CREATE INDEX payment_program ON payment (tenant_id, client_id, is_live, issuer_program, position)
    WHERE issuer_program IS NOT NULL;

-- ---------------------------------------------------------------- settlements that are late

CREATE INDEX settlement_pending ON settlement (tenant_id, period_end) WHERE status = 'pending';

-- Settlements that nothing will close or pay out: always empty.
CREATE VIEW broken_settlement_task AS
SELECT s.tenant_id, s.settlement_id, CASE WHEN s.closed_at IS NULL
    THEN 'is open, and nothing is planned to close it'
    ELSE 'is closed, and nothing is planned to pay it out' END AS what
FROM settlement s
WHERE s.status = 'pending' AND NOT EXISTS (
    SELECT FROM payments_task t
    WHERE (t.tenant_id, t.client_id, t.is_live, t.subject_id)
            = (s.tenant_id, s.client_id, s.is_live, s.settlement_id)
        AND t.kind = CASE WHEN s.closed_at IS NULL THEN 'close_settlement' ELSE 'pay_out' END
);

-- Settlements that should have been closed or paid out a day ago, by their account's clock. Days end in the
-- account's time zone, at the latest 12 hours after they end in UTC.
CREATE VIEW overdue_settlement AS
SELECT s.tenant_id, c.code AS account_id, CASE WHEN s.is_live THEN 'live' ELSE 'test' END AS mode,
    s.settlement_id, s.closed_at IS NULL AS is_open,
    CASE WHEN s.closed_at IS NULL THEN s.period_end ELSE s.available_on END AS due_on
FROM settlement s
JOIN client c USING (tenant_id, client_id)
LEFT JOIN payments_agenda a USING (tenant_id, client_id, is_live)
CROSS JOIN world
WHERE s.status = 'pending' AND clock_timestamp() + world.clock_offset + coalesce(a.clock_offset, '0')
    > interval '36 hours' + CASE WHEN s.closed_at IS NULL THEN (s.period_end + 1)::timestamp AT TIME ZONE 'UTC'
        ELSE greatest(s.closed_at, s.available_on::timestamp AT TIME ZONE 'UTC') END;
