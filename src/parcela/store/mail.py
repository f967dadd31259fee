"""Mails and the letters that bring them: the lane is one for all mail of a tenant, the subject the mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from parcela.domain.mail import MailKind
from parcela.domain.payments.records import Owner
from parcela.store.database import Connection
from parcela.store.documents import Document, decode_document, encode_document
from parcela.store.vault_keys import SealedContent

MAIL = "payments.mail"
"""The kind of these letters."""

MAIL_LANE = "mail"

_NO_PROVIDER = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """A mail as it is kept. `cause` names what happened; `facts` have no address and no card number."""

    mail_id: str
    owner: Owner
    kind: MailKind
    cause: str
    locale: str
    recipient: SealedContent = field(repr=False)
    facts: Document
    created_at: datetime


async def insert_mail(connection: Connection, mail: MailRecord, *, letter_id: str, due_at: datetime) -> bool:
    """Write a mail with its letter, due at an instant of the world's clock; False when its cause was told.

    Nobody is told of a letter's age: one that is given up is told at once.
    """
    written = await connection.fetchval(
        "WITH news AS (INSERT INTO mail (tenant_id, mail_id, client_id, is_live, kind, cause, locale,"
        " key_number, recipient, facts, created_at)"
        " VALUES ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (tenant_id, kind, cause) DO NOTHING RETURNING tenant_id, mail_id)"
        " INSERT INTO letter (tenant_id, letter_id, kind, subject_id, provider_id, correlation_id, status,"
        " created_at, next_attempt_at, ladder_anchor_at, waiting_since, lane)"
        f" SELECT tenant_id, $12::uuid, '{MAIL}', mail_id, '{_NO_PROVIDER}', mail_id::text,"
        f" 'due', $13, $13, $13, 'infinity', '{MAIL_LANE}' FROM news RETURNING true",
        mail.owner.tenant_id,
        mail.mail_id,
        mail.owner.client_id,
        mail.owner.is_live,
        mail.kind,
        mail.cause,
        mail.locale,
        mail.recipient.key_number,
        mail.recipient.sealed,
        encode_document(mail.facts),
        mail.created_at,
        letter_id,
        due_at,
    )
    return written is True


async def list_mails(connection: Connection, tenant_id: int, mail_ids: Sequence[str]) -> list[MailRecord]:
    """Mails by their ids."""
    rows = await connection.fetch(
        "SELECT tenant_id, mail_id::text AS mail_id, client_id, is_live, kind, cause, locale, key_number,"
        " recipient, facts, created_at FROM mail WHERE tenant_id = $1 AND mail_id = ANY($2::uuid[])",
        tenant_id,
        list(mail_ids),
    )
    return [_read(row) for row in rows]


def _read(row: asyncpg.Record) -> MailRecord:
    return MailRecord(
        mail_id=row["mail_id"],
        owner=Owner(row["tenant_id"], row["client_id"], row["is_live"]),
        kind=MailKind(row["kind"]),
        cause=row["cause"],
        locale=row["locale"],
        recipient=SealedContent(key_number=row["key_number"], sealed=row["recipient"]),
        facts=decode_document(row["facts"]),
        created_at=row["created_at"],
    )
