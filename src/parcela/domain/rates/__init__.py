"""Cost-of-credit rates, one module per regime (spec disclosures §§2 to 4)."""
