"""Running a test with a world of letters on a database of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.conftest import DemoTemplate, RunWithEngine
from tests.support.delivery_world import DeliveryWorld, open_delivery_world

from parcela.operations.engine import Engine

Deliver = Callable[[Callable[[DeliveryWorld], Awaitable[Any]]], Any]


@pytest.fixture
def deliver(run: RunWithEngine, demo_template: DemoTemplate) -> Deliver:
    """Run a coroutine function with a delivery world."""

    def run_with_world(work: Callable[[DeliveryWorld], Awaitable[Any]]) -> Any:
        async def main(engine: Engine) -> Any:
            async with open_delivery_world(engine, demo_template.home) as opened:
                return await work(opened)

        return run(main)

    return run_with_world
