"""What an endpoint of this door is, and how one is found by method and path.

Each owner of a resource exports `ENDPOINTS: tuple[Endpoint, ...]` from `<resource>_endpoints.py`;
`endpoints.py` joins them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from parcela.dialects.payments.calls import Handler, Recover
from parcela.dialects.payments.errors import PaymentsError
from parcela.dialects.payments.fields import NO_FIELDS, Fields, Member
from parcela.dialects.payments.kinds import Integer, ObjectId
from parcela.domain.payments.keys import KeyKind, Scope
from parcela.domain.payments.pages import MOST_ITEMS
from parcela.domain.payments.refusals import Fault

SERVER_KEYS = frozenset({KeyKind.SECRET, KeyKind.RESTRICTED})
PREFIX = "/v1"
_MOST_SEGMENT_CHARACTERS = 200
_PAGING = {
    "limit": Member(Integer(least=1, most=MOST_ITEMS), "How many, 25 if not given"),
    "starting_after": Member(ObjectId(""), "The objects older than this one"),
    "ending_before": Member(ObjectId(""), "The objects newer than this one"),
}

AnswerSchema = type[msgspec.Struct] | Mapping[str, Any]
"""What a document is: a Struct (`wire_values.WireObject`), or a JSON Schema by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint.

    `path` is the whole one, such as `/v1/payments/{id}/confirm`. `answer` describes the document; of a list
    (`is_list`) one of its items, for the door adds the envelope and the members `limit`, `starting_after`
    and `ending_before` of the query. None: ready bytes of `media_types`. `keys` are the kinds that may call.
    `is_test_only` refuses live keys. `recover` is for endpoints whose operation binds its object before a
    call to the outside. `faults` are documented beside those that every endpoint has.
    """

    method: str
    path: str
    scope: Scope
    summary: str
    handler: Handler
    answer: AnswerSchema | None
    body: Fields | None = None
    query: Fields = NO_FIELDS
    is_list: bool = False
    status: int = 200
    keys: frozenset[KeyKind] = SERVER_KEYS
    is_test_only: bool = False
    recover: Recover | None = None
    faults: tuple[Fault, ...] = ()
    media_types: tuple[str, ...] = ()

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path; variable ones in braces."""
        return tuple(self.path.split("/")[1:])

    @property
    def query_table(self) -> Fields:
        """The query with the members of paging."""
        return Fields({**self.query.members, **_PAGING}) if self.is_list else self.query

    @property
    def name(self) -> str:
        """Method and path pattern: the endpoint of metrics and of idempotency keys (§12)."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint and the variable parts of the address that led to it."""

    endpoint: Endpoint
    path: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """The endpoints by their addresses."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = tuple(endpoints)
        names = [endpoint.name for endpoint in endpoints]
        assert len(set(names)) == len(names), "each method and path stands for one endpoint"

    def find(self, method: str, raw_path: bytes) -> Match:
        """The endpoint of an address. Raises PaymentsError: 404, or 405 with `Allow`."""
        segments = _split_path(raw_path)
        matches = [] if segments is None else self._list_matches(segments)
        if not matches:
            raise PaymentsError(
                Fault.RESOURCE_MISSING,
                "There is no such address. The API lives under /v1, such as /v1/payments.",
            )
        for match in matches:
            if match.endpoint.method == method:
                return match
        allowed = ", ".join(sorted(match.endpoint.method for match in matches))
        raise PaymentsError(
            "method_not_allowed",
            f"This address takes {allowed}.",
            headers={"Allow": allowed},
        )

    def find_endpoint(self, method: str, raw_path: bytes) -> Endpoint | None:
        """The endpoint of an address, if there is one."""
        segments = _split_path(raw_path)
        matches = [] if segments is None else self._list_matches(segments)
        return next((match.endpoint for match in matches if match.endpoint.method == method), None)

    def _list_matches(self, segments: tuple[str, ...]) -> list[Match]:
        """A fixed segment wins over a variable one: `/v1/refunds/preview` is no refund."""
        found = []
        for endpoint in self._endpoints:
            places = _match_segments(endpoint.segments, segments)
            if places is not None:
                found.append(Match(endpoint, places))
        fewest = min((len(match.path) for match in found), default=0)
        return [match for match in found if len(match.path) == fewest]


def _split_path(raw_path: bytes) -> tuple[str, ...] | None:
    """The decoded segments; None where one is empty, too long to be an id, or no text of UTF-8."""
    try:
        segments = tuple(unquote_to_bytes(part).decode("utf-8") for part in raw_path.split(b"/")[1:])
    except UnicodeDecodeError:
        return None
    is_fit = all(0 < len(segment) <= _MOST_SEGMENT_CHARACTERS and "\0" not in segment for segment in segments)
    return segments if is_fit else None


def _match_segments(pattern: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    places: dict[str, str] = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            places[part[1:-1]] = segment
        elif part != segment:
            return None
    return places
