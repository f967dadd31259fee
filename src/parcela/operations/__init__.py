"""Use cases: one function each, the only place that opens transactions."""
