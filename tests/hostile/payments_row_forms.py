"""How rows of our own for the payments door are written."""

from typing import Any

from tests.hostile.rows import Row


def write_row(
    name: str,
    base: str,
    status: int | list[int],
    code: str | list[str] | None = None,
    *,
    param: str | None = None,
    **given: Any,
) -> Row:
    """A row that expects a status; of a refusal with a code also that, and that nothing has changed."""
    statuses = [status] if isinstance(status, int) else status
    expect: dict[str, Any] = {"status": statuses, "state": "any" if min(statuses) < 400 else "unchanged"}
    if code is not None:
        expect["code_any"] = [code] if isinstance(code, str) else code
    if param is not None:
        expect["param"] = param
    return {"id": name, "target": "psp:own", "input": {"base": f"psp.{base}", **given}, "expect": expect}


def raw(text: str) -> str:
    """A value that stands in the JSON as it is."""
    return f"<raw>{text}"
