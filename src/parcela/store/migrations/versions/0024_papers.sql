-- Papers that were delivered.
SELECT 1;
