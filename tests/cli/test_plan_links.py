"""`parcela plan new-link`: a new address for the cardholder's own page."""

import pytest
from tests.cli.conftest import Run
from tests.conftest import DemoTemplate
from tests.support.early_acts import get_link
from tests.support.payments_world import open_payments_world
from tests.support.refund_acts import pay_in_rows

from parcela.domain.errors import NotFound
from parcela.domain.payments.ids import find_plan_id

OPERATOR = "operator@sandbox.example"


def test_a_plan_gets_a_new_link(parcela: Run, database_url: str, demo_template: DemoTemplate) -> None:
    with open_payments_world(database_url, demo_template.home) as world:
        bought = pay_in_rows(world)
        first, name = get_link(world, bought), bought["installments"]["plan"]
        second = parcela("plan", "new-link", name, "--as", OPERATOR).output.strip()
        third = parcela("plan", "new-link", str(find_plan_id(name)), "--as", OPERATOR).output.strip()
        assert [link.rpartition("/")[2].partition(".")[0] for link in (first, second, third)] == [
            "1",
            "2",
            "3",
        ]
        assert get_link(world, bought).rpartition("/")[2] == third.rpartition("/")[2]
        lines = world.fetch(
            "SELECT actor, subject, detail::text AS detail FROM audit"
            " WHERE action = 'payment_plan.renew_link' ORDER BY sequence"
        )
    assert [tuple(line.values()) for line in lines] == [
        (OPERATOR, find_plan_id(name), '{"link":2}'),
        (OPERATOR, find_plan_id(name), '{"link":3}'),
    ]


@pytest.mark.parametrize("name", ["plan_00000000000000000000000000", "nonsense", ""])
def test_a_plan_that_is_none_gets_no_link(parcela: Run, name: str) -> None:
    refused = parcela("plan", "new-link", name, "--as", OPERATOR)
    assert isinstance(refused.exception, NotFound)
