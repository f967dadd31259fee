"""Orders of merchants: payments, captures, refunds, voids, and what is done when their outcome is lost."""
