"""The set-up door: one ASGI application under `/admin/v1` (`docs/admin.md`)."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parcela.admin.errors import (
    NEVER_HERE,
    AdminRefusal,
    refuse_domain_error,
    refuse_fault,
    refuse_media_type,
    refuse_method,
    refuse_path,
    refuse_size,
    refuse_unauthenticated,
    refuse_unavailable,
)
from parcela.admin.openapi import build_openapi
from parcela.admin.read import read_object
from parcela.admin.routes import Call, Route
from parcela.admin.table import ROUTES
from parcela.dialects.http import BodyTooLarge, ClientDisconnect, json_response, read_body
from parcela.dialects.metrics import observe_request
from parcela.domain.changes import Person, Role
from parcela.domain.errors import DomainError, InvalidInput, NotAllowed
from parcela.operations import sessions
from parcela.operations.engine import MAIN_TENANT, UNAVAILABLE_ERRORS, Engine
from parcela.operations.idempotency import AnsweredBefore, IdempotencyKey, find_first_answer
from parcela.operations.payments.desk import PaymentsDesk

PREFIX = "/admin/v1"
MAX_BODY_BYTES = 256 * 1024

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_NOBODY = Person(person_id=0, tenant_id=MAIN_TENANT, email="", role=Role.ISSUER_CHECKER, provider_id=None)

log = structlog.get_logger("parcela.admin")


async def show_openapi(_: Call) -> Response:
    """The OpenAPI document of this door."""
    return json_response(_OPENAPI)


ALL_ROUTES = (
    *ROUTES,
    Route(
        method="GET",
        path="/openapi.json",
        handler=show_openapi,
        summary="This document",
        answer=dict,
        is_open=True,
    ),
)
_OPENAPI = msgspec.json.encode(build_openapi(ALL_ROUTES, prefix=PREFIX))


class AdminDoor:
    """Lets people in, routes and answers their calls."""

    def __init__(self, engine: Engine, desk: PaymentsDesk) -> None:
        self._engine = engine
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        started_s = self._engine.clock.monotonic_s()
        path = str(scope["path"]).removeprefix(PREFIX)
        route, params, methods = find_route(request.method, path)
        try:
            response = await self._answer(request, route, params, methods)
        except ClientDisconnect:
            return
        response.headers["Cache-Control"] = "no-store"
        seconds = self._engine.clock.monotonic_s() - started_s
        observe_request("admin", "unknown" if route is None else route.name, response.status_code, seconds)
        await response(scope, receive, send)

    async def _answer(
        self, request: Request, route: Route | None, params: dict[str, str], methods: list[str]
    ) -> Response:
        try:
            return await self._handle(request, route, params, methods)
        except AdminRefusal as refusal:
            return refusal.render()
        except AnsweredBefore as repeat:
            assert route is not None
            return _repeat_answer(route, repeat.answer)
        except BodyTooLarge:
            return refuse_size(MAX_BODY_BYTES).render()
        except DomainError as refusal:
            if refusal.code not in NEVER_HERE:
                return refuse_domain_error(refusal).render()
            log.exception("request failed", path=request.url.path)
            return refuse_fault().render()
        except UNAVAILABLE_ERRORS as fault:
            log.warning("store unavailable", fault=type(fault).__name__)
            return refuse_unavailable().render()
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("request failed", path=request.url.path)
            return refuse_fault().render()

    async def _handle(
        self, request: Request, route: Route | None, params: dict[str, str], methods: list[str]
    ) -> Response:
        """Who, where, whether, what: the first check that fails answers."""
        person, token = _NOBODY, ""
        if route is None or not route.is_open:
            person, token = await self._authenticate(request)
        if route is None:
            raise refuse_method(methods) if methods else refuse_path()
        if route.is_for_operators and person.role is not Role.OPERATOR:
            raise NotAllowed("Only an operator may do this.")
        body = await _read_json(request, route)
        query = _read_query(request, route)
        key = self._make_key(request, route, person, {"path": params, "query": query, "body": body})
        if key is not None:
            first_answer = await find_first_answer(self._engine, key)
            if first_answer is not None:
                return _repeat_answer(route, first_answer)
        call = Call(
            engine=self._engine,
            desk=self._desk,
            person=person,
            token=token,
            params=params,
            query=query,
            body=body,
            accept=request.headers.get("accept", ""),
            key=key,
        )
        answer = await route.handler(call)
        if isinstance(answer, Response):
            return answer
        return json_response(msgspec.json.encode(answer), status=route.status)

    async def _authenticate(self, request: Request) -> tuple[Person, str]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = None
        if scheme.lower() == "bearer" and token:
            person = await sessions.find_session(self._engine, token)
        if person is None:
            raise refuse_unauthenticated()
        return person, token

    def _make_key(
        self, request: Request, route: Route, person: Person, content: dict[str, Any]
    ) -> IdempotencyKey | None:
        """The idempotency key of a call that takes one, with the hash of everything it asks for."""
        text = request.headers.get("idempotency-key")
        if text is None or not route.takes_key:
            return None
        if not _KEY.fullmatch(text):
            raise InvalidInput("Idempotency-Key", "1 to 255 printable ASCII characters")
        canonical = json.dumps(content, sort_keys=True, default=str).encode()
        return IdempotencyKey(
            tenant_id=person.tenant_id,
            caller=f"person {person.email}",
            operation=f"admin.{route.name}",
            key=text,
            fingerprint=self._engine.vault.fingerprint(person.tenant_id, canonical),
        )


def find_route(method: str, path: str) -> tuple[Route | None, dict[str, str], list[str]]:
    """The route of a request, its parameters, and the methods that its address takes."""
    methods: list[str] = []
    for route in ALL_ROUTES:
        params = route.match(path)
        if params is None:
            continue
        if route.method == method:
            return route, params, []
        methods.append(route.method)
    return None, {}, methods


async def _read_json(request: Request, route: Route) -> dict[str, Any]:
    """The body of a call that has one; any other call's body is read and not looked at."""
    raw = await read_body(request, limit=MAX_BODY_BYTES)
    if route.body is None:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise refuse_media_type()
    return read_object(raw)


def _read_query(request: Request, route: Route) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.url.query, keep_blank_values=True):
        if name not in route.query or name in query:
            expected = "these query parameters, each once: " + (", ".join(route.query) or "none")
            raise InvalidInput(name, expected)
        if not value.isprintable():
            raise InvalidInput(name, "printable characters")
        query[name] = value
    return query


def _repeat_answer(route: Route, answer: dict[str, Any]) -> Response:
    """The first answer to the letter."""
    headers = {"Idempotent-Replayed": "true"}
    return json_response(str(answer["body"]).encode(), status=route.status, headers=headers)
