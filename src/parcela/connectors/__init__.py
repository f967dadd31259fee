"""What stands behind the ports: the machine's clock and randomness, and the parties that we call."""
