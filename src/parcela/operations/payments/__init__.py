"""What merchants' accounts do: payments with instalments, refunds, settlement (`spec/payments.md`)."""
