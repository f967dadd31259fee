"""Random histories of one account on a real database: the model and the contract hold after every step.

PAYMENTS_EXAMPLES and PAYMENTS_STEPS ask for a longer search at random, PAYMENTS_SHRINK makes what it finds
short.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.conftest import DemoTemplate
from tests.support.payments_machine import PaymentsBench, PaymentsMachine

IS_LONG = "PAYMENTS_EXAMPLES" in os.environ
IS_SHRUNK = "PAYMENTS_SHRINK" in os.environ
EXAMPLES = int(os.environ.get("PAYMENTS_EXAMPLES", "8"))
STEPS = int(os.environ.get("PAYMENTS_STEPS", "40"))
MUST_HAPPEN = {
    "create: now",
    "create: page",
    "create: intent",
    "confirm: completed",
    "challenge: pass",
    "capture: whole",
    "cancel: done",
    "refund: part",
    "refund: full",
    "cancel refund: done",
    "roll secret: done",
    "time: collected",
    "time: refund succeeded",
}
"""What every search reaches."""


def test_an_account_is_what_the_model_says_after_every_step(demo_template: DemoTemplate) -> None:
    bench = PaymentsBench(demo_template)

    class Machine(PaymentsMachine):
        def __init__(self) -> None:
            super().__init__(bench)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not IS_LONG,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, *([Phase.shrink] if IS_SHRUNK else [])],
        ),
    )
    print(sorted(bench.outcomes.items()))
    assert bench.outcomes.keys() >= MUST_HAPPEN
