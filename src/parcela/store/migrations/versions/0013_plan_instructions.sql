-- What merchants do to plans after the purchase.
SELECT 1;
