-- The simulated acquirer and plan provider.
SELECT 1;
