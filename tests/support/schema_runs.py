"""How far Schemathesis goes: a few requests an operation in the suite, every boundary of the schema by hand.

`SCHEMA_EXAMPLES=150` asks for more requests, and for the boundary values, whose making alone takes a while.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

_EXAMPLES = os.environ.get("SCHEMA_EXAMPLES")


def make_config(members: dict[str, Any] | None = None) -> SchemathesisConfig:
    """A configuration with the depth of this run."""
    return SchemathesisConfig.from_dict(
        {**(members or {}), "phases": {"coverage": {"enabled": _EXAMPLES is not None}}}
    )


def make_settings(max_examples: int) -> settings:
    """Requests for each operation, the same in every run."""
    return settings(
        max_examples=int(_EXAMPLES or max_examples),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
