-- Quoted cart offers.
SELECT 1;
