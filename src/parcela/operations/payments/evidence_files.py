"""The whole file of a payment for operators: every record of what was shown, its seal, and every paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from parcela.domain.changes import Person
from parcela.domain.disclosures.papers import PaperDelivery
from parcela.domain.errors import NotFound
from parcela.domain.payments.ids import read_plan_id
from parcela.domain.payments.records import Payment
from parcela.operations.clients import check_operator
from parcela.operations.engine import Engine
from parcela.operations.payments.payment_overview import view_payment
from parcela.operations.payments.plan_evidence import seal_evidence
from parcela.store.payments import evidence, papers, plans
from parcela.store.payments.evidence import EvidenceRecord

__all__ = ["EvidenceFile", "EvidenceRecord", "PaperFile", "find_plan_record", "view_evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFile:
    """A paper as it was delivered, byte for byte."""

    delivery: PaperDelivery
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A payment with its records and papers, the first first."""

    account_id: str
    payment: Payment
    records: Sequence[EvidenceRecord]
    papers: Sequence[PaperFile]


async def view_evidence(engine: Engine, person: Person, payment_id: str) -> EvidenceFile:
    """All that is kept of how a payment's plans were shown. Raises NotAllowed, NotFound."""
    whole = await view_payment(engine, person, payment_id)
    await seal_evidence(engine)
    owner, files = whole.view.payment.owner, []
    async with engine.database.connection() as connection:
        records = await evidence.list_records_of_payment(connection, owner, payment_id)
        for delivery in await papers.list_deliveries(connection, owner, payment_id):
            content = await papers.find_content(connection, owner, payment_id, delivery.digest)
            assert content is not None, "a delivery is of a file that is kept"
            files.append(PaperFile(delivery=delivery, content=content))
    return EvidenceFile(
        account_id=whole.account_id, payment=whole.view.payment, records=records, papers=files
    )


async def find_plan_record(engine: Engine, person: Person, plan_id: str) -> EvidenceRecord:
    """The record that a payment's plan was accepted from; the plan is named either way.

    Raises NotAllowed, and NotFound for what is no plan of a payment.
    """
    check_operator(person)
    wanted = read_plan_id(plan_id)
    await seal_evidence(engine)
    async with engine.database.connection() as connection:
        owner = None if wanted is None else await plans.find_owner(connection, person.tenant_id, wanted)
        if wanted is not None and owner is not None:
            record = await evidence.find_record_of_plan(connection, owner, wanted)
            assert record is not None, "a plan is written with its evidence"
            return record
    raise NotFound("plan of a payment", plan_id)
