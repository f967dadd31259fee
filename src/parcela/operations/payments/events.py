"""Events of an account: written in the transaction of the change that they tell (`spec/payments.md` §11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from parcela.domain.payments.events import EventType
from parcela.domain.payments.ids import RANDOM_BYTES, Prefix, make_id
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.store.database import Connection
from parcela.store.documents import Document
from parcela.store.payments import events
from parcela.store.payments.events import EventRecord


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to which object, with the object in the door's words (`desk.renderer`)."""

    type: EventType
    object_id: str
    document: Document


def new_id(desk: PaymentsDesk, moment: AccountMoment, prefix: Prefix) -> str:
    """A new identifier of the account's instant."""
    return make_id(prefix, at=moment.now, random=desk.engine.ids.random_bytes(RANDOM_BYTES))


async def tell(
    connection: Connection, desk: PaymentsDesk, moment: AccountMoment, happenings: Sequence[Happening]
) -> None:
    """Write events in their order, with the letters to the endpoints that want them."""
    records = [
        EventRecord(
            event_id=new_id(desk, moment, Prefix.EVENT),
            owner=moment.owner,
            type=happening.type,
            object_id=happening.object_id,
            document=happening.document,
            created_at=moment.now,
        )
        for happening in happenings
    ]
    await events.insert_events(connection, records)
