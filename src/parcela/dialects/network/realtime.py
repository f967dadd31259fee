"""The real-time search as the network speaks it (`spec/network.md` §13): the request out, the answer in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
import structlog
from prometheus_client import Counter

from parcela.dialects.network.jwe import seal_compact
from parcela.dialects.network.keyring import IssuerKeys, KeyRing
from parcela.dialects.network.read_issuer_offers import BrokenOffer, mentions, read_claim, read_offer_list
from parcela.dialects.network.settings import NetworkSettings
from parcela.dialects.network.wire_values import Members
from parcela.dialects.strict_json import JsonNumber, JsonValue
from parcela.domain.cards import Pan
from parcela.domain.eligibility import Purchase
from parcela.domain.issuer_offers import IssuerOffer, accept_claim
from parcela.domain.offers import NotPresentable
from parcela.domain.programs import Issuer
from parcela.operations.engine import Engine, World
from parcela.operations.outbound import OutboundRequest
from parcela.operations.realtime import IssuerCaller, IssuerLeftAlone, IssuerUnavailable, UnreadableAnswer

_SEARCHES = Counter(
    "parcela_realtime_searches_total", "Real-time searches, by what they came to", ["outcome"]
)
_encode = msgspec.json.Encoder().encode

log = structlog.get_logger("parcela.network")


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSearch:
    """What it takes to pass one inquiry on to its card's issuer; `body` and `sensitive` are as they came."""

    engine: Engine
    settings: NetworkSettings
    keys: KeyRing
    caller: IssuerCaller
    world: World
    correlation_id: str
    purchase: Purchase
    body: Members = field(repr=False)
    sensitive: Members = field(repr=False)

    async def ask(self, issuer: Issuer, pan: Pan) -> Sequence[IssuerOffer] | None:
        """The issuer's own offers for the card; None when they are not to be had."""
        keys = self.keys.find_issuer_keys(self.world, issuer.provider_id)
        url = issuer.realtime_url
        if url is None or keys is None:
            self._tell("not_set_up", issuer, "it has no real-time address, or no live keys")
            return None
        try:
            offers = await self.caller.call(
                issuer.provider_id,
                lambda: self._make_request(url, keys, pan),
                lambda answer: self._read(answer, issuer, pan),
            )
        except IssuerLeftAlone:
            _SEARCHES.labels("left_alone").inc()
            return None
        except IssuerUnavailable as failure:
            self._tell("failed", issuer, str(failure))
            return None
        _SEARCHES.labels("offers" if offers else "none").inc()
        return offers

    def _make_request(self, url: str, keys: IssuerKeys, pan: Pan) -> OutboundRequest:
        """The request as it came, but with the funding PAN sealed to the issuer."""
        ids = self.engine.ids
        sealed = seal_compact(
            _encode(self._render_sensitive(pan)),
            keys.encryption_key,
            kid=keys.encryption_kid,
            cek=ids.random_bytes(32),
            iv=ids.random_bytes(12),
        )
        kept = {name: _render(self.body[name]) for name in ("transaction", "merchant") if name in self.body}
        body = _encode({**kept, "encryptedValue": sealed})
        authorization = keys.signing_key.sign(
            "POST",
            url,
            body,
            nonce=ids.random_bytes(16).hex(),
            timestamp=int(self.engine.estimate_database_time_s()),
        )
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Correlation-Id": self.correlation_id,
            "Authorization": authorization,
        }
        return OutboundRequest(url=url, headers=headers, body=body)

    def _render_sensitive(self, pan: Pan) -> dict[str, object]:
        """The card, and the merchant's name where the request has it in the older place (§5.1)."""
        consumer: dict[str, object] = {"consumer": {"primaryAccountNumber": msgspec.Raw(pan.digits.encode())}}
        merchant = self.sensitive.get("merchant")
        return consumer if merchant is None else {**consumer, "merchant": _render(merchant)}

    def _read(self, answer: bytes, issuer: Issuer, pan: Pan) -> list[IssuerOffer]:
        """The offers that can be shown. Raises UnreadableAnswer, also when all that came are broken."""
        values = read_offer_list(answer)
        offers: dict[str, IssuerOffer] = {}
        for value in values:
            try:
                offer = self._accept(value, issuer, pan)
                if offer.presented.offer_id in offers:
                    raise BrokenOffer("offerId")
            except (BrokenOffer, NotPresentable) as refusal:
                self._tell("dropped_offer", issuer, str(refusal))
                continue
            offers[offer.presented.offer_id] = offer
        if values and not offers:
            raise UnreadableAnswer("no offer in it can be shown")
        return list(offers.values())

    def _accept(self, value: JsonValue, issuer: Issuer, pan: Pan) -> IssuerOffer:
        claim = read_claim(value)
        if mentions(claim, pan.digits):
            raise NotPresentable("a text holds the card number")
        if claim.interval == "every_15_days" and not self.settings.shows_15_days:
            raise NotPresentable("offers with a 15-day interval are not shown")
        return accept_claim(
            claim,
            self.purchase,
            issuer=issuer,
            now=self.world.now,
            offer_life=self.engine.policy.during_purchase_offer_life,
        )

    def _tell(self, outcome: str, issuer: Issuer, reason: str) -> None:
        _SEARCHES.labels(outcome).inc()
        host = urlsplit(issuer.realtime_url or "").hostname
        log.warning(
            "real-time search",
            outcome=outcome,
            provider_id=issuer.provider_id,
            host=host,
            reason=reason,
            correlation_id=self.correlation_id,
        )


def _render(value: JsonValue) -> object:
    """A parsed value with every number as the exact text that came."""
    if isinstance(value, JsonNumber):
        return msgspec.Raw(value.encode())
    if isinstance(value, dict):
        return {name: _render(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_render(member) for member in value]
    return value
