"""The payments door: one ASGI application under `/v1` (`spec/payments.md`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from parcela.dialects.http import BodyTooLarge, ClientDisconnect, read_body
from parcela.dialects.metrics import observe_request
from parcela.dialects.payments import idempotent, json_body
from parcela.dialects.payments.answers import write_refusal
from parcela.dialects.payments.authentication import Authenticator, Caller, Circumstances
from parcela.dialects.payments.browsers import answer_preflight, is_for_browsers, list_origin_headers
from parcela.dialects.payments.calls import Call, write_reply
from parcela.dialects.payments.errors import PaymentsError
from parcela.dialects.payments.faults import answer_refusal, refuse_unavailable
from parcela.dialects.payments.fields import read_query
from parcela.dialects.payments.paging import read_page
from parcela.dialects.payments.rate_limits import (
    TEST,
    TIERS,
    UNCOUNTED,
    RateLimits,
    Standing,
    refuse_limited,
)
from parcela.dialects.payments.routes import PREFIX, Endpoint, Routes
from parcela.dialects.payments.settings import PaymentsSettings
from parcela.dialects.payments.versions import NEWEST, choose_version
from parcela.dialects.strict_json import JsonValue
from parcela.domain.payments.ids import RANDOM_BYTES, Prefix, make_id
from parcela.domain.payments.keys import ApiKey, KeyKind
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.engine import UNAVAILABLE_ERRORS
from parcela.operations.payments.callers import open_moment
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.idempotency import (
    Answer,
    AnswerKeeper,
    ClaimLost,
    RequestKey,
    make_fingerprint,
    make_key_text,
)

log = structlog.get_logger("parcela.payments")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """What a door is put together from."""

    settings: PaymentsSettings
    endpoints: Sequence[Endpoint]


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One request on its way, with what has been learnt of it; headers and log tell it in the end."""

    request: Request
    raw_path: bytes = field(repr=False)
    request_id: str = ""
    endpoint: str = "unknown"
    account_id: str = ""
    version: str = NEWEST
    standing: Standing = UNCOUNTED

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The request's headers, names in lower case."""
        found: list[tuple[bytes, bytes]] = self.request.scope["headers"]
        return found

    def locate(self, routes: Routes) -> Circumstances:
        """Whence it comes and what it asks for; where there is no such address, with every kind of key."""
        client = self.request.scope.get("client")
        endpoint = routes.find_endpoint(self.request.method, self.raw_path)
        return Circumstances(
            address=client[0] if client else "",
            subject=f"{self.request.method} {self.raw_path.decode('latin-1')}",
            request_id=self.request_id,
            endpoint="unknown" if endpoint is None else endpoint.name,
            kinds=frozenset(KeyKind) if endpoint is None else endpoint.keys,
        )


class PaymentsDoor:
    """Reads, authenticates, routes and answers the requests of accounts."""

    def __init__(self, desk: PaymentsDesk, parts: DoorParts) -> None:
        self._desk = desk
        self._engine = desk.engine
        self._routes = Routes(parts.endpoints)
        self._limits = RateLimits(parts.settings)
        self._authenticator = Authenticator(desk.engine)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        started_s = self._engine.clock.monotonic_s()
        raw_path: bytes = (scope.get("raw_path") or str(scope["path"]).encode()).partition(b"?")[0]
        visit = _Visit(request=Request(scope, receive), raw_path=raw_path)
        # The worker's own copy of the clock will do: an answer has an id also while the database is away.
        random = self._engine.ids.random_bytes(RANDOM_BYTES)
        visit.request_id = make_id(Prefix.REQUEST, at=self._engine.recall().real_now, random=random)
        try:
            response = await self._answer(visit)
        except ClientDisconnect:
            return
        if is_for_browsers(self._routes, visit.request.method, raw_path):
            response.headers.update(list_origin_headers())
        response.headers["Request-Id"] = visit.request_id
        response.headers["Parcela-Version"] = visit.version
        response.headers.update(visit.standing.list_headers(self._engine.recall().real_now))
        seconds = self._engine.clock.monotonic_s() - started_s
        observe_request("payments", visit.endpoint, response.status_code, seconds)
        log.info(
            "answered",
            request_id=visit.request_id,
            account=visit.account_id,
            endpoint=visit.endpoint,
            status=response.status_code,
        )
        await response(scope, receive, send)

    async def _answer(self, visit: _Visit) -> Response:
        try:
            return await self._handle(visit)
        except PaymentsError as refusal:
            return _refuse(visit, refusal)
        except PaymentRefused as refusal:
            return _refuse(visit, answer_refusal(refusal))
        except BodyTooLarge:
            return _refuse(visit, json_body.refuse_too_large())
        except ClaimLost:
            return _refuse(visit, idempotent.refuse_in_progress())
        except UNAVAILABLE_ERRORS as fault:
            log.warning("store unavailable", fault=type(fault).__name__, request_id=visit.request_id)
            return _refuse(visit, refuse_unavailable())
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("request failed", request_id=visit.request_id)
            message = f"A fault of the server. Tell the operator the request id {visit.request_id}."
            return _refuse(visit, PaymentsError("internal_error", message))

    async def _handle(self, visit: _Visit) -> Response:
        """The checks in the order of the contract: 401, 403, 415, body, fields, state."""
        if visit.request.method == "OPTIONS":
            preflight = answer_preflight(self._routes, visit.raw_path, visit.headers)
            if preflight is not None:
                return preflight
        world = await self._engine.look()
        caller = await self._authenticator.authenticate(world, visit.headers, visit.locate(self._routes))
        visit.account_id = caller.client.code
        self._count(visit, caller)
        visit.version = caller.account.version
        visit.version = choose_version(visit.headers, pinned=caller.account.version)
        match = self._routes.find(visit.request.method, visit.raw_path)
        endpoint = match.endpoint
        visit.endpoint = endpoint.name
        _check_permission(caller.key, endpoint)
        sent, body = await _read_body(visit, endpoint)
        query = read_query(endpoint.query_table, visit.request.scope["query_string"])
        moment = await open_moment(
            self._engine, world, caller.client, caller.account, is_live=caller.key.is_live
        )
        call = Call(
            desk=self._desk,
            moment=moment,
            key=caller.key,
            path=match.path,
            query=query,
            body=body,
            page=read_page(query) if endpoint.is_list else None,
            status=endpoint.status,
            keeping=AnswerKeeper(self._engine, None),
            request_id=visit.request_id,
        )
        return await self._carry_out(visit, endpoint, call, sent)

    def _count(self, visit: _Visit, caller: Caller) -> None:
        allowance = TIERS[caller.account.rate_tier] if caller.key.is_live else TEST
        is_granted, visit.standing = self._limits.take(
            caller.key.key_id,
            allowance,
            is_read=visit.request.method == "GET",
            now_s=self._engine.clock.monotonic_s(),
        )
        if not is_granted:
            raise refuse_limited(allowance)

    async def _carry_out(
        self, visit: _Visit, endpoint: Endpoint, call: Call, sent: dict[str, JsonValue]
    ) -> Response:
        key = idempotent.read_key(visit.request.method, visit.headers)
        if key is None:
            reply = await endpoint.handler(call)
            return _send(write_reply(reply, call), headers=reply.headers, media_type=reply.media_type)
        owner = call.moment.owner
        canonical = json_body.write_canonical(visit.raw_path.decode("latin-1"), sent)
        request_key = RequestKey(
            owner=owner,
            endpoint=endpoint.name,
            key=make_key_text(self._engine, owner, key),
            fingerprint=make_fingerprint(self._engine, owner, canonical),
        )
        once = await idempotent.answer_once(self._engine, endpoint, call, request_key)
        return _send(once.answer, headers={"Idempotent-Replayed": "true"} if once.is_replayed else {})


def _check_permission(key: ApiKey, endpoint: Endpoint) -> None:
    if not key.may(endpoint.scope):
        raise PaymentsError(
            "permission_missing",
            f"This key lacks the scope '{endpoint.scope}'. An administrator can grant it.",
            details={"scope": str(endpoint.scope)},
        )
    if endpoint.is_test_only and key.is_live:
        raise PaymentsError(Fault.TEST_ONLY, "This call is for test mode: use a test key, such as sk_test_…")


async def _read_body(visit: _Visit, endpoint: Endpoint) -> tuple[dict[str, JsonValue], dict[str, Any]]:
    """The object as it was sent, and its checked members; where all are optional, no body is one too."""
    table = endpoint.body
    if table is None:
        return {}, {}
    has_type = any(name == b"content-type" for name, _ in visit.headers)
    if has_type:
        json_body.check_media_type(visit.headers)
    raw = await read_body(visit.request, limit=json_body.MAX_BODY_BYTES)
    if not raw and not table.has_required:
        return {}, {}
    if not has_type:
        json_body.check_media_type(visit.headers)
    sent = json_body.read_object(raw)
    return sent, table.read(sent)


def _send(answer: Answer, *, headers: Mapping[str, str], media_type: str = "application/json") -> Response:
    return Response(answer.body, answer.status, headers=dict(headers), media_type=media_type)


def _refuse(visit: _Visit, error: PaymentsError) -> Response:
    return _send(write_refusal(error, request_id=visit.request_id), headers=error.headers)


class PaymentsRoute(BaseRoute):
    """Everything below the prefix, whatever characters an id has: a pattern would stop at a line end."""

    def __init__(self, door: PaymentsDoor) -> None:
        self._door = door

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Is it ours?"""
        path = str(scope.get("path", ""))
        is_ours = scope["type"] == "http" and (path == PREFIX or path.startswith(f"{PREFIX}/"))
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._door(scope, receive, send)
