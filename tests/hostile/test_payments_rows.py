"""The hostile inputs that the payments door must meet, and more of the same kinds beside each.

Every fourth of those beside them; `HOSTILE_ROWS=all` takes all.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.hostile.payments_frames import list_json_rows
from tests.hostile.payments_neighbours import NEIGHBOURS
from tests.hostile.payments_rows import build_request, list_secrets
from tests.hostile.payments_site import PaymentsSite, load_keys, read_code, watch_payments
from tests.hostile.rows import Row
from tests.hostile.site import CLOSED, Site
from tests.support.network_client import Answer
from tests.support.samples import load_sample

FOLDER = Path(__file__).parents[1] / "data" / "payments"
PUBLISHED: list[Row] = json.loads((FOLDER / "hostile_inputs.json").read_text(encoding="utf-8"))
ANY: list[Row] = [row for row in load_sample("hostile_inputs") if row["target"] == "any:JSON body"]
# Those of many requests, of broken connections and of odd headers: test_payments_stories.py.
ELSEWHERE = {"P-077", "P-085", "P-090", "P-091", "P-103", "P-104"}
_STEP = 1 if os.environ.get("HOSTILE_ROWS") == "all" else 4
ROWS = [
    *(row for row in PUBLISHED if row["id"] not in ELSEWHERE),
    *list_json_rows(ANY),
    *NEIGHBOURS[::_STEP],
]


@pytest.fixture(scope="module")
def payments(site: Site) -> Iterator[PaymentsSite]:
    """The door; in the end nothing is broken."""
    opened = PaymentsSite(site, load_keys(site))
    yield opened
    assert site.list_breaks() == []


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(PUBLISHED) == 52
    assert len({row["id"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_row(payments: PaymentsSite, row: Row) -> None:
    request, expect = build_request(payments, row), row["expect"]
    peak_mib = payments.site.measure_peak_mib() if "max_rss_mib" in expect else 0
    with watch_payments(payments, secrets=list_secrets(row)) as watched:
        answer = payments.site.send(request)
    watched.answers.append(answer)
    check_answer(expect, answer)
    assert watched.elapsed_s * 1000 <= expect.get("max_ms", 2000)
    if peak_mib:
        assert payments.site.measure_peak_mib() - peak_mib <= expect["max_rss_mib"]
    if expect.get("state") == "unchanged" or answer.status >= 400:
        assert watched.changed == []
    else:
        payments.forget_stock()
    watched.check()


def check_answer(expect: dict[str, Any], answer: Answer) -> None:
    assert ("close" if answer is CLOSED else answer.status) in expect["status"], answer.raw
    if answer.status >= 400:
        assert read_code(answer) in expect.get("code_any", [read_code(answer)]), answer.raw
        assert answer.body["error"]["param"] == expect.get("param", answer.body["error"]["param"]), answer.raw
