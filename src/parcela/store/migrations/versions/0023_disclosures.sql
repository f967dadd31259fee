-- What was shown of a plan and its proof.
SELECT 1;
