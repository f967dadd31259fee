"""Payments of merchants' accounts, with instalment plans, refunds and settlement (`spec/payments.md`)."""
