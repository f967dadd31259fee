-- The cardholder's own page.
SELECT 1;
