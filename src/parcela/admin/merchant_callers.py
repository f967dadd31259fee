"""Merchants as callers: registering one, its API passwords, and why a login fails."""

from collections.abc import Sequence
from datetime import datetime

from parcela.admin import wire
from parcela.admin.caller_routes import (
    CallerShape,
    CredentialShape,
    list_caller_routes,
    list_credential_routes,
)
from parcela.admin.routes import Call, Route
from parcela.domain.clients import ApiPassword
from parcela.operations import merchants


class NewMerchantCaller(wire.Request, frozen=True):
    """A merchant of the catalogue that may call from now on."""

    merchant_id: str


class ApiPasswordAnswer(wire.Answer, frozen=True):
    """An API password, without the password: only a keyed hash of it is kept."""

    password_id: int
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class IssuedPasswordAnswer(wire.Answer, frozen=True):
    """A new API password; it is shown this once."""

    password: str
    record: ApiPasswordAnswer


class ApiPasswordList(wire.Answer, frozen=True):
    """API passwords, the oldest first, revoked ones included."""

    items: list[ApiPasswordAnswer]


class LoginTest(wire.Request, frozen=True):
    """A login as a merchant's software sends it: `user` is `merchant.` and the merchant id."""

    user: str
    password: str


class LoginTestAnswer(wire.Answer, frozen=True):
    """Whether the login succeeds at this moment, and why not."""

    ok: bool
    reason: str | None


async def issue_api_password(call: Call) -> IssuedPasswordAnswer:
    """A new API password. It takes no idempotency key: a kept answer would hold the password."""
    merchant_id = call.params["merchant_id"]
    password, record = await merchants.issue_api_password(call.engine, call.person, merchant_id)
    return IssuedPasswordAnswer(password=password, record=_password_to_wire(record))


async def check_merchant_login(call: Call) -> LoginTestAnswer:
    """Does a login succeed, and if not, why?"""
    test = call.read(LoginTest)
    reason = await merchants.find_login_fault(
        call.engine, call.person, user=test.user, password=test.password
    )
    return LoginTestAnswer(ok=reason is None, reason=reason)


def _password_to_wire(record: ApiPassword) -> ApiPasswordAnswer:
    return ApiPasswordAnswer(
        password_id=record.password_id,
        created_at=record.created_at,
        created_by=record.created_by,
        revoked_at=record.revoked_at,
    )


def _passwords_to_wire(records: Sequence[ApiPassword]) -> ApiPasswordList:
    return ApiPasswordList(items=[_password_to_wire(record) for record in records])


_MERCHANTS = CallerShape(
    name="merchant_caller",
    noun="merchant",
    parameter="merchant_id",
    body=NewMerchantCaller,
    read_code=lambda call: call.read(NewMerchantCaller).merchant_id,
    register=merchants.register_merchant,
    list_clients=merchants.list_merchant_clients,
    get_client=merchants.get_merchant_client,
)
_PASSWORDS = CredentialShape(
    noun="API password",
    segment="passwords",
    parameter="password_id",
    issue=issue_api_password,
    list_records=merchants.list_api_passwords,
    revoke=merchants.revoke_api_password,
    to_wire=_password_to_wire,
    list_to_wire=_passwords_to_wire,
    answer=ApiPasswordAnswer,
    list_answer=ApiPasswordList,
    issue_answer=IssuedPasswordAnswer,
    list_summary="The API passwords of a merchant, without the passwords themselves",
    issue_summary="Make an API password, which is shown this once; at most two are live",
)

MERCHANT_CALLER_ROUTES = (
    *list_caller_routes(_MERCHANTS),
    *list_credential_routes(_MERCHANTS, _PASSWORDS),
    Route(
        method="POST",
        path="/merchant-login-tests",
        handler=check_merchant_login,
        summary="Whether a login of a merchant succeeds, and why not",
        body=LoginTest,
        answer=LoginTestAnswer,
        is_for_operators=True,
    ),
)
