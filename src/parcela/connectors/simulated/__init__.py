"""Stand-ins for the systems of others, for trying things and for tests."""
