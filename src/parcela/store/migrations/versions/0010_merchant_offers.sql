-- Accepted and used offers, budgets and the evidence of acceptance.
SELECT 1;
