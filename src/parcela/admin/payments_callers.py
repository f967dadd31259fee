"""Handlers of payments accounts as callers: registering one, and its API keys."""

from datetime import datetime
from typing import Literal

import msgspec

from parcela.admin import wire
from parcela.admin.read import read_id
from parcela.admin.routes import Call, Route
from parcela.admin.write import client_to_wire
from parcela.domain.payments.keys import ApiKey, KeyKind, Scope
from parcela.operations.payments import accounts, api_keys

_CALLER = "/payments-callers/{account_id}"
_KEY = f"{_CALLER}/keys/{{key_id}}"


class NewPaymentsCaller(wire.Request, frozen=True):
    """An account of the catalogue that may call from now on."""

    account_id: str


class NewApiKeyBody(wire.Request, frozen=True):
    """A key to issue: `secret`, `restricted` (which names its scopes) or `publishable`, for one mode."""

    kind: Literal["secret", "restricted", "publishable"]
    mode: Literal["test", "live"] = "test"
    scopes: list[Scope] = msgspec.field(default_factory=list)
    networks: list[str] = msgspec.field(default_factory=list)
    expires_at: datetime | None = None


class ScopeGrant(wire.Request, frozen=True):
    """Scopes that a key gets besides those that it has."""

    scopes: list[Scope]


class ApiKeyAnswer(wire.Answer, frozen=True):
    """An API key, without its text: only a keyed hash of that is kept."""

    key_id: int
    kind: str
    mode: str
    scopes: list[str]
    networks: list[str]
    last_four: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None


class IssuedKeyAnswer(wire.Answer, frozen=True):
    """A new API key; its text is shown this once."""

    key: str
    record: ApiKeyAnswer


class ApiKeyList(wire.Answer, frozen=True):
    """API keys, the oldest first, those that have ended included."""

    items: list[ApiKeyAnswer]


async def list_payments_callers(call: Call) -> wire.ClientList:
    """The accounts that may call."""
    found = accounts.list_account_clients(await call.engine.look(), call.person)
    return wire.ClientList(items=[client_to_wire(client) for client in found])


async def register_payments_caller(call: Call) -> wire.ClientAnswer:
    """Let an account of the catalogue call."""
    account_id = call.read(NewPaymentsCaller).account_id
    once = call.once(client_to_wire)
    return client_to_wire(await accounts.register_account(call.engine, call.person, account_id, once=once))


async def get_payments_caller(call: Call) -> wire.ClientAnswer:
    """One account as a caller."""
    seen = await call.engine.look()
    return client_to_wire(accounts.get_account_client(seen, call.person, call.params["account_id"]))


async def list_api_keys(call: Call) -> ApiKeyList:
    """An account's keys, without their texts."""
    found = await api_keys.list_keys(call.engine, call.person, call.params["account_id"])
    return ApiKeyList(items=[_key_to_wire(key) for key in found])


async def issue_api_key(call: Call) -> IssuedKeyAnswer:
    """A new key. It takes no idempotency key: a kept answer would hold the text."""
    body = call.read(NewApiKeyBody)
    new = api_keys.NewApiKey(
        kind=KeyKind(body.kind),
        is_live=body.mode == "live",
        scopes=frozenset(body.scopes),
        networks=tuple(body.networks),
        expires_at=body.expires_at,
    )
    text, key = await api_keys.issue_key(call.engine, call.person, call.params["account_id"], new)
    return IssuedKeyAnswer(key=text, record=_key_to_wire(key))


async def grant_scopes(call: Call) -> ApiKeyAnswer:
    """Give a key more scopes, such as `installments:read` to a live secret one."""
    wider = await api_keys.grant_scopes(
        call.engine,
        call.person,
        call.params["account_id"],
        read_id("API key", call.params["key_id"]),
        frozenset(call.read(ScopeGrant).scopes),
        once=call.once(_key_to_wire),
    )
    return _key_to_wire(wider)


async def revoke_api_key(call: Call) -> ApiKeyAnswer:
    """End a key at once."""
    ended = await api_keys.revoke_key(
        call.engine,
        call.person,
        call.params["account_id"],
        read_id("API key", call.params["key_id"]),
        once=call.once(_key_to_wire),
    )
    return _key_to_wire(ended)


def _key_to_wire(key: ApiKey) -> ApiKeyAnswer:
    return ApiKeyAnswer(
        key_id=key.key_id,
        kind=key.kind,
        mode="live" if key.is_live else "test",
        scopes=sorted(key.scopes),
        networks=list(key.networks),
        last_four=key.last_four,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


PAYMENTS_CALLER_ROUTES = (
    Route(
        method="GET",
        path="/payments-callers",
        handler=list_payments_callers,
        summary="The payments accounts that may call",
        answer=wire.ClientList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path="/payments-callers",
        handler=register_payments_caller,
        summary="Let a payments account of the catalogue call",
        body=NewPaymentsCaller,
        answer=wire.ClientAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=_CALLER,
        handler=get_payments_caller,
        summary="One payments account as a caller",
        answer=wire.ClientAnswer,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=f"{_CALLER}/keys",
        handler=list_api_keys,
        summary="The API keys of a payments account, without their texts",
        answer=ApiKeyList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path=f"{_CALLER}/keys",
        handler=issue_api_key,
        summary="Make an API key, whose text is shown this once",
        body=NewApiKeyBody,
        answer=IssuedKeyAnswer,
        status=201,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path=f"{_KEY}/scopes",
        handler=grant_scopes,
        summary="Give an API key more scopes",
        body=ScopeGrant,
        answer=ApiKeyAnswer,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="DELETE",
        path=_KEY,
        handler=revoke_api_key,
        summary="End an API key at once",
        answer=ApiKeyAnswer,
        takes_key=True,
        is_for_operators=True,
    ),
)
