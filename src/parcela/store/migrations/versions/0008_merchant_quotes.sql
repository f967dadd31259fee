-- Quotes: the cart offers that a merchant was shown in one answer, kept so that an acceptance or a payment can be
-- held against them. One is written at nearly every inquiry and only waits to be forgotten, so that it refers to
-- nothing: a foreign key would lock the merchant's row each time.
CREATE TABLE merchant_quote (
    tenant_id  integer NOT NULL,
    quote_id   text NOT NULL CHECK (quote_id ~ '^[a-z][0-9A-Za-z]{19}$'),
    client_id  integer NOT NULL,
    quoted_at  timestamptz NOT NULL,
    body       text NOT NULL,
    PRIMARY KEY (tenant_id, quote_id)
);
-- Bodies stay in the row: compressing and moving them costs more than the pages they take.
ALTER TABLE merchant_quote ALTER COLUMN body SET STORAGE MAIN, SET (toast_tuple_target = 8160);
CREATE INDEX merchant_quote_age ON merchant_quote USING brin (quoted_at);
