"""Members of requests that the wire writes with underscores.

Written by `python -m clients.python.generate`; do not edit.
"""

from __future__ import annotations

SNAKE_CASE_NAMES = frozenset({"ending_before", "limit", "payment_method_type", "starting_after"})
