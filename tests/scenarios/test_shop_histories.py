"""Random histories of orders on a real database: statuses and totals are the model's after every step.

ORDER_EXAMPLES and ORDER_STEPS ask for a longer search at random, ORDER_SHRINK makes what it finds short.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.conftest import DemoTemplate
from tests.support.shop_machine import ShopBench, ShopMachine

IS_LONG = "ORDER_EXAMPLES" in os.environ
IS_SHRUNK = "ORDER_SHRINK" in os.environ
EXAMPLES = int(os.environ.get("ORDER_EXAMPLES", "12"))
STEPS = int(os.environ.get("ORDER_STEPS", "40"))
MUST_HAPPEN = {
    "authorization: approved",
    "payment: approved",
    "payment: already_paid",
    "capture: approved",
    "refund: approved",
    "void: approved",
    "void: nothing_to_void",
}
"""What every search reaches."""


def test_orders_are_what_the_model_says_after_every_step(demo_template: DemoTemplate) -> None:
    bench = ShopBench(demo_template)

    class Machine(ShopMachine):
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
    assert any(outcome.endswith(": locked") for outcome in bench.outcomes)
