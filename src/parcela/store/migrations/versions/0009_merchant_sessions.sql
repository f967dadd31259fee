-- Payment sessions.
SELECT 1;
