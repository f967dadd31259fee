-- Did the merchant ask for the payment's language? If not, its page is in the shopper's.
ALTER TABLE payment ADD COLUMN has_own_locale boolean NOT NULL DEFAULT true;
ALTER TABLE payment ALTER COLUMN has_own_locale DROP DEFAULT;
