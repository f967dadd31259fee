-- Letters by e-mail.
SELECT 1;
