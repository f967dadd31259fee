"""Who calls: an API password or a session id, and one audit line for each refusal (`spec/gateway.md` §2)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from parcela.dialects.gateway.errors import refuse_credentials, refuse_foreign, refuse_throttled
from parcela.dialects.gateway.nvp import Pair, find_only_value
from parcela.dialects.gateway.session_desk import count_login
from parcela.dialects.gateway.settings import GatewaySettings
from parcela.dialects.gateway.throttle import Throttle
from parcela.dialects.gateway.wire_values import mask_text
from parcela.operations.engine import AuditLine, Engine, World
from parcela.operations.merchant_sessions import SessionUse, is_session_id, mask_session_ids
from parcela.operations.merchants import (
    USER_PREFIX,
    LoginRefused,
    MerchantCaller,
    authenticate_merchant,
    find_caller,
)

CHALLENGE = {"WWW-Authenticate": 'Basic realm="merchant"'}
_MOST_SHOWN = 200

log = structlog.get_logger("parcela.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a caller says of itself; `fault` tells why there is nothing to check."""

    user: str = ""
    password: str = field(default="", repr=False)
    fault: str | None = None
    is_absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScope:
    """May a session id stand in for the password? Then of this session alone; empty: of any."""

    is_taken: bool
    session_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where a login comes from, and what it is for; `merchant_id` is the merchant that the request names."""

    address: str
    host: str
    subject: str
    request_id: str
    session: SessionScope
    merchant_id: str | None


def read_basic(values: Sequence[bytes]) -> Login:
    """The login of HTTP Basic, of the values of the header `Authorization`.

    One published client leaves out the word Basic (omnipay-mpgs): a single token is taken for credentials.
    """
    if not values:
        return Login(is_absent=True, fault="no Authorization header")
    if len(values) > 1:
        return Login(fault="several Authorization headers")
    scheme, blank, encoded = values[0].strip().partition(b" ")
    if not blank:
        scheme, encoded = b"basic", scheme
    if scheme.lower() != b"basic" or not encoded:
        return Login(fault="the Authorization is not Basic")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return Login(fault="the Basic credentials are not base64 of UTF-8")
    user, colon, password = text.partition(":")
    if not colon:
        return Login(fault="the Basic credentials have no colon")
    return Login(user=user, password=password)


def read_nvp_login(pairs: Sequence[Pair]) -> Login:
    """The login among the pairs of a body; Basic is not used there."""
    user, password = find_only_value(pairs, "apiUsername"), find_only_value(pairs, "apiPassword")
    if user is None or password is None:
        return Login(user=user or "", fault="apiUsername and apiPassword are not given once each")
    return Login(user=user, password=password)


class Authenticator:
    """Lets merchants in."""

    def __init__(self, engine: Engine, settings: GatewaySettings, throttle: Throttle) -> None:
        self._engine = engine
        self._settings = settings
        self._throttle = throttle

    async def authenticate(self, world: World, login: Login, where: Circumstances) -> MerchantCaller:
        """The merchant behind a login. Raises GatewayError (401, 429)."""
        if login.is_absent:
            # Some clients send their credentials only when they are asked: that is no failed login.
            log.info("login asked for", request_id=where.request_id)
            challenge = refuse_credentials()
            challenge.headers.update(CHALLENGE)
            raise challenge
        self._check_throttle(login, where)
        try:
            caller = await self._find_caller(world, login, where)
        except LoginRefused as refusal:
            reason = str(refusal.reason)
        except _Unfit as unfit:
            reason = str(unfit)
        else:
            if where.merchant_id in (None, caller.client.code):
                return caller
            await self._record_refusal(world, login, where, "the request names another merchant")
            raise refuse_foreign()
        self._throttle.note_failure(where.address, login.user, self._engine.clock.monotonic_s())
        self._check_throttle(login, where)
        await self._record_refusal(world, login, where, reason)
        raise refuse_credentials()

    async def _find_caller(self, world: World, login: Login, where: Circumstances) -> MerchantCaller:
        if login.fault is not None:
            raise _Unfit(login.fault)
        if where.session.is_taken and is_session_id(login.password):
            return await self._find_session_caller(world, login, where)
        return authenticate_merchant(self._engine, world, user=login.user, password=login.password)

    async def _find_session_caller(self, world: World, login: Login, where: Circumstances) -> MerchantCaller:
        """A browser speaks for its session alone, and so many times as the session allows."""
        if not login.user.startswith(USER_PREFIX):
            raise _Unfit("the user does not begin with merchant.")
        caller = find_caller(world, login.user.removeprefix(USER_PREFIX))
        if caller is None:
            raise _Unfit("no such merchant")
        use = SessionUse(
            client=caller.client,
            session_id=login.password,
            host=where.host,
            life=self._settings.session_life,
        )
        is_own = where.session.session_id in ("", login.password)
        if not is_own or not await count_login(self._engine, world, use):
            raise _Unfit("the session is unknown, another one, or used up")
        return caller

    def _check_throttle(self, login: Login, where: Circumstances) -> None:
        wait_s = self._throttle.find_wait_s(where.address, login.user, self._engine.clock.monotonic_s())
        if wait_s is not None:
            log.warning("login throttled", request_id=where.request_id, user=_show(login.user))
            raise refuse_throttled(wait_s)

    async def _record_refusal(self, world: World, login: Login, where: Circumstances, reason: str) -> None:
        user = _show(login.user)
        log.warning("login refused", request_id=where.request_id, user=user, reason=reason)
        client = world.snapshot.clients.get(login.user.removeprefix(USER_PREFIX))
        await self._engine.record_audit_line(
            AuditLine(
                tenant_id=None if client is None else client.tenant_id,
                at=world.real_now,
                actor=user or "unknown",
                action="gateway.authenticate",
                subject=_show(where.subject),
                outcome="refused",
                detail={"reason": reason, "request_id": where.request_id},
            )
        )


class _Unfit(Exception):
    """A login that no merchant stands behind; its text is for the log."""


def _show(text: str) -> str:
    """The text without card numbers and session ids, with a sign for what cannot be printed or stored."""
    masked = mask_session_ids(mask_text(text))
    shown = "".join(character if character.isprintable() else "\ufffd" for character in masked)
    return shown[:_MOST_SHOWN]
