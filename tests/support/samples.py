"""The published and the made samples of the network dialect, each time as a fresh object."""

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "network"


def load_sample(name: str) -> Any:
    """A file of `tests/data/network`, without its ending."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def load_error(table: str, case: str, call: str | None = None) -> dict[str, Any]:
    """The one row of an error table with that case (and call)."""
    rows = [
        row
        for row in load_sample(f"errors-{table}")
        if row["case"] == case and call in (None, row.get("call")) and row.get("sent", True)
    ]
    assert len(rows) == 1, f"{table} has {len(rows)} rows {case}"
    found: dict[str, Any] = rows[0]
    return found


def expect_offers(name: str, answer: dict[str, Any], root_url: str) -> dict[str, Any]:
    """A published offers answer with what a server fills in by itself: the id and the logo's host."""
    expected: dict[str, Any] = load_sample(name)
    expected["offerTransactionId"] = answer["offerTransactionId"]
    for offer in expected["offers"]:
        offer["provider"]["providerLogoUrl"] = f"{root_url}/static/sandbox-bank.png"
    return expected


class _Unset:
    """Stands for "take the member out". Its name is the same in every process, since it enters test ids."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset()


def edit(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with members set or taken out; paths as `schedulePayments[0].dueDate`."""
    edited: dict[str, Any] = json.loads(json.dumps(body))
    for path, value in changes.items():
        *parents, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        target: Any = edited
        for step in parents:
            target = target[step] if isinstance(step, int) else target.setdefault(step, {})
        if value is UNSET:
            target.pop(last, None)
        else:
            target[last] = value
    return edited
