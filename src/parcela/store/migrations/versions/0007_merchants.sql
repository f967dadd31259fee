-- Merchants as callers, their API passwords, and the kinds of their set-up.
SELECT 1;
