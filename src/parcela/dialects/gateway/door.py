"""The gateway door: one ASGI application under `/api`, REST and NVP (`spec/gateway.md` §§1–4, 15)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from parcela.dialects.gateway.answers import answer_error, answer_reply
from parcela.dialects.gateway.authentication import (
    Authenticator,
    Circumstances,
    Login,
    SessionScope,
    read_basic,
    read_nvp_login,
)
from parcela.dialects.gateway.calls import Call, Ports, Reply
from parcela.dialects.gateway.errors import (
    GatewayError,
    answer_fault,
    refuse_busy,
    refuse_missing,
    refuse_throttled,
    refuse_too_large,
)
from parcela.dialects.gateway.fields import (
    check_fields,
    check_formats,
    check_required,
    find_text,
    restrict_tree,
)
from parcela.dialects.gateway.information import answer_information
from parcela.dialects.gateway.nvp import find_only_value, split_pairs
from parcela.dialects.gateway.paths import Paths
from parcela.dialects.gateway.reading import Reading, read_nvp, read_rest
from parcela.dialects.gateway.refusals import NEVER_HERE, answer_refusal
from parcela.dialects.gateway.request_tree import merge_trees
from parcela.dialects.gateway.routes import Operation
from parcela.dialects.gateway.session_desk import open_fields
from parcela.dialects.gateway.settings import GatewaySettings
from parcela.dialects.gateway.throttle import Throttle
from parcela.dialects.http import BodyTooLarge, ClientDisconnect, read_body
from parcela.dialects.metrics import observe_request
from parcela.domain.errors import DomainError
from parcela.domain.order_refusals import SessionGone
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.merchants import MerchantCaller

PREFIX = "/api"
MAX_BODY_BYTES = 256 * 1024
_NVP_PREFIX = b"/api/nvp"
_SUPPORT_BYTES = 5

log = structlog.get_logger("parcela.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """What a door is put together from. `is_draining`: does the server finish only what it has begun?"""

    settings: GatewaySettings
    ports: Ports
    operations: Sequence[Operation]
    is_draining: Callable[[], bool] = lambda: False
    login_throttle: Throttle = field(default_factory=Throttle)
    session_throttle: Throttle = field(default_factory=Throttle)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One request on its way, with what has been learnt of it; the log tells it in the end."""

    request: Request
    request_id: str
    raw_path: bytes = field(repr=False)
    is_nvp: bool
    operation: str = "unknown"
    merchant_id: str = ""

    @property
    def address(self) -> str:
        """Where the request comes from."""
        client = self.request.scope.get("client")
        return client[0] if client else ""


class GatewayDoor:
    """Reads, authenticates, routes and answers the requests of merchants."""

    def __init__(self, engine: Engine, parts: DoorParts) -> None:
        self._engine = engine
        self._parts = parts
        self._operations = {operation.name: operation for operation in parts.operations}
        self._paths = Paths(parts.operations, lowest_version=parts.settings.lowest_version)
        self._authenticator = Authenticator(engine, parts.settings, parts.login_throttle)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        started_s = self._engine.clock.monotonic_s()
        raw_path: bytes = (scope.get("raw_path") or str(scope["path"]).encode()).partition(b"?")[0]
        visit = _Visit(
            request=Request(scope, receive),
            request_id=self._engine.ids.new_uuid(),
            raw_path=raw_path,
            is_nvp=raw_path == _NVP_PREFIX or raw_path.startswith(_NVP_PREFIX + b"/"),
        )
        try:
            response = await self._answer(visit)
        except ClientDisconnect:
            return
        response.headers["X-Request-Id"] = visit.request_id
        seconds = self._engine.clock.monotonic_s() - started_s
        observe_request("gateway", visit.operation, response.status_code, seconds)
        log.info(
            "answered",
            request_id=visit.request_id,
            merchant=visit.merchant_id,
            operation=visit.operation,
            status=response.status_code,
        )
        await response(scope, receive, send)

    async def _answer(self, visit: _Visit) -> Response:
        try:
            return await self._handle(visit)
        except GatewayError as refusal:
            return answer_error(refusal, is_nvp=visit.is_nvp)
        except BodyTooLarge:
            return answer_error(refuse_too_large(MAX_BODY_BYTES), is_nvp=visit.is_nvp)
        except UNAVAILABLE_ERRORS as fault:
            log.warning("store unavailable", fault=type(fault).__name__, request_id=visit.request_id)
            return answer_error(refuse_busy(), is_nvp=visit.is_nvp)
        except ClientDisconnect:
            raise
        except Exception:
            code = f"PARC-{self._engine.ids.random_bytes(_SUPPORT_BYTES).hex().upper()}"
            log.exception("request failed", support_code=code, request_id=visit.request_id)
            return answer_error(answer_fault(code), is_nvp=visit.is_nvp)

    async def _handle(self, visit: _Visit) -> Response:
        """The checks in the order of §2; the first failing one answers."""
        body = await read_body(visit.request, limit=MAX_BODY_BYTES)
        if visit.is_nvp:
            return await self._handle_nvp(visit, body)
        target = self._paths.find_rest(visit.raw_path, visit.request.method)
        if not target.operations:
            visit.operation = "information"
            return answer_information(self._parts.is_draining)
        session = SessionScope(
            is_taken=any(operation.takes_session_login for operation in target.operations),
            session_id=target.places.get("session_id", ""),
        )
        values = [value for name, value in visit.request.scope["headers"] if name == b"authorization"]
        merchant_id = target.places["merchant_id"]
        world, caller = await self._let_in(visit, read_basic(values), session, merchant_id)
        is_get = visit.request.method == "GET"
        query: bytes = visit.request.scope["query_string"]
        reading = read_rest(target, query=query, body=body, is_get=is_get)
        return await self._carry_out(
            visit, self._make_call(visit, world, caller, reading, target.version), reading
        )

    async def _handle_nvp(self, visit: _Visit, body: bytes) -> Response:
        version = self._paths.find_nvp_version(visit.raw_path, visit.request.method)
        pairs = split_pairs(body)
        named = self._operations.get(find_only_value(pairs, "apiOperation") or "")
        is_its_own = named is not None and "session.id" in named.place_fields
        session = SessionScope(
            is_taken=named is not None and named.takes_session_login,
            session_id=(find_only_value(pairs, "session.id") or "") if is_its_own else "",
        )
        merchant_id = find_only_value(pairs, "merchant")
        world, caller = await self._let_in(visit, read_nvp_login(pairs), session, merchant_id)
        reading = read_nvp(self._operations, pairs, version=version, merchant_id=caller.client.code)
        return await self._carry_out(visit, self._make_call(visit, world, caller, reading, version), reading)

    async def _let_in(
        self, visit: _Visit, login: Login, session: SessionScope, merchant_id: str | None
    ) -> tuple[World, MerchantCaller]:
        world = await self._engine.look()
        where = Circumstances(
            address=visit.address,
            host=visit.request.headers.get("host", ""),
            subject=f"{visit.request.method} {visit.raw_path.decode('latin-1')}",
            request_id=visit.request_id,
            session=session,
            merchant_id=merchant_id,
        )
        caller = await self._authenticator.authenticate(world, login, where)
        visit.merchant_id = caller.client.code
        return world, caller

    def _make_call(
        self, visit: _Visit, world: World, caller: MerchantCaller, reading: Reading, version: int
    ) -> Call:
        visit.operation = reading.operation.name
        return Call(
            engine=self._engine,
            world=world,
            settings=self._parts.settings,
            ports=self._parts.ports,
            caller=caller,
            place=reading.place,
            operation=reading.operation.name,
            version=version,
            fields=reading.fields,
            sent=reading.fields,
            nulls=reading.nulls,
            host=visit.request.headers.get("host", ""),
            request_id=visit.request_id,
        )

    async def _carry_out(self, visit: _Visit, call: Call, reading: Reading) -> Response:
        table = reading.operation.table
        check_formats(table, reading.fields, reading.malformed)
        session_id = find_text(reading.fields, "session.id") if table.takes_session else None
        if session_id is None:
            check_required(table, reading.fields, reading.missing)
        elif reading.missing:
            # What else is missing may be in the session.
            raise refuse_missing(min(reading.missing))
        self._check_sessions(visit, call, session_id or reading.place.session_id)
        try:
            reply = await self._find_reply(call, reading.operation, session_id)
        except DomainError as refusal:
            if refusal.code in NEVER_HERE:
                raise
            if isinstance(refusal, SessionGone):
                self._parts.session_throttle.note_failure(
                    visit.address, visit.merchant_id, self._engine.clock.monotonic_s()
                )
            raise answer_refusal(refusal, call) from None
        return answer_reply(
            reply,
            merchant_id=visit.merchant_id,
            correlation_id=reading.correlation_id,
            is_nvp=visit.is_nvp,
        )

    async def _find_reply(self, call: Call, operation: Operation, session_id: str | None) -> Reply:
        """A repeat's first answer comes before its session is looked for, which may be gone by now."""
        if operation.recall is not None:
            first = await operation.recall(call)
            if first is not None:
                return first
        if session_id is not None:
            call = await self._open_session(call, operation, session_id)
        return await operation.handler(call)

    async def _open_session(self, call: Call, operation: Operation, session_id: str) -> Call:
        """The call with the fields of its session beneath its own. Raises GatewayError, SessionGone."""
        kept = await open_fields(call, session_id, version=find_text(call.sent, "session.version"))
        fields = merge_trees(restrict_tree(operation.table, kept), call.sent)
        check_fields(operation.table, fields)
        return replace(call, fields=fields)

    def _check_sessions(self, visit: _Visit, call: Call, session_id: str) -> None:
        """Whoever asked for many sessions that there are not waits, before there is a next one."""
        if not session_id:
            return
        now_s = self._engine.clock.monotonic_s()
        wait_s = self._parts.session_throttle.find_wait_s(visit.address, visit.merchant_id, now_s)
        if wait_s is not None:
            log.warning("sessions throttled", request_id=call.request_id, merchant=visit.merchant_id)
            raise refuse_throttled(wait_s)


class GatewayRoute(BaseRoute):
    """Everything below the prefix, whatever characters an id has: a pattern would stop at a line end."""

    def __init__(self, door: GatewayDoor) -> None:
        self._door = door

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Is it ours?"""
        path = str(scope.get("path", ""))
        is_ours = scope["type"] == "http" and (path == PREFIX or path.startswith(f"{PREFIX}/"))
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._door(scope, receive, send)
