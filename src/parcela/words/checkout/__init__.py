"""The hosted page's sentences, one table for each language."""
