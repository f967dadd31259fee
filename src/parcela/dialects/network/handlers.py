"""The five calls: read, run one operation, write (`spec/network.md` §1)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from parcela.dialects.network.errors import (
    INVALID_PARAMETER,
    OFFERS,
    PAN_LISTS,
    PLANS,
    refuse,
    refuse_body,
    refuse_decryption,
    refuse_fingerprint,
    refuse_forbidden,
    refuse_plan_id,
)
from parcela.dialects.network.jwe import JweRefusal, open_compact, seal_compact
from parcela.dialects.network.keyring import KeyRing
from parcela.dialects.network.read_offers import read_offer_inquiry
from parcela.dialects.network.read_pan_lists import read_deregistration, read_registration
from parcela.dialects.network.read_plans import read_plan_command
from parcela.dialects.network.realtime import IssuerSearch
from parcela.dialects.network.settings import NetworkSettings
from parcela.dialects.network.wire_values import Members, is_number, is_uuid
from parcela.dialects.network.write import (
    write_created_plan,
    write_deregistration,
    write_pan_outcomes,
    write_plan,
    write_registration,
)
from parcela.dialects.network.write_offers import write_offers
from parcela.dialects.strict_json import StrictJsonError, parse_object
from parcela.domain.clients import Client
from parcela.domain.pan_lists import PanOutcome
from parcela.operations.engine import Engine, World
from parcela.operations.offers import present_offers
from parcela.operations.pan_lists import deregister_pans, register_pans
from parcela.operations.plans import read_plan, save_plan
from parcela.operations.realtime import IssuerCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An authenticated request."""

    engine: Engine
    settings: NetworkSettings
    keys: KeyRing
    world: World
    client: Client
    body: bytes
    plan_id: str
    correlation_id: str
    issuer_caller: IssuerCaller | None = None

    def parse(self, source: str) -> Members:
        """The body as strict JSON."""
        try:
            return parse_object(self.body)
        except StrictJsonError:
            raise refuse_body(source) from None

    def open_sensitive(self, body: Members, source: str) -> Members | None:
        """The decrypted member, or None when there is none (§4)."""
        token = body.get("encryptedValue")
        if token is None:
            token = body.get("encryptedValues")
        if token is None or token == "":
            clear = body.get("sensitiveData")
            return clear if self.settings.allows_clear_data and isinstance(clear, dict) else None
        if not isinstance(token, str) or is_number(token):
            raise refuse_decryption(source)
        try:
            return open_compact(token, self.keys.list_decryption_keys(self.world, self.client))
        except JweRefusal as refusal:
            if refusal.kind == "unknown_key":
                raise refuse_fingerprint(source) from None
            raise refuse_decryption(source) from None

    def check_can_seal(self) -> None:
        """Refuse, before anything is done, a client to which no failed PAN could be told."""
        if self.keys.find_encryption_key(self.world, self.client) is None:
            raise refuse_forbidden(PAN_LISTS)

    def seal(self, text: bytes) -> str:
        """Encrypt to the client's newest key."""
        found = self.keys.find_encryption_key(self.world, self.client)
        assert found is not None, "check_can_seal came first"
        kid, public_key = found
        ids = self.engine.ids
        return seal_compact(text, public_key, kid=kid, cek=ids.random_bytes(32), iv=ids.random_bytes(12))


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer."""

    status: int
    body: bytes
    location: str | None = None


Handler = Callable[[Call], Awaitable[Reply]]


async def handle_offers(call: Call) -> Reply:
    """`POST /offers`: 200, also when there is no offer."""
    body = call.parse(OFFERS)
    sensitive = call.open_sensitive(body, OFFERS)
    if sensitive is None:
        raise refuse(OFFERS, "encryptedValue", "must not be null or empty")
    catalogue = call.world.catalogue(call.client.tenant_id)
    inquiry = read_offer_inquiry(body, sensitive, catalogue, shows_15_days=call.settings.shows_15_days)
    ask_issuer = None
    if call.issuer_caller is not None:
        search = IssuerSearch(
            engine=call.engine,
            settings=call.settings,
            keys=call.keys,
            caller=call.issuer_caller,
            world=call.world,
            correlation_id=call.correlation_id,
            purchase=inquiry.purchase,
            body=body,
            sensitive=sensitive,
        )
        ask_issuer = search.ask
    answer = await present_offers(call.engine, call.world, call.client, inquiry, ask_issuer=ask_issuer)
    return Reply(200, write_offers(answer))


async def handle_save_plan(call: Call) -> Reply:
    """`POST /plans`: 201, for a repeat too."""
    body = call.parse(PLANS)
    sensitive = call.open_sensitive(body, PLANS)
    command = read_plan_command(
        body,
        _sensitive_or_blank(sensitive),
        call.client,
        covers_purchase=_covers_purchase(call),
        correlation_id=call.correlation_id,
    )
    plan = await save_plan(call.engine, call.world, call.client, command)
    location = f"{call.settings.public_url}/plans/{plan.plan_id}"
    return Reply(201, write_created_plan(plan), location)


async def handle_read_plan(call: Call) -> Reply:
    """`GET /plans/{plan_id}`."""
    if not is_uuid(call.plan_id):
        raise refuse_plan_id()
    plan = await read_plan(call.engine, call.client, call.plan_id)
    return Reply(200, write_plan(plan))


async def handle_registration(call: Call) -> Reply:
    """`POST /consumers/pans/registrations`: 200, also when every PAN failed."""
    body = call.parse(PAN_LISTS)
    call.check_can_seal()
    command = read_registration(body, call.open_sensitive(body, PAN_LISTS))
    answer = await register_pans(call.engine, call.world, call.client, command)
    return Reply(200, write_registration(answer, _seal_failures(call, answer.outcomes)))


async def handle_deregistration(call: Call) -> Reply:
    """`POST /consumers/pans/deregistrations`: 200, also when every PAN failed."""
    body = call.parse(PAN_LISTS)
    call.check_can_seal()
    command = read_deregistration(body, call.open_sensitive(body, PAN_LISTS))
    answer = await deregister_pans(call.engine, call.world, call.client, command)
    return Reply(200, write_deregistration(answer, _seal_failures(call, answer.outcomes)))


def _sensitive_or_blank(sensitive: Members | None) -> Members:
    """Without an encrypted member the PAN is blank (§4)."""
    if sensitive is None:
        raise refuse(
            PLANS,
            INVALID_PARAMETER,
            "PAN is present and is blank or null.",
            "PAN cannot blank or empty.",
        )
    return sensitive


def _covers_purchase(call: Call) -> bool:
    """May the issuer's cards be offered plans during the purchase?"""
    provider_id = call.client.provider_id
    if provider_id is None:
        return True
    ranges = call.world.catalogue(call.client.tenant_id).list_ranges(provider_id)
    return any(account_range.during_purchase for account_range in ranges)


def _seal_failures(call: Call, outcomes: tuple[PanOutcome, ...]) -> str | None:
    text = write_pan_outcomes(outcomes)
    return None if text is None else call.seal(text)
