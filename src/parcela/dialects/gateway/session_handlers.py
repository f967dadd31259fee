"""CREATE_SESSION, UPDATE_SESSION and RETRIEVE_SESSION (`spec/gateway.md` §14).

An update that is not well-formed is an error like any other and changes nothing, so `updateStatus` FAILURE
is never told.
"""

from parcela.dialects.gateway.calls import AnswerTree, Call, Reply
from parcela.dialects.gateway.common_fields import (
    ALL_AMOUNTS,
    CARD_FIELDS,
    ENVELOPE_FIELDS,
    ITEM_FIELDS,
    MAX_ITEMS,
    OPEN_GROUPS,
    ORDER_FIELDS,
    PLAN_FIELDS,
    TOKEN_FIELDS,
    TRANSACTION_FIELDS,
    refuse_token,
)
from parcela.dialects.gateway.errors import refuse_foreign, refuse_invalid
from parcela.dialects.gateway.fields import (
    BOOLEAN,
    FieldTable,
    check_formats,
    enum,
    find_integer,
    find_text,
    identifier,
    integer,
    restrict_tree,
)
from parcela.dialects.gateway.kept_fields import change_fields, read_fields, write_fields
from parcela.dialects.gateway.routes import Operation
from parcela.operations.merchant_sessions import (
    SessionElsewhere,
    SessionFields,
    SessionUse,
    SessionView,
    create_session,
    open_session_fields,
    update_session,
)

_LIMIT = "session.authenticationLimit"
_DEFAULT_LIMIT, _OLD_MOST, _MOST = 25, 25, 9999
_MOST_FROM_VERSION = 80
_OPEN_TABLE = FieldTable(kinds=OPEN_GROUPS)


async def handle_create(call: Call) -> Reply:
    """Open a session; its key is told here alone."""
    made = await create_session(
        call.engine,
        call.world,
        call.caller.client,
        host=call.host,
        life=call.settings.session_life,
        authentication_limit=_read_limit(call),
    )
    session: AnswerTree = {
        "aes256Key": made.aes256_key,
        "authenticationLimit": made.authentication_limit,
        "id": made.session_id,
        "updateStatus": "NO_UPDATE",
        "version": made.version,
    }
    return Reply(members={"result": "SUCCESS", "session": session}, status=201)


async def handle_update(call: Call) -> Reply:
    """Keep fields, and forget those that are sent as null."""
    try:
        view = await update_session(
            call.engine,
            call.world,
            _make_use(call),
            version=find_text(call.sent, "session.version"),
            change=lambda kept: _change(call, kept),
        )
    except SessionElsewhere:
        raise refuse_foreign() from None
    return _answer(call, view)


async def handle_retrieve(call: Call) -> Reply:
    """What a session keeps, without its secrets."""
    try:
        view = await open_session_fields(call.engine, call.world, _make_use(call))
    except SessionElsewhere:
        raise refuse_foreign() from None
    return _answer(call, view)


def _change(call: Call, kept: SessionFields) -> SessionFields:
    """Groups of any content grow with every update: what they come to must still be within their size."""
    changed = change_fields(kept, call.sent, call.nulls)
    check_formats(_OPEN_TABLE, restrict_tree(_OPEN_TABLE, read_fields(changed)))
    return changed


def _answer(call: Call, view: SessionView) -> Reply:
    session: AnswerTree = {
        "id": call.place.session_id,
        "updateStatus": "SUCCESS" if view.is_updated else "NO_UPDATE",
        "version": view.version,
    }
    members = {**write_fields(view.fields), "session": session, "version": str(call.version)}
    return Reply(members=members, names_result=False)


def _make_use(call: Call) -> SessionUse:
    return SessionUse(
        client=call.caller.client,
        session_id=call.place.session_id,
        host=call.host,
        life=call.settings.session_life,
    )


def _read_limit(call: Call) -> int:
    """Requests of old versions may not ask for more than the default."""
    most = _MOST if call.version >= _MOST_FROM_VERSION else _OLD_MOST
    limit = find_integer(call.fields, _LIMIT)
    if limit is not None and limit > most:
        raise refuse_invalid(_LIMIT, str(limit), f"Expected a whole number from 1 to {most}")
    return limit or _DEFAULT_LIMIT


UPDATE_TABLE = FieldTable(
    kinds={
        **ENVELOPE_FIELDS,
        **ORDER_FIELDS,
        **ITEM_FIELDS,
        **TRANSACTION_FIELDS,
        **CARD_FIELDS,
        **PLAN_FIELDS,
        **OPEN_GROUPS,
        **TOKEN_FIELDS,
        "paymentPlanOffer.payerAcceptance": BOOLEAN,
        "paymentPlanOffer.termsAndConditionsDisplay": enum(
            "NONE", "TERMS_AND_CONDITIONS_ONLY", "TERMS_AND_CONDITIONS_AND_ACCEPTANCE"
        ),
        "session.version": identifier(1, 64),
    },
    amounts=ALL_AMOUNTS,
    most_items={"order.item": MAX_ITEMS},
    needs=refuse_token,
)
"""Any field of an operation that takes a session."""

SESSION_OPERATIONS = (
    Operation(
        name="CREATE_SESSION",
        methods=("POST",),
        tail="session",
        table=FieldTable(kinds={_LIMIT: integer(1, _MOST)}),
        handler=handle_create,
        summary="Open a payment session",
        allows_empty_body=True,
    ),
    Operation(
        name="UPDATE_SESSION",
        methods=("PUT",),
        tail="session/{session_id}",
        table=UPDATE_TABLE,
        handler=handle_update,
        summary="Keep request fields in a payment session",
        takes_session_login=True,
    ),
    Operation(
        name="RETRIEVE_SESSION",
        methods=("GET",),
        tail="session/{session_id}",
        table=FieldTable(kinds={}),
        handler=handle_retrieve,
        summary="Read what a payment session keeps",
    ),
)
