"""The file of a payment: what was shown of its plans, how that ended, and the papers that were delivered."""

import base64
from datetime import datetime

from parcela.admin import wire
from parcela.admin.routes import Call, Route
from parcela.operations.payments.evidence_files import (
    EvidenceFile,
    EvidenceRecord,
    PaperFile,
    view_evidence,
)


class EvidenceRecordAnswer(wire.Answer, frozen=True):
    """One record: `body` is the text that was kept, `sha256` its hash, `seal` its place in the chain.

    A seal is SHA-256 over the seal before it (none before the first) and this hash, both as bytes.
    """

    disclosure_id: str
    plan_id: str | None
    accepted_at: datetime | None
    declined_at: datetime | None
    body: str
    sha256: str
    seal_number: int | None
    seal: str | None


class PaperFileAnswer(wire.Answer, frozen=True):
    """A paper as it was delivered; `content` is base64."""

    kind: str
    form: str
    language: str
    template_version: str
    way: str
    delivered_at: datetime
    sha256: str
    content: str


class EvidenceFileAnswer(wire.Answer, frozen=True):
    """All that is kept of how a payment's plans were shown, the first first."""

    payment_id: str
    account_id: str
    live: bool
    records: list[EvidenceRecordAnswer]
    papers: list[PaperFileAnswer]


async def get_evidence_file(call: Call) -> EvidenceFileAnswer:
    """The file of one payment."""
    return file_to_wire(await view_evidence(call.engine, call.person, call.params["payment_id"]))


def file_to_wire(file: EvidenceFile) -> EvidenceFileAnswer:
    """The file as the door and the command line write it."""
    return EvidenceFileAnswer(
        payment_id=file.payment.payment_id,
        account_id=file.account_id,
        live=file.payment.owner.is_live,
        records=[_record_to_wire(record) for record in file.records],
        papers=[_paper_to_wire(paper) for paper in file.papers],
    )


def _record_to_wire(record: EvidenceRecord) -> EvidenceRecordAnswer:
    return EvidenceRecordAnswer(
        disclosure_id=record.disclosure_id,
        plan_id=record.plan_id,
        accepted_at=record.accepted_at,
        declined_at=record.declined_at,
        body=record.body,
        sha256=record.hash.hex(),
        seal_number=record.seal_number,
        seal=None if record.seal is None else record.seal.hex(),
    )


def _paper_to_wire(paper: PaperFile) -> PaperFileAnswer:
    delivery = paper.delivery
    return PaperFileAnswer(
        kind=delivery.kind,
        form=delivery.form,
        language=delivery.language,
        template_version=delivery.template_version,
        way=delivery.way,
        delivered_at=delivery.delivered_at,
        sha256=delivery.digest.hex(),
        content=base64.b64encode(paper.content).decode(),
    )


EVIDENCE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/payments/{payment_id}/evidence",
        handler=get_evidence_file,
        summary="What was shown of a payment's plans, and the papers that were delivered",
        answer=EvidenceFileAnswer,
        is_for_operators=True,
    ),
)
