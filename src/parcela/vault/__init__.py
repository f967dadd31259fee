"""Card numbers at rest: envelope encryption, blind index, and the keys for both."""
