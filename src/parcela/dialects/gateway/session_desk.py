"""What the door itself asks of payment sessions: a login with a session id, and the fields that one keeps."""

from parcela.dialects.gateway.calls import Call, RequestTree
from parcela.dialects.gateway.errors import refuse_foreign
from parcela.dialects.gateway.kept_fields import read_fields
from parcela.operations.engine import Engine, World
from parcela.operations.merchant_sessions import (
    SessionElsewhere,
    SessionUse,
    count_authentication,
    open_session_fields,
)


async def count_login(engine: Engine, world: World, use: SessionUse) -> bool:
    """Take a session id for a password once; False where it is none, or none any more.

    Raises GatewayError on another host than the one that made it.
    """
    try:
        return await count_authentication(engine, world, use)
    except SessionElsewhere:
        raise refuse_foreign() from None


async def open_fields(call: Call, session_id: str, *, version: str | None) -> RequestTree:
    """The fields that a session keeps, the security code among them.

    Raises SessionGone, SessionOutdated, GatewayError (made on another host).
    """
    use = SessionUse(
        client=call.caller.client,
        session_id=session_id,
        host=call.host,
        life=call.settings.session_life,
    )
    try:
        view = await open_session_fields(call.engine, call.world, use, version=version)
    except SessionElsewhere:
        raise refuse_foreign() from None
    return read_fields(view.fields)
