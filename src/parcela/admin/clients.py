"""Handlers of clients, their keys, and the token map: the operator's business."""

from datetime import timedelta

from parcela.admin import wire
from parcela.admin.read import read_id, read_whole_number
from parcela.admin.routes import Call
from parcela.admin.write import client_to_wire, key_to_wire
from parcela.domain.clients import ClientRole, KeyPurpose
from parcela.domain.errors import InvalidInput
from parcela.operations import clients
from parcela.operations.clients import ClientSwitches, KeyRotation, NewClient, NewKey


async def list_clients(call: Call) -> wire.ClientList:
    """The registered callers."""
    found = clients.list_clients(await call.engine.look(), call.person)
    return wire.ClientList(items=[client_to_wire(client) for client in found])


async def register_client(call: Call) -> wire.ClientAnswer:
    """Register a caller; the platform's keys for it are made at once."""
    body = call.read(wire.NewClientBody)
    role = ClientRole(body.role)
    new = NewClient(code=body.code, name=body.name, role=role, provider_id=body.provider_id)
    once = call.once(client_to_wire)
    return client_to_wire(await clients.register_client(call.engine, call.person, new, once=once))


async def get_client(call: Call) -> wire.ClientAnswer:
    """One caller."""
    return client_to_wire(clients.get_client(await call.engine.look(), call.person, _client_id(call)))


async def switch_client(call: Call) -> wire.ClientAnswer:
    """Switch the API on or off for a caller, suspend it or take it back."""
    body = call.read(wire.ClientPatch)
    switches = ClientSwitches(
        is_enabled=body.is_enabled if isinstance(body.is_enabled, bool) else None,
        is_suspended=body.is_suspended if isinstance(body.is_suspended, bool) else None,
    )
    switched = await clients.switch_client(
        call.engine, call.person, _client_id(call), switches, once=call.once(client_to_wire)
    )
    return client_to_wire(switched)


async def list_keys(call: Call) -> wire.KeyList:
    """The keys of a caller and ours for it: public halves only."""
    found = clients.list_client_keys(await call.engine.look(), call.person, _client_id(call))
    return wire.KeyList(items=[key_to_wire(key) for key in found])


async def add_key(call: Call) -> wire.KeyAnswer:
    """Add a caller's own public key or certificate."""
    body = call.read(wire.NewKeyBody)
    if body.expires_at is not None and body.expires_at.tzinfo is None:
        raise InvalidInput("expires_at", "a date and time with an offset", came=str(body.expires_at))
    new = NewKey(purpose=KeyPurpose(body.purpose), pem=body.pem, name=body.name, expires_at=body.expires_at)
    added = await clients.add_client_key(
        call.engine, call.person, _client_id(call), new, once=call.once(key_to_wire)
    )
    return key_to_wire(added)


async def rotate_key(call: Call) -> wire.KeyAnswer:
    """Make a new key pair of ours for a caller; the older ones end after the grace period."""
    body = call.read(wire.Rotation)
    # Compared before it becomes a duration, which has bounds of its own.
    if not 0 <= body.grace_seconds <= clients.MAX_GRACE.total_seconds():
        raise InvalidInput("grace_seconds", f"0 to {clients.MAX_GRACE.total_seconds():.0f} seconds")
    rotation = KeyRotation(purpose=KeyPurpose(body.purpose), grace=timedelta(seconds=body.grace_seconds))
    added = await clients.rotate_platform_key(
        call.engine, call.person, _client_id(call), rotation, once=call.once(key_to_wire)
    )
    return key_to_wire(added)


async def revoke_key(call: Call) -> wire.KeyAnswer:
    """End a key, at once or after a grace period."""
    grace_s = read_whole_number("grace_seconds", call.query.get("grace_seconds", "0"))
    ended = await clients.revoke_key(
        call.engine,
        call.person,
        _client_id(call),
        read_id("key", call.params["key_id"]),
        grace=timedelta(seconds=grace_s),
        once=call.once(key_to_wire),
    )
    return key_to_wire(ended)


async def load_tokens(call: Call) -> wire.TokensAnswer:
    """Load pairs of token PAN and funding PAN, all or none."""
    body = call.read(wire.TokenMap)
    pairs = [(pair.token_pan, pair.funding_pan) for pair in body.tokens]
    once = call.once(_tokens_to_wire)
    return _tokens_to_wire(await clients.load_tokens(call.engine, call.person, pairs, once=once))


def _tokens_to_wire(loaded: int) -> wire.TokensAnswer:
    return wire.TokensAnswer(loaded=loaded)


def _client_id(call: Call) -> int:
    return read_id("client", call.params["client_id"])
