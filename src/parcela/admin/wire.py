"""The bodies of the set-up door. Requests refuse members that they do not have."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from parcela.domain.changes import ChangeStatus, Role
from parcela.domain.clients import ClientRole, KeyPurpose


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What callers send."""


class Answer(msgspec.Struct, frozen=True):
    """What callers get."""


class SignIn(Request, frozen=True):
    """Who signs in."""

    email: str
    password: str


class EntryKeyBody(Request, frozen=True):
    """An entry to remove."""

    kind: str
    key: str


class ProposeChanges(Request, frozen=True):
    """Entries to put, as in a catalogue file, and keys to remove; they stand or fall together."""

    summary: str
    catalogue: dict[str, Any] | None = None
    removed: list[EntryKeyBody] = []


class Rejection(Request, frozen=True):
    """Why a proposal is turned down."""

    reason: str


class Destination(Request, frozen=True):
    """Where an issuer's notifications go, null for nowhere; `enabled` switches them on or off."""

    url: str | None
    enabled: bool = True


class RealTimeDestination(Request, frozen=True):
    """Where an issuer is asked for its own offers, null for nowhere."""

    url: str | None


class NewClientBody(Request, frozen=True):
    """A caller to register; issuers name their provider."""

    code: str
    name: str
    role: Literal["partner", "issuer"]
    provider_id: str | None = None


class ClientPatch(Request, frozen=True):
    """Switches of a client; an absent one stays as it is."""

    is_enabled: bool | UnsetType = UNSET
    is_suspended: bool | UnsetType = UNSET


class NewKeyBody(Request, frozen=True):
    """A client's own public key or certificate; `name` is the key id for signing keys."""

    purpose: Literal["signing", "client_encryption"]
    pem: str
    name: str | None = None
    expires_at: datetime | None = None


class Rotation(Request, frozen=True):
    """A new pair of ours; the older ones stay usable for the grace period."""

    purpose: Literal["platform_decryption", "platform_signing"]
    grace_seconds: int = 86400


class TokenPair(Request, frozen=True):
    """A token PAN and the funding PAN behind it."""

    token_pan: str
    funding_pan: str


class TokenMap(Request, frozen=True):
    """At most 1,000 pairs, loaded whole or not at all; a token that stands is pointed at the new card."""

    tokens: list[TokenPair]


class NewPersonBody(Request, frozen=True):
    """Somebody to register; people of an issuer name its provider id."""

    email: str
    password: str
    role: Role
    provider_id: str | None = None


class PersonAnswer(Answer, frozen=True):
    """Somebody who may sign in."""

    email: str
    role: Role
    provider_id: str | None


class SessionAnswer(Answer, frozen=True):
    """A session: send the token with every call. It ends after `expires_in_s`, or unused after `idle_s`."""

    token: str
    expires_in_s: int
    idle_s: int
    person: PersonAnswer


class EntryAnswer(Answer, frozen=True):
    """An entry in force, with the number of its version."""

    kind: str
    key: str
    version: int
    entry: dict[str, Any]


class VersionAnswer(Answer, frozen=True):
    """One version of an entry; `entry` is null for a removal."""

    version: int
    is_current: bool
    entry: dict[str, Any] | None
    change_set_id: str
    proposed_by: str
    approved_by: str
    approved_at: datetime


class ChangeAnswer(Answer, frozen=True):
    """One entry put or removed; `base_version` is what it replaces, 0 for a new entry."""

    kind: str
    key: str
    action: Literal["put", "remove"]
    base_version: int
    entry: dict[str, Any] | None


class ChangeSetAnswer(Answer, frozen=True):
    """Changes that stand or fall together."""

    change_set_id: str
    status: ChangeStatus
    summary: str
    changes: list[ChangeAnswer]
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


class MemberAnswer(Answer, frozen=True):
    """A member that would differ; null is an absent member, which has its default."""

    member: str
    before: Any
    after: Any


class DifferenceAnswer(Answer, frozen=True):
    """An entry that would differ."""

    kind: str
    key: str
    action: Literal["put", "remove"]
    base_version: int
    members: list[MemberAnswer]


class ComparisonAnswer(Answer, frozen=True):
    """What applying a catalogue would change."""

    changes: list[DifferenceAnswer]


class DestinationAnswer(Answer, frozen=True):
    """Where an issuer's notifications go."""

    url: str | None
    enabled: bool


class RealTimeDestinationAnswer(Answer, frozen=True):
    """Where an issuer is asked for its own offers."""

    url: str | None


class ClientAnswer(Answer, frozen=True):
    """A registered caller; `code` is the client id in its consumer keys, of merchants the merchant id."""

    client_id: int
    code: str
    name: str
    role: ClientRole
    provider_id: str | None
    is_enabled: bool
    is_suspended: bool


class KeyAnswer(Answer, frozen=True):
    """A public key of a client, or the public half of ours for it (`platform_…`)."""

    key_id: int
    purpose: KeyPurpose
    name: str
    public_pem: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class TokensAnswer(Answer, frozen=True):
    """How many pairs were loaded."""

    loaded: int


class PanListAnswer(Answer, frozen=True):
    """A PAN list: its members come through the network API."""

    pan_list_id: str
    name: str
    provider_id: str
    low: str
    high: str
    members: int
    created_at: datetime


class InstallmentAnswer(Answer, frozen=True):
    """One row; amounts in major units, as text. amount = principal + interest + fee."""

    number: int
    due_date: str
    amount: str
    principal: str
    interest: str
    fee: str


class PlanAnswer(Answer, frozen=True):
    """A plan; amounts in major units, as text."""

    plan_id: str
    status: str
    created_at: datetime
    client_code: str
    provider_id: str
    offer_id: str
    program_version: int | None
    offer_transaction_id: str
    card: str
    merchant: str | None
    purchase_amount: str
    purchase_currency: str
    currency: str
    total: str
    apr_percent: str | None
    interval: str
    installments: list[InstallmentAnswer]


class AcceptanceAnswer(Answer, frozen=True):
    """The evidence that the terms of a plan were accepted: what was shown, when, and for which amount.

    `terms_sha256` is of the text in UTF-8, in hexadecimal; `amount` in major units.
    """

    plan_id: str
    offer_id: str
    accepted_at: datetime
    display: str
    locale: str
    terms_version: str
    terms_text: str
    terms_sha256: str
    acceptance_text: str | None
    amount: str
    currency: str


class AuditLineAnswer(Answer, frozen=True):
    """One line of the audit trail."""

    sequence: int
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    detail: dict[str, Any]


class EntryList(Answer, frozen=True):
    """Entries by their key."""

    items: list[EntryAnswer]


class VersionList(Answer, frozen=True):
    """Versions, the newest first."""

    items: list[VersionAnswer]


class ChangeSetList(Answer, frozen=True):
    """Change sets, the newest first."""

    items: list[ChangeSetAnswer]


class ClientList(Answer, frozen=True):
    """Clients in the order of their registration."""

    items: list[ClientAnswer]


class KeyList(Answer, frozen=True):
    """Keys, the oldest first, those that have ended included."""

    items: list[KeyAnswer]


class PanListList(Answer, frozen=True):
    """PAN lists by their id."""

    items: list[PanListAnswer]


class PersonList(Answer, frozen=True):
    """People by their address."""

    items: list[PersonAnswer]


class AuditList(Answer, frozen=True):
    """Lines of the audit trail, the newest first."""

    items: list[AuditLineAnswer]
