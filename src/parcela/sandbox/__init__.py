"""The demo world: a bank, its offers, callers with keys, and people who may sign in."""
