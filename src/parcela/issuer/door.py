"""The issuer's door: two calls that the network makes, each signed by it and sealed to the issuer.

Which failure answers with which row stands in `docs/issuer.md`.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parcela.dialects.http import BodyTooLarge, ClientDisconnect, json_response, read_body
from parcela.dialects.metrics import observe_request
from parcela.dialects.network.headers import choose_correlation_id
from parcela.dialects.network.jwe import JweRefusal, open_compact
from parcela.dialects.network.oauth import OAuthRefusal
from parcela.dialects.network.wire_values import Members, is_number
from parcela.dialects.strict_json import StrictJsonError, parse_object
from parcela.domain.cards import mask_card_numbers
from parcela.issuer.answers import IssuerRefusal, answer_differs, answer_error, answer_received
from parcela.issuer.ports import (
    BadRequest,
    NoticeDiffers,
    NoticeForeign,
    NoticeService,
    OfferSearch,
    ReceiverKeys,
    TryLater,
)
from parcela.issuer.rate import AddressLimiter
from parcela.issuer.read_notice import read_issuer_cid, read_notice
from parcela.issuer.sender import SenderCheck
from parcela.operations.engine import UNAVAILABLE_ERRORS

NOTIFICATIONS = "/notifications"
SEARCHES = "/card-offers/searches"
MAX_BODY_BYTES = 64 * 1024

_UNAVAILABLE: tuple[type[Exception], ...] = (TryLater, *UNAVAILABLE_ERRORS)

log = structlog.get_logger("parcela.issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """What the door is made of. `offers` None: this issuer answers no real-time searches."""

    keys: ReceiverKeys
    sender: SenderCheck
    service: NoticeService
    offers: OfferSearch | None
    cids: frozenset[str]
    limiter: AddressLimiter
    now_s: Callable[[], float]


class IssuerDoor:
    """One ASGI application for `POST …/notifications` and `POST …/card-offers/searches`."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        started_s = self._parts.now_s()
        call = self._find_call(request)
        try:
            response = await self._answer(request, call)
        except ClientDisconnect:
            return
        sent_id = request.headers.get("correlation-id")
        correlation_id = choose_correlation_id(sent_id, needs_uuid=False, fresh="")
        if correlation_id:
            response.headers["Correlation-Id"] = correlation_id
        took_s = max(0.0, self._parts.now_s() - started_s)
        observe_request("issuer", call or "unknown", response.status_code, took_s)
        await response(scope, receive, send)

    def _find_call(self, request: Request) -> Literal["notification", "search"] | None:
        path = str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
        if request.method != "POST":
            return None
        if path == NOTIFICATIONS:
            return "notification"
        return "search" if path == SEARCHES and self._parts.offers is not None else None

    async def _answer(self, request: Request, call: Literal["notification", "search"] | None) -> Response:
        try:
            if call is None:
                raise IssuerRefusal(404, "no such path or method")
            body = await self._admit(request)
            return await (self._take(request, body) if call == "notification" else self._search(body))
        except IssuerRefusal as refusal:
            log.warning("request refused", call=call, status=refusal.status, reason=refusal.reason)
            return answer_error(refusal.status)
        except BadRequest as refusal:
            log.warning("request refused", call=call, status=400, reason=refusal.member)
            return answer_error(400)
        except _UNAVAILABLE as fault:
            log.warning("store unavailable", call=call, fault=type(fault).__name__)
            return answer_error(503)
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001 - the edge of HTTP answers whatever happened
            # The service around may log local variables with a traceback: it gets a text instead.
            log.error("request failed", call=call, trace=mask_card_numbers(traceback.format_exc()))
            return answer_error(500)

    async def _admit(self, request: Request) -> Members:
        """The body of a request that the network signed. Raises IssuerRefusal."""
        address = "unknown" if request.client is None else request.client.host
        if not self._parts.limiter.admits(address, self._parts.now_s()):
            raise IssuerRefusal(429, "too many requests of this address")
        try:
            raw = await read_body(request, limit=MAX_BODY_BYTES)
        except BodyTooLarge:
            raise IssuerRefusal(400, "the body is longer than 65536 bytes") from None
        try:
            await self._parts.sender.check(request, raw)
        except OAuthRefusal as refusal:
            # The description says what was signed here: mostly it is `public_url` that differs.
            raise IssuerRefusal(401, f"{refusal.kind}: {refusal.description}") from None
        if not _is_json(request):
            raise IssuerRefusal(400, "Content-Type is not application/json")
        try:
            return parse_object(raw)
        except StrictJsonError as error:
            raise IssuerRefusal(400, f"strict JSON: {error}") from None

    async def _take(self, request: Request, body: Members) -> Response:
        """A plan of this issuer is kept before it is answered."""
        if read_issuer_cid(body) not in self._parts.cids:
            raise IssuerRefusal(403, "issuerCid is another issuer's")
        notice = read_notice(body, await self._open_sensitive(body))
        sent_id = request.headers.get("correlation-id")
        correlation_id = choose_correlation_id(sent_id, needs_uuid=True, fresh=notice.plan_id)
        try:
            await self._parts.service.take(notice, correlation_id)
        except NoticeDiffers as difference:
            log.error("plan differs", plan_id=notice.plan_id, members=", ".join(difference.members))
            return answer_differs()
        except NoticeForeign as refusal:
            raise IssuerRefusal(403, str(refusal)) from None
        return answer_received()

    async def _search(self, body: Members) -> Response:
        """The issuer's own offers; an empty list is an answer."""
        assert self._parts.offers is not None, "the route is not found without them"
        offers = await self._parts.offers.search(body, await self._open_sensitive(body))
        return json_response(msgspec.json.encode({"offers": offers}))

    async def _open_sensitive(self, body: Members) -> Members:
        """The decrypted member; of both spellings the singular counts (`spec/network.md` §4)."""
        token = body.get("encryptedValue")
        if token is None:
            token = body.get("encryptedValues")
        if not isinstance(token, str) or is_number(token) or not token:
            raise IssuerRefusal(400, "encryptedValue is missing")
        try:
            return open_compact(token, await self._parts.keys.list_decryption_keys())
        except JweRefusal as refusal:
            raise IssuerRefusal(400, f"encryptedValue: {refusal.kind}") from None


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    return media_type == "application/json" and encoding == "identity"
