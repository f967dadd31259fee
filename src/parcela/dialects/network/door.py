"""The network door: one ASGI application under `/installments` (`spec/network.md` §§1, 2.1)."""

import re
from collections import defaultdict
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parcela.dialects.http import BodyTooLarge, ClientDisconnect, json_response, read_body
from parcela.dialects.metrics import observe_request
from parcela.dialects.network.authentication import Authenticator
from parcela.dialects.network.errors import (
    OFFERS,
    PAN_LISTS,
    PLANS,
    ErrorAnswer,
    answer_fault,
    answer_unavailable,
    refuse_declined,
    refuse_forbidden,
    refuse_gateway,
    refuse_method,
    refuse_not_found,
    refuse_rate,
    refuse_suspended,
    refuse_too_large,
)
from parcela.dialects.network.handlers import (
    Call,
    Handler,
    Reply,
    handle_deregistration,
    handle_offers,
    handle_read_plan,
    handle_registration,
    handle_save_plan,
)
from parcela.dialects.network.headers import (
    check_accept,
    check_accept_language,
    check_content_type,
    choose_correlation_id,
)
from parcela.dialects.network.keyring import KeyRing
from parcela.dialects.network.oauth import OAuthRefusal
from parcela.dialects.network.refusals import answer_refusal
from parcela.dialects.network.settings import NetworkSettings
from parcela.domain.clients import Client, ClientRole
from parcela.domain.errors import DomainError
from parcela.operations.engine import UNAVAILABLE_ERRORS, Engine, World
from parcela.operations.realtime import IssuerCaller

MAX_BODY_BYTES = 64 * 1024
PREFIX = "/installments"

log = structlog.get_logger("parcela.network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call: its method, the `Source` of its errors, who may make it."""

    name: str
    method: str
    source: str
    handler: Handler
    is_for_issuers_only: bool = False


_POST_PLANS = Route(name="save_plan", method="POST", source=PLANS, handler=handle_save_plan)
_GET_PLAN = Route(name="read_plan", method="GET", source=PLANS, handler=handle_read_plan)
_ROUTES = {
    "/offers": Route(name="offers", method="POST", source=OFFERS, handler=handle_offers),
    "/plans": _POST_PLANS,
    "/consumers/pans/registrations": Route(
        name="register_pans",
        method="POST",
        source=PAN_LISTS,
        handler=handle_registration,
        is_for_issuers_only=True,
    ),
    "/consumers/pans/deregistrations": Route(
        name="deregister_pans",
        method="POST",
        source=PAN_LISTS,
        handler=handle_deregistration,
        is_for_issuers_only=True,
    ),
}
_PLAN_PATH = re.compile(r"/plans/([^/]+)")


class NetworkDoor:
    """Admits, authenticates, routes and answers the requests of partners and issuers."""

    def __init__(
        self, engine: Engine, settings: NetworkSettings, *, issuer_caller: IssuerCaller | None = None
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._keys = KeyRing(engine)
        self._authenticator = Authenticator(engine, settings, self._keys)
        self._issuer_caller = issuer_caller
        self._limiter = RateLimiter(settings.requests_per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        started_s = self._engine.clock.monotonic_s()
        path = str(scope["path"]).removeprefix(PREFIX)
        correlation_id = choose_correlation_id(
            request.headers.get("correlation-id"),
            needs_uuid=path == "/plans",
            fresh=self._engine.ids.new_uuid(),
        )
        try:
            response = await self._answer(request, path, correlation_id)
        except ClientDisconnect:
            return
        response.headers["Correlation-Id"] = correlation_id
        route = find_route(path)
        observe_request(
            "network",
            "unknown" if route is None else route[0].name,
            response.status_code,
            self._engine.clock.monotonic_s() - started_s,
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request, path: str, correlation_id: str) -> Response:
        try:
            reply = await self._handle(request, path, correlation_id)
        except ErrorAnswer as refusal:
            return _render(refusal)
        except OAuthRefusal as refusal:
            return _render(refuse_gateway(refusal.status, refusal.reason_code, refusal.description))
        except BodyTooLarge:
            return _render(refuse_too_large())
        except UNAVAILABLE_ERRORS as fault:
            log.warning("store unavailable", fault=type(fault).__name__, correlation_id=correlation_id)
            return _render(answer_unavailable())
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("request failed", path=path, correlation_id=correlation_id)
            return _render(answer_fault())
        headers = {} if reply.location is None else {"Location": reply.location}
        return json_response(reply.body, status=reply.status, headers=headers)

    async def _handle(self, request: Request, path: str, correlation_id: str) -> Reply:
        """The checks in the order of §2.1; the first failing one answers."""
        body = await read_body(request, limit=MAX_BODY_BYTES)
        world, client = await self._authenticator.authenticate(request, body)
        self._limiter.check(client, self._engine.clock.monotonic_s())
        route, plan_id = check_route(path, request.method)
        check_client(client, route, world)
        if route.method == "POST":
            check_content_type(request.headers, route.source)
        check_accept(request.headers, route.source)
        if route.source == OFFERS:
            check_accept_language(request.headers)
        call = Call(
            engine=self._engine,
            settings=self._settings,
            keys=self._keys,
            world=world,
            client=client,
            body=body,
            plan_id=plan_id,
            correlation_id=correlation_id,
            issuer_caller=self._issuer_caller,
        )
        try:
            return await route.handler(call)
        except DomainError as refusal:
            raise answer_refusal(refusal, route.source) from None


def find_route(path: str) -> tuple[Route, str] | None:
    """The route of a path below the prefix, with the plan id that the path holds."""
    route = _ROUTES.get(path)
    if route is not None:
        return route, ""
    match = _PLAN_PATH.fullmatch(path)
    return None if match is None else (_GET_PLAN, match.group(1))


def check_route(path: str, method: str) -> tuple[Route, str]:
    """The route of a request; unknown paths are 404, other methods 405."""
    found = find_route(path)
    if found is None:
        raise refuse_not_found()
    if method != found[0].method:
        raise refuse_method(found[0].method)
    return found


def check_client(client: Client, route: Route, world: World) -> None:
    """The API is on for the client, it is not suspended, and its role and company may make the call."""
    if not client.is_enabled:
        raise refuse_declined()
    if client.is_suspended:
        raise refuse_suspended(route.source)
    if route.is_for_issuers_only and client.role is not ClientRole.ISSUER:
        raise refuse_forbidden(route.source)
    # An issuer may leave the catalogue while its clients still hold their keys.
    if client.provider_id and not world.catalogue(client.tenant_id).find_issuer(client.provider_id):
        raise refuse_forbidden(route.source)


class RateLimiter:
    """A token bucket per client in this process: `rate` a second, bursts of twice that; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._levels: defaultdict[int, tuple[float, float]] = defaultdict(lambda: (2.0 * rate, 0.0))

    def check(self, client: Client, now_s: float) -> None:
        """Take one token or refuse."""
        if self._rate == 0:
            return
        level, seen_s = self._levels[client.client_id]
        level = min(2.0 * self._rate, level + (now_s - seen_s) * self._rate)
        if level < 1:
            raise refuse_rate()
        self._levels[client.client_id] = (level - 1, now_s)


def _render(answer: ErrorAnswer) -> Response:
    return json_response(answer.render(), status=answer.status, headers=dict(answer.headers))
