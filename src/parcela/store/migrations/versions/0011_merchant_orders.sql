-- Orders and transactions of merchants.
SELECT 1;
