-- Where a browser stands on the hosted page of a payment.

-- `browser_key` is a hash of the browser's cookie. Every form that is taken raises `serial`, so that no form
-- is taken twice. An offer stays chosen with the card for which it was shown; no card number is kept here.
CREATE TABLE checkout_session (
    tenant_id          integer NOT NULL,
    client_id          integer NOT NULL,
    is_live            boolean NOT NULL,
    payment_id         text NOT NULL,
    browser_key        bytea NOT NULL CHECK (octet_length(browser_key) = 32),
    serial             bigint NOT NULL CHECK (serial > 0),
    step               text NOT NULL CHECK (step IN ('card', 'choice', 'details', 'review')),
    payment_method_id  text,
    offer_id           text,
    asked              text,
    notice             text CHECK (notice IN (
                           'lapsed', 'plan_declined', 'credit_declined', 'plan_unavailable', 'failed')),
    PRIMARY KEY (tenant_id, payment_id, browser_key),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
    CHECK (step = 'card' OR payment_method_id IS NOT NULL),
    CHECK (step <> 'details' OR offer_id IS NOT NULL)
);
