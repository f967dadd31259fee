"""Our records as answers of the set-up door."""

from typing import Any

import msgspec

from parcela.admin import wire
from parcela.domain.catalogue import VersionedEntry
from parcela.domain.changes import Change, ChangeSet, Person
from parcela.domain.clients import Client, ClientKey
from parcela.domain.money import format_major
from parcela.operations.audit_trail import AuditEntry
from parcela.operations.catalogue import render_entry
from parcela.operations.plan_evidence import PlanAcceptance
from parcela.operations.plan_views import PlanView


def keep(answer: msgspec.Struct) -> dict[str, Any]:
    """An answer in the form in which it is kept for repeats: its exact text."""
    return {"body": msgspec.json.encode(answer).decode()}


def person_to_wire(person: Person) -> wire.PersonAnswer:
    """Somebody who may sign in."""
    return wire.PersonAnswer(email=person.email, role=person.role, provider_id=person.provider_id)


def entry_to_wire(held: VersionedEntry) -> wire.EntryAnswer:
    """An entry in force."""
    entry = held.entry
    return wire.EntryAnswer(kind=entry.kind, key=entry.key, version=held.version, entry=render_entry(entry))


def change_to_wire(change: Change) -> wire.ChangeAnswer:
    """One change of a set."""
    return wire.ChangeAnswer(
        kind=change.kind,
        key=change.key,
        action="remove" if change.entry is None else "put",
        base_version=change.base_version,
        entry=None if change.entry is None else render_entry(change.entry),
    )


def change_set_to_wire(change_set: ChangeSet) -> wire.ChangeSetAnswer:
    """A change set with all its changes."""
    return wire.ChangeSetAnswer(
        change_set_id=change_set.change_set_id,
        status=change_set.status,
        summary=change_set.summary,
        changes=[change_to_wire(change) for change in change_set.changes],
        proposed_by=change_set.proposed_by,
        proposed_at=change_set.proposed_at,
        decided_by=change_set.decided_by,
        decided_at=change_set.decided_at,
        reason=change_set.reason,
    )


def client_to_wire(client: Client) -> wire.ClientAnswer:
    """A registered caller."""
    return wire.ClientAnswer(
        client_id=client.client_id,
        code=client.code,
        name=client.name,
        role=client.role,
        provider_id=client.provider_id,
        is_enabled=client.is_enabled,
        is_suspended=client.is_suspended,
    )


def key_to_wire(key: ClientKey) -> wire.KeyAnswer:
    """The public half of a key."""
    return wire.KeyAnswer(
        key_id=key.key_id,
        purpose=key.purpose,
        name=key.name,
        public_pem=key.public_pem,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def audit_to_wire(entry: AuditEntry) -> wire.AuditLineAnswer:
    """One line of the trail."""
    line = entry.line
    return wire.AuditLineAnswer(
        sequence=entry.sequence,
        at=line.at,
        actor=line.actor,
        action=line.action,
        subject=line.subject,
        outcome=line.outcome,
        detail=dict(line.detail),
    )


def acceptance_to_wire(accepted: PlanAcceptance) -> wire.AcceptanceAnswer:
    """The evidence of an acceptance."""
    return wire.AcceptanceAnswer(
        plan_id=accepted.plan_id,
        offer_id=accepted.offer_id,
        accepted_at=accepted.accepted_at,
        display=accepted.display,
        locale=accepted.locale,
        terms_version=accepted.terms_version,
        terms_text=accepted.terms_text,
        terms_sha256=accepted.terms_hash.hex(),
        acceptance_text=accepted.acceptance_text,
        amount=format_major(accepted.amount),
        currency=accepted.currency,
    )


def plan_to_wire(view: PlanView) -> wire.PlanAnswer:
    """A plan with its rows."""
    plan, offer = view.plan, view.plan.offer
    transaction = plan.request.transaction
    return wire.PlanAnswer(
        plan_id=plan.plan_id,
        status=plan.status,
        created_at=plan.created_at,
        client_code=view.client_code,
        provider_id=plan.provider_id,
        offer_id=offer.offer_id,
        program_version=offer.program_version,
        offer_transaction_id=str(plan.offer_transaction_id),
        card=view.masked_card,
        merchant=plan.request.merchant.name,
        purchase_amount=str(transaction.amount),
        purchase_currency=transaction.currency,
        currency=offer.currency,
        total=str(offer.major(offer.total_minor)),
        apr_percent=None if offer.apr_percent is None else str(offer.apr_percent),
        interval=offer.interval,
        installments=[
            wire.InstallmentAnswer(
                number=row.number,
                due_date=row.due_date.isoformat(),
                amount=str(offer.major(row.amount_minor)),
                principal=str(offer.major(row.principal_minor)),
                interest=str(offer.major(row.interest_minor)),
                fee=str(offer.major(row.fee_minor)),
            )
            for row in plan.installments
        ],
    )
