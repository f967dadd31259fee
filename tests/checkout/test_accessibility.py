"""The accessibility statement: its figures are those of the browser tests, and not older than the pages."""

import asyncio

from starlette.applications import Starlette
from tests.support.page_states import STATES

from parcela.checkout.accessibility import AccessibilityPage, hash_looks, load_record
from parcela.checkout.languages import LANGUAGE_NAMES


async def ask(query: str) -> tuple[int, str]:
    """The statement, in process."""
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/accessibility",
        "raw_path": b"/accessibility",
        "query_string": query.encode(),
        "headers": [],
    }
    app = Starlette(routes=AccessibilityPage("http://parcela.test").list_routes())
    await app(scope, receive, send)  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent[1:])  # type: ignore[misc]
    return int(str(sent[0]["status"])), body.decode()


def test_the_figures_are_of_the_pages_as_they_are_now() -> None:
    # Where this fails: run `make accessibility`.
    record = load_record()
    assert record.looks_hash == hash_looks()
    assert (record.states, record.languages, record.violations) == (
        tuple(state.name for state in STATES),
        tuple(LANGUAGE_NAMES),
        0,
    )


def test_the_statement_tells_them_in_every_language() -> None:
    record = load_record()
    for language in LANGUAGE_NAMES:
        status, text = asyncio.run(ask(f"lang={language}"))
        assert (status, f'<html lang="{language}"' in text) == (200, True)
        assert f"<dd><bdi>{record.rules_passed} (axe-core {record.axe_version})</bdi></dd>" in text
        assert f"<dd>{record.views}</dd>" in text
