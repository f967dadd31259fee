"""Payments accounts as callers: registering one, and its API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from parcela.admin import wire
from parcela.admin.caller_routes import (
    CallerShape,
    CredentialShape,
    list_caller_routes,
    list_credential_routes,
)
from parcela.admin.read import read_id
from parcela.admin.routes import Call, Route
from parcela.domain.payments.keys import ApiKey, KeyKind, Scope
from parcela.operations.payments import accounts, api_keys


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


def _keys_to_wire(keys: Sequence[ApiKey]) -> ApiKeyList:
    return ApiKeyList(items=[_key_to_wire(key) for key in keys])


_ACCOUNTS = CallerShape(
    name="payments_caller",
    noun="payments account",
    parameter="account_id",
    body=NewPaymentsCaller,
    read_code=lambda call: call.read(NewPaymentsCaller).account_id,
    register=accounts.register_account,
    list_clients=accounts.list_account_clients,
    get_client=accounts.get_account_client,
)
_KEYS = CredentialShape(
    noun="API key",
    segment="keys",
    parameter="key_id",
    issue=issue_api_key,
    list_records=api_keys.list_keys,
    revoke=api_keys.revoke_key,
    to_wire=_key_to_wire,
    list_to_wire=_keys_to_wire,
    body=NewApiKeyBody,
    answer=ApiKeyAnswer,
    list_answer=ApiKeyList,
    issue_answer=IssuedKeyAnswer,
    list_summary="The API keys of a payments account, without their texts",
    issue_summary="Make an API key, whose text is shown this once",
)
_GRANT = Route(
    method="POST",
    path=f"{_ACCOUNTS.caller_path}/keys/{{key_id}}/scopes",
    handler=grant_scopes,
    summary="Give an API key more scopes",
    body=ScopeGrant,
    answer=ApiKeyAnswer,
    takes_key=True,
    is_for_operators=True,
)

PAYMENTS_CALLER_ROUTES = (
    *list_caller_routes(_ACCOUNTS),
    *list_credential_routes(_ACCOUNTS, _KEYS, further=[_GRANT]),
)
