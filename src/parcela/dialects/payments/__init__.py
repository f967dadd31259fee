"""The payments door: `/v1`, compatible with the public VINR API (`spec/payments.md`)."""
