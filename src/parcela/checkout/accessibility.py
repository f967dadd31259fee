"""The accessibility statement: made of what the browser tests found and wrote down (`make accessibility`)."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from parcela.checkout.languages import choose_page_words, keep_language
from parcela.checkout.pages import render_page

PATH = "/accessibility"
RECORD = "accessibility.json"
_LOOKS = (".html", "checkout.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityRecord:
    """One run of the tests. `views` counts states in a width, a language and a colour scheme."""

    tested_on: date
    looks_hash: str
    browser: str
    axe_version: str
    states: tuple[str, ...]
    widths: tuple[int, ...]
    languages: tuple[str, ...]
    views: int
    rules_passed: int
    violations: int
    purchases: int


@cache
def load_record() -> AccessibilityRecord:
    """What the last run of the tests found."""
    read: dict[str, Any] = json.loads((files("parcela.checkout") / RECORD).read_text("utf-8"))
    return AccessibilityRecord(
        tested_on=date.fromisoformat(read["testedOn"]),
        looks_hash=read["looksHash"],
        browser=read["browser"],
        axe_version=read["axeVersion"],
        states=tuple(read["states"]),
        widths=tuple(read["widths"]),
        languages=tuple(read["languages"]),
        views=read["views"],
        rules_passed=len(read["rulesPassed"]),
        violations=read["violations"],
        purchases=read["purchases"],
    )


def hash_looks() -> str:
    """A hash over the templates and the style sheet: what was tested looked so."""
    rooms = (files("parcela.checkout") / "templates", files("parcela.static"))
    looks = [file for room in rooms for file in room.iterdir() if file.name.endswith(_LOOKS)]
    digest = hashlib.sha256()
    for file in sorted(looks, key=lambda file: file.name):
        digest.update(file.read_bytes())
    return digest.hexdigest()


class AccessibilityPage:
    """Serves the statement, in the language of the hosted page."""

    def __init__(self, root_url: str) -> None:
        self._root_url = root_url

    def list_routes(self) -> list[BaseRoute]:
        """Where the statement is."""
        return [Route(PATH, self.serve, methods=["GET"])]

    async def serve(self, request: Request) -> Response:
        """The statement."""
        words = choose_page_words(request, None)
        record = load_record()
        tested_on = words.write_date(record.tested_on)
        response = render_page("accessibility.html", words, path=PATH, record=record, tested_on=tested_on)
        keep_language(request, response, self._root_url)
        return response
