"""What the issuer's door needs from the service that it is mounted in, as protocols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from parcela.dialects.network.wire_values import Members
from parcela.domain.servicing.records import PlanNotice


class NoticeDiffers(Exception):
    """The plan was taken in before, with other content; the first content stands.

    `members` names what differs, without values.
    """

    def __init__(self, plan_id: str, members: Sequence[str]) -> None:
        self.plan_id = plan_id
        self.members = tuple(members)
        super().__init__(f"plan {plan_id} came again with another {', '.join(members)}")


class NoticeForeign(Exception):
    """The plan is well-formed and not for this issuer, such as one of a card that it never issued.

    The message is for the log; it holds no card number.
    """


class TryLater(Exception):
    """The service cannot keep anything at the moment; the network tries again."""


class NoticeService(Protocol):
    """Keeps the plans that the network tells."""

    async def take(self, notice: PlanNotice, correlation_id: str) -> bool:
        """Keep a plan: True when it is new, False when it was taken in before.

        It returns once the plan is kept for good, for the network never tells it again after that. Equal
        plan ids mean one plan (`spec/network.md` §9): a repeat has no second effect. Raises NoticeDiffers
        for a repeat with other content, NoticeForeign, BadRequest for a plan that cannot be serviced, and
        TryLater.
        """


class OfferSearch(Protocol):
    """Prices an issuer's own offers for one purchase (`spec/network.md` §13)."""

    async def search(self, body: Members, sensitive: Members) -> Sequence[Mapping[str, object]]:
        """The offers with the members of `spec/network.md` §5.3, none when there are none.

        `body` and `sensitive` are the offers request as strict JSON, its sensitive part decrypted; card
        numbers in it must not be logged. Raises BadRequest and TryLater.
        """


class BadRequest(Exception):
    """A request cannot be read. `member` names what is wrong with it, never a value."""

    def __init__(self, member: str) -> None:
        self.member = member
        super().__init__(member)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderKey:
    """A public key of the network. `key_id` tells keys apart in the book of nonces."""

    key_id: int
    consumer_key: str
    public_key: RSAPublicKey


class ReceiverKeys(Protocol):
    """The network's signing keys, and the issuer's own decryption keys."""

    async def find_sender_key(self, consumer_key: str) -> SenderKey | None:
        """The live key of a consumer key; None when it is unknown, expired or revoked."""

    async def list_decryption_keys(self) -> Mapping[str, RSAPrivateKey]:
        """The issuer's live private keys by `kid`, lower-case hex SHA-256 of SubjectPublicKeyInfo."""


class NonceBook(Protocol):
    """Remembers which signed requests came already."""

    async def use(self, key: SenderKey, *, signed_at: int, nonce: str) -> bool:
        """Use a nonce up: False when it was used before. `signed_at` in seconds since 1970.

        Called after the signature is proved, so that a forged request uses nothing up. Raises TryLater.
        """
