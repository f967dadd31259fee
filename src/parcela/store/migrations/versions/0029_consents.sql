-- What a payer was asked before a lender is, and agreements that lie with the evidence.

-- Our page's question before a credit check, in the language in which it was shown. Both null: a merchant asked.
ALTER TABLE payment_credit_check
    ADD COLUMN consent_text      text,
    ADD COLUMN consent_language  text,
    ADD CHECK ((consent_text IS NULL) = (consent_language IS NULL));

-- `record`: a paper that was made with the acceptance, and is named by its evidence.
ALTER TABLE paper_delivery
    DROP CONSTRAINT paper_delivery_way_check,
    ADD CONSTRAINT paper_delivery_way_check CHECK (way IN ('checkout', 'plan_page', 'mail', 'merchant', 'record'));
