"""Records of payments, plans, refunds and settlement. Each belongs to an account in one mode."""
