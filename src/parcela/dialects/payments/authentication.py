"""Who calls: API keys in `Authorization: Bearer` or `X-Api-Key` (`spec/payments.md` §1)."""

from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog

from parcela.dialects.payments.errors import PaymentsError, show_text
from parcela.domain.clients import Client
from parcela.domain.payments.accounts import PaymentsAccount
from parcela.domain.payments.keys import PREFIXES, ApiKey, KeyKind
from parcela.operations.engine import AuditLine, Engine, World
from parcela.operations.payments.api_keys import find_account_key

_MISSING = "Send your API key as 'Authorization: Bearer sk_test_…' or as 'X-Api-Key: sk_test_…'."
_INVALID = "This API key is not known. Use a secret key of your account, such as sk_test_…"
_EXPIRED = "This API key has expired or was revoked. Use another key of your account."
CHALLENGE = {"WWW-Authenticate": "Bearer"}
_MOST_SUBJECT_CHARACTERS = 200

log = structlog.get_logger("parcela.payments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Where a request comes from and what it asks for; `kinds` are the kinds of keys that may ask that."""

    address: str
    subject: str
    request_id: str
    endpoint: str
    kinds: frozenset[KeyKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An account that may call, and the key that it showed."""

    client: Client
    account: PaymentsAccount
    key: ApiKey


@dataclass(frozen=True, slots=True)
class _Refused(Exception):
    """A key that opens nothing. `reason` is for the audit trail."""

    code: str
    message: str
    reason: str
    caller: Caller | None = field(default=None, kw_only=True)


class Authenticator:
    """Lets accounts in, and writes down whom it turned away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def authenticate(
        self, world: World, headers: list[tuple[bytes, bytes]], where: Circumstances
    ) -> Caller:
        """The account behind the key of a request. Raises PaymentsError (401, 403)."""
        texts = _list_keys(headers)
        if not texts:
            log.info("key asked for", request_id=where.request_id)
            raise PaymentsError("missing_api_key", _MISSING, headers=CHALLENGE)
        try:
            return self._find_caller(world, texts, where)
        except _Refused as refused:
            await self.record_refusal(world, where, reason=refused.reason, caller=refused.caller)
            is_unknown = refused.code != "ip_not_allowed"
            raise PaymentsError(
                refused.code, refused.message, headers=CHALLENGE if is_unknown else {}
            ) from None

    async def record_refusal(
        self, world: World, where: Circumstances, *, reason: str, caller: Caller | None
    ) -> None:
        """One line of the audit trail; a key is named by its number alone."""
        actor = "unknown" if caller is None else caller.client.code
        log.warning("key refused", request_id=where.request_id, account=actor, reason=reason)
        detail: dict[str, object] = {"reason": reason, "request_id": where.request_id}
        if caller is not None:
            detail["key_id"] = caller.key.key_id
        await self._engine.record_audit_line(
            AuditLine(
                tenant_id=None if caller is None else caller.client.tenant_id,
                at=world.real_now,
                actor=actor,
                action="payments.authenticate",
                subject=show_text(where.subject)[:_MOST_SUBJECT_CHARACTERS],
                outcome="refused",
                detail=detail,
            )
        )

    def _find_caller(self, world: World, texts: set[str | None], where: Circumstances) -> Caller:
        if len(texts) > 1:
            message = "Several API keys came with this request: send one, in one header."
            raise _Refused("invalid_api_key", message, "several different keys")
        text = texts.pop()
        if text is None:
            raise _Refused("invalid_api_key", _MISSING, "the Authorization is not Bearer")
        found = find_account_key(self._engine, world, text)
        caller = None if found is None else Caller(client=found[0], account=found[1], key=found[2])
        kind = _find_kind(text)
        if kind is not None and kind not in where.kinds:
            message = f"This call takes {' or '.join(sorted(where.kinds))} keys, not a {kind} one."
            reason = f"a {kind} key for {where.endpoint}"
            raise _Refused("key_type_not_allowed", message, reason, caller=caller)
        if caller is None:
            reason = "not the form of a key" if kind is None else "unknown key"
            raise _Refused("invalid_api_key", _INVALID, reason)
        key = caller.key
        if key.has_ended(world.real_now):
            raise _Refused("expired_api_key", _EXPIRED, "the key has ended", caller=caller)
        if not _is_admitted(key, where.address):
            message = "This API key may not be used from this address. An administrator can widen its list."
            raise _Refused("ip_not_allowed", message, "address outside the key's list", caller=caller)
        return caller


def _list_keys(headers: list[tuple[bytes, bytes]]) -> set[str | None]:
    """The different keys that came; None for an Authorization of another scheme."""
    texts: set[str | None] = set()
    for name, value in headers:
        if name == b"x-api-key":
            texts.add(value.decode("latin-1").strip())
        elif name == b"authorization":
            scheme, _, token = value.decode("latin-1").strip().partition(" ")
            texts.add(token.strip() if scheme.lower() == "bearer" and token.strip() else None)
    return texts


def _find_kind(text: str) -> KeyKind | None:
    """The kind that a key's text tells, whether or not there is such a key: answers differ by no more."""
    return next((kind for (kind, _), prefix in PREFIXES.items() if text.startswith(prefix)), None)


def _is_admitted(key: ApiKey, address: str) -> bool:
    try:
        return key.admits(ip_address(address))
    except ValueError:
        return not key.networks
