"""Handlers of merchants as callers: registering one, its API passwords, and why a login fails."""

from datetime import datetime

from parcela.admin import wire
from parcela.admin.read import read_id
from parcela.admin.routes import Call, Route
from parcela.admin.write import client_to_wire
from parcela.domain.clients import ApiPassword
from parcela.operations import merchants

_CALLER = "/merchant-callers/{merchant_id}"


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


async def list_merchant_callers(call: Call) -> wire.ClientList:
    """The merchants that may call."""
    found = merchants.list_merchant_clients(await call.engine.look(), call.person)
    return wire.ClientList(items=[client_to_wire(client) for client in found])


async def register_merchant_caller(call: Call) -> wire.ClientAnswer:
    """Let a merchant of the catalogue call."""
    merchant_id = call.read(NewMerchantCaller).merchant_id
    once = call.once(client_to_wire)
    return client_to_wire(await merchants.register_merchant(call.engine, call.person, merchant_id, once=once))


async def get_merchant_caller(call: Call) -> wire.ClientAnswer:
    """One merchant as a caller."""
    seen = await call.engine.look()
    return client_to_wire(merchants.get_merchant_client(seen, call.person, call.params["merchant_id"]))


async def list_api_passwords(call: Call) -> ApiPasswordList:
    """A merchant's API passwords, without the passwords themselves."""
    found = await merchants.list_api_passwords(call.engine, call.person, call.params["merchant_id"])
    return ApiPasswordList(items=[_password_to_wire(record) for record in found])


async def issue_api_password(call: Call) -> IssuedPasswordAnswer:
    """A new API password. It takes no idempotency key: a kept answer would hold the password."""
    merchant_id = call.params["merchant_id"]
    password, record = await merchants.issue_api_password(call.engine, call.person, merchant_id)
    return IssuedPasswordAnswer(password=password, record=_password_to_wire(record))


async def revoke_api_password(call: Call) -> ApiPasswordAnswer:
    """End an API password at once."""
    ended = await merchants.revoke_api_password(
        call.engine,
        call.person,
        call.params["merchant_id"],
        read_id("API password", call.params["password_id"]),
        once=call.once(_password_to_wire),
    )
    return _password_to_wire(ended)


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


MERCHANT_CALLER_ROUTES = (
    Route(
        method="GET",
        path="/merchant-callers",
        handler=list_merchant_callers,
        summary="The merchants that may call",
        answer=wire.ClientList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path="/merchant-callers",
        handler=register_merchant_caller,
        summary="Let a merchant of the catalogue call",
        body=NewMerchantCaller,
        answer=wire.ClientAnswer,
        status=201,
        takes_key=True,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=_CALLER,
        handler=get_merchant_caller,
        summary="One merchant as a caller",
        answer=wire.ClientAnswer,
        is_for_operators=True,
    ),
    Route(
        method="GET",
        path=f"{_CALLER}/passwords",
        handler=list_api_passwords,
        summary="The API passwords of a merchant, without the passwords themselves",
        answer=ApiPasswordList,
        is_for_operators=True,
    ),
    Route(
        method="POST",
        path=f"{_CALLER}/passwords",
        handler=issue_api_password,
        summary="Make an API password, which is shown this once; at most two are live",
        answer=IssuedPasswordAnswer,
        status=201,
        is_for_operators=True,
    ),
    Route(
        method="DELETE",
        path=f"{_CALLER}/passwords/{{password_id}}",
        handler=revoke_api_password,
        summary="End an API password at once",
        answer=ApiPasswordAnswer,
        takes_key=True,
        is_for_operators=True,
    ),
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
