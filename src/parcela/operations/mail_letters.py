"""Mails as letters: written in the transaction of what they tell, read by the worker that sends them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from parcela.domain.mail import MailKind, find_mailbox
from parcela.domain.payments.records import Owner
from parcela.operations.delivery_work import ClaimedLetter
from parcela.operations.engine import Engine
from parcela.store import mail
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.mail import MAIL, MAIL_LANE, MailRecord

__all__ = ["MAIL", "MAIL_LANE", "LoadedMail", "NewMail", "load_mails", "write_mail"]

log = structlog.get_logger("parcela.mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMail:
    """A mail to be written. `cause` names what happened: of one kind it is told once.

    `facts` hold no address and no card number. `created_at` is the account's clock, `due_at` the
    world's.
    """

    owner: Owner
    kind: MailKind
    cause: str
    locale: str
    address: str = field(repr=False)
    facts: Document
    created_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedMail:
    """A mail and where it goes."""

    record: MailRecord
    mailbox: str = field(repr=False)


async def write_mail(connection: Connection, engine: Engine, new: NewMail) -> bool:
    """Write a mail and its letter in the caller's transaction.

    False, and nothing written, when the cause was told before or the address cannot be written to.
    """
    mailbox = find_mailbox(new.address)
    if mailbox is None:
        log.warning("no mail to this address", kind=str(new.kind), cause=new.cause)
        return False
    mail_id = engine.ids.new_uuid()
    record = MailRecord(
        mail_id=mail_id,
        owner=new.owner,
        kind=new.kind,
        cause=new.cause,
        locale=new.locale,
        recipient=engine.vault.seal_content(new.owner.tenant_id, _name_context(mail_id), mailbox.encode()),
        facts=new.facts,
        created_at=new.created_at,
    )
    return await mail.insert_mail(connection, record, letter_id=engine.ids.new_uuid(), due_at=new.due_at)


async def load_mails(engine: Engine, letters: Sequence[ClaimedLetter]) -> dict[str, LoadedMail]:
    """What letters bring, by letter id, in one query for each tenant."""
    of_tenant: dict[int, list[ClaimedLetter]] = defaultdict(list)
    for letter in letters:
        of_tenant[letter.key.tenant_id].append(letter)
    loaded: dict[str, LoadedMail] = {}
    for tenant_id, own in of_tenant.items():
        async with engine.database.connection() as connection:
            found = await mail.list_mails(connection, tenant_id, [letter.subject_id for letter in own])
        known = {record.mail_id: record for record in found}
        loaded |= {
            letter.letter_id: _open(engine, known[letter.subject_id])
            for letter in own
            if letter.subject_id in known
        }
    return loaded


def _open(engine: Engine, record: MailRecord) -> LoadedMail:
    content = engine.vault.open_content(
        record.owner.tenant_id, _name_context(record.mail_id), record.recipient
    )
    return LoadedMail(record=record, mailbox=content.decode())


def _name_context(mail_id: str) -> str:
    """What a sealed address is bound to."""
    return f"mail|{mail_id}"
