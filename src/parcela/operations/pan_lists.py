"""Registering cards on PAN lists and taking them off (`spec/network.md` §8)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from parcela.domain.catalogue import Catalogue
from parcela.domain.clients import Client
from parcela.domain.errors import PanListNotFound
from parcela.domain.pan_lists import (
    CheckedPan,
    PanList,
    PanOutcome,
    check_pan_form,
    check_same_bounds,
    find_range_of_bounds,
    find_range_of_pans,
    judge_additions,
    judge_removals,
)
from parcela.domain.programs import Issuer
from parcela.operations.engine import Engine, World
from parcela.store import cards, pan_lists
from parcela.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPans:
    """A new list by `name`, or more PANs for the list `pan_list_id`; `bounds` are 11 to 19 digits each."""

    name: str | None
    pan_list_id: str | None
    bounds: tuple[str, str] | None
    pans: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregisterPans:
    """PANs to take off a list."""

    pan_list_id: str
    pans: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanListAnswer:
    """What became of each PAN; `pan_list` is None when no list was made."""

    pan_list: PanList | None
    issuer: Issuer
    range_country: str
    outcomes: tuple[PanOutcome, ...]


async def register_pans(engine: Engine, world: World, client: Client, command: RegisterPans) -> PanListAnswer:
    """Make a list or add to one. Raises PanListNotFound, RangeDiffers, RangeNotValid."""
    checked = [check_pan_form(sent) for sent in command.pans]
    return await engine.database.run(
        lambda connection: _register(engine, world, client, command, connection=connection, pans=checked)
    )


async def deregister_pans(
    engine: Engine, world: World, client: Client, command: DeregisterPans
) -> PanListAnswer:
    """Take PANs off a list. Raises PanListNotFound."""
    checked = [check_pan_form(sent) for sent in command.pans]

    async def work(connection: Connection) -> PanListAnswer:
        pan_list = await _get_list(connection, client, command.pan_list_id)
        present, elsewhere = await _list_registered(engine, client, connection, pan_list, checked)
        outcomes = judge_removals(checked, present=present, elsewhere=elsewhere)
        removed = [outcome.sent for outcome in outcomes if outcome.failure is None]
        indexes = [engine.vault.index_pan(client.tenant_id, digits) for digits in removed]
        await pan_lists.delete_members(connection, client.tenant_id, pan_list.pan_list_id, indexes)
        return _answer(world, client, pan_list, outcomes)

    return await engine.database.run(work)


async def _register(
    engine: Engine,
    world: World,
    client: Client,
    command: RegisterPans,
    *,
    connection: Connection,
    pans: Sequence[CheckedPan],
) -> PanListAnswer:
    if command.pan_list_id is not None:
        pan_list = await _get_list(connection, client, command.pan_list_id)
        if command.bounds is not None:
            check_same_bounds(pan_list, low=command.bounds[0], high=command.bounds[1])
    else:
        bounds = _choose_bounds(world.catalogue(client.tenant_id), client, command, pans)
        if bounds is None:
            # No PAN names an account range, so there is no list to make (§8.1).
            outcomes = judge_additions(pans, low="1", high="0", present=())
            return _answer(world, client, None, outcomes)
        pan_list = await pan_lists.insert_pan_list(
            connection,
            client.tenant_id,
            provider_id=_provider_of(client),
            name=command.name or "",
            low=bounds[0],
            high=bounds[1],
        )
    present, _ = await _list_registered(engine, client, connection, pan_list, pans)
    outcomes = judge_additions(pans, low=pan_list.low, high=pan_list.high, present=present)
    await _add_members(engine, client, connection, pan_list, pans=pans, outcomes=outcomes)
    return _answer(world, client, pan_list, outcomes)


def _choose_bounds(
    catalogue: Catalogue, client: Client, command: RegisterPans, pans: Sequence[CheckedPan]
) -> tuple[str, str] | None:
    """The bounds of a new list: those of the request, or the range in which its PANs lie."""
    if command.bounds is not None:
        low, high = command.bounds
        _, padded_low, padded_high = find_range_of_bounds(catalogue, _provider_of(client), low=low, high=high)
        return padded_low, padded_high
    found = find_range_of_pans(catalogue, _provider_of(client), pans)
    return None if found is None else (found.low, found.high)


def _provider_of(client: Client) -> str:
    assert client.provider_id is not None, "only issuers keep PAN lists"
    return client.provider_id


async def _get_list(connection: Connection, client: Client, pan_list_id: str) -> PanList:
    pan_list = await pan_lists.find_pan_list(
        connection,
        client.tenant_id,
        pan_list_id=pan_list_id,
        provider_id=_provider_of(client),
        for_update=True,
    )
    if pan_list is None:
        raise PanListNotFound(pan_list_id)
    return pan_list


async def _list_registered(
    engine: Engine, client: Client, connection: Connection, pan_list: PanList, pans: Sequence[CheckedPan]
) -> tuple[set[str], set[str]]:
    """The digits of those PANs that stand in this list, and of those in another list of the issuer."""
    digits_of = {
        engine.vault.index_pan(client.tenant_id, checked.pan.digits): checked.pan.digits
        for checked in pans
        if checked.pan is not None and checked.failure is None
    }
    present: set[str] = set()
    elsewhere: set[str] = set()
    for pan_index, pan_list_id in await pan_lists.list_memberships(
        connection, client.tenant_id, provider_id=_provider_of(client), pan_indexes=list(digits_of)
    ):
        target = present if pan_list_id == pan_list.pan_list_id else elsewhere
        target.add(digits_of[pan_index])
    return present, elsewhere


async def _add_members(
    engine: Engine,
    client: Client,
    connection: Connection,
    pan_list: PanList,
    *,
    pans: Sequence[CheckedPan],
    outcomes: Sequence[PanOutcome],
) -> None:
    sealed = [
        engine.vault.seal_pan(client.tenant_id, engine.ids.new_uuid(), checked.pan)
        for checked, outcome in zip(pans, outcomes, strict=True)
        if outcome.failure is None and checked.pan is not None
    ]
    card_ids = await cards.save_cards(connection, sealed)
    await pan_lists.insert_members(
        connection, client.tenant_id, pan_list.pan_list_id, list(card_ids.values())
    )


def _answer(
    world: World, client: Client, pan_list: PanList | None, outcomes: Sequence[PanOutcome]
) -> PanListAnswer:
    catalogue = world.catalogue(client.tenant_id)
    issuer = catalogue.find_issuer(_provider_of(client))
    assert issuer is not None
    found = catalogue.find_range(int(pan_list.low)) if pan_list is not None else None
    country = found.account_range.country if found is not None else issuer.country
    return PanListAnswer(pan_list=pan_list, issuer=issuer, range_country=country, outcomes=tuple(outcomes))
