"""Property tests run a moderate number of examples; PROPERTY_EXAMPLES asks for more."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "parcela",
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "300")),
    deadline=None,
    derandomize="PROPERTY_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("parcela")
