"""What an issuer's processor does with a plan, from the notification to the last installment."""
