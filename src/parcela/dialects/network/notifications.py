"""Notifications to issuers (`spec/network.md` §9): the body of a plan, sealed and signed anew at each try."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from parcela.dialects.network.jwe import seal_compact
from parcela.dialects.network.keyring import KeyRing
from parcela.dialects.network.write import write_merchant, write_rows, write_terms, write_transaction
from parcela.dialects.strict_json import JsonNumber, StrictJsonError, parse_object
from parcela.domain.cards import Pan
from parcela.domain.delivery import (
    NETWORK_RULES,
    NO_DESTINATION,
    NOTIFICATIONS_OFF,
    DeliveryRules,
    Obstacle,
)
from parcela.domain.ids import is_uuid
from parcela.domain.plans import Plan
from parcela.domain.programs import Issuer
from parcela.operations.delivery_work import ClaimedLetter, FinishedTry, LaneKey, StoredPlan, load_plans
from parcela.operations.engine import Engine, World
from parcela.operations.letter_rendering import CannotRender, Draft, RenderedLetter
from parcela.operations.outbound import OutboundAnswer, OutboundRequest

PLAN_NOTIFICATION = "network.plan_notification"
_SEALED = "[sealed]"
_SIGNATURE_START = 'oauth_signature="'
_UNREADABLE = "the receiver's answer to the notification cannot be read"
_encode = msgspec.json.Encoder().encode


class NotificationRenderer:
    """Writes the notification of a plan. `encrypted_member` is the name of the sealed member."""

    rules: DeliveryRules = NETWORK_RULES

    def __init__(self, engine: Engine, *, encrypted_member: str = "encryptedValue") -> None:
        self._engine = engine
        self._keys = KeyRing(engine)
        self._encrypted_member = encrypted_member

    def owns(self, key: LaneKey) -> bool:
        """A lane is a provider id."""
        return is_uuid(key.lane)

    def find_obstacle(self, world: World, key: LaneKey) -> Obstacle | None:
        """An issuer without destination, or with notifications switched off."""
        issuer = world.catalogue(key.tenant_id).find_issuer(key.lane)
        if issuer is None or issuer.notification_url is None:
            return NO_DESTINATION
        return None if issuer.notifications_enabled else NOTIFICATIONS_OFF

    async def load(self, letters: Sequence[ClaimedLetter]) -> Mapping[str, Draft]:
        """Drafts of the letters whose plans exist."""
        of_tenant: dict[int, list[ClaimedLetter]] = defaultdict(list)
        for letter in letters:
            of_tenant[letter.key.tenant_id].append(letter)
        drafts: dict[str, Draft] = {}
        for tenant_id, own in of_tenant.items():
            plans = await load_plans(self._engine, tenant_id, [letter.subject_id for letter in own])
            for letter in own:
                if letter.subject_id in plans:
                    drafts[letter.letter_id] = partial(self._render, letter, plans[letter.subject_id])
        return drafts

    def find_flag(self, answer: OutboundAnswer) -> str | None:
        """FAILURE, or an answer that is neither the published object nor a string that holds it."""
        try:
            text: bytes | str = answer.body
            if text[:1] == b'"':
                text = msgspec.json.decode(answer.body, type=str)
            members = parse_object(text)
        except (StrictJsonError, msgspec.DecodeError, UnicodeError):
            return _UNREADABLE
        status, message = members.get("status"), members.get("message")
        if status == "SUCCESS" and not answer.is_cut:
            return None
        if status != "FAILURE":
            return _UNREADABLE
        told = message if isinstance(message, str) and not isinstance(message, JsonNumber) else ""
        return f"the receiver answered FAILURE: {told}" if told else "the receiver answered FAILURE"

    async def note_parked(self, finished: FinishedTry) -> None:
        """Nothing else: people of the issuer see the letter, and the log tells of it."""

    def _render(self, letter: ClaimedLetter, stored: StoredPlan, world: World) -> RenderedLetter:
        issuer = world.catalogue(letter.key.tenant_id).find_issuer(letter.provider_id)
        assert issuer is not None and issuer.notification_url is not None, "find_obstacle came first"
        keys = self._keys.find_issuer_keys(world, letter.provider_id)
        if keys is None:
            raise CannotRender(
                "no_keys",
                "no enabled client of the issuer has a live encryption key and a live signing key of ours",
            )
        pan = self._engine.vault.open_pan(stored.card)
        ids = self._engine.ids
        sealed = seal_compact(
            _write_sensitive(pan),
            keys.encryption_key,
            kid=keys.encryption_kid,
            cek=ids.random_bytes(32),
            iv=ids.random_bytes(12),
        )
        members = write_notification(stored.read(), issuer, sealed_member=self._encrypted_member)
        members[self._encrypted_member] = sealed
        body = _encode(members)
        members[self._encrypted_member] = _SEALED
        url = issuer.notification_url
        authorization = keys.signing_key.sign(
            "POST",
            url,
            body,
            nonce=ids.random_bytes(12).hex(),
            timestamp=int(world.real_now.timestamp()),
        )
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Correlation-Id": letter.correlation_id,
        }
        return RenderedLetter(
            request=OutboundRequest(url=url, headers={**headers, "Authorization": authorization}, body=body),
            shown_headers={**headers, "Authorization": _hide_signature(authorization)},
            shown_body=_encode(members).decode(),
            secrets=(pan.digits, *_list_signatures(authorization)),
        )


def write_notification(plan: Plan, issuer: Issuer, *, sealed_member: str) -> dict[str, object]:
    """The members of a notification in the order of the published sample; the sealed one is to be filled."""
    request = plan.request
    body: dict[str, object] = {
        "planId": plan.plan_id,
        "issuerCid": issuer.cid,
        "issuerIca": issuer.ica,
        sealed_member: None,
        "merchant": write_merchant(request.merchant),
        "offerId": request.offer_id,
    }
    if request.shown_offer_ids is not None:
        body["transactionOffers"] = [{"offerId": offer_id} for offer_id in request.shown_offer_ids]
    body["planInstallmentInformation"] = write_terms(plan.offer)
    body["schedulePayments"] = write_rows(plan)
    body["transaction"] = write_transaction(plan)
    return body


def _write_sensitive(pan: Pan) -> bytes:
    """The text to seal: the card number as a number, which no leading zero may be lost in."""
    number: int | str = pan.digits if pan.digits.startswith("0") else int(pan.digits)
    return _encode({"consumer": {"primaryAccountNumber": number}})


def _hide_signature(authorization: str) -> str:
    """The header without the value of its last member."""
    head, separator, _ = authorization.partition(_SIGNATURE_START)
    return f'{head}{separator}[cut]"' if separator else "[cut]"


def _list_signatures(authorization: str) -> tuple[str, ...]:
    """What `_hide_signature` leaves out, should the receiver repeat it."""
    signature = authorization.partition(_SIGNATURE_START)[2].rstrip('"')
    return (signature,) if signature else ()
