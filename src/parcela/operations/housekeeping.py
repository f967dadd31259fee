"""Once a minute: what need no longer be kept goes, card numbers too, and evidence is sealed."""

from datetime import timedelta
from functools import partial

from parcela.domain.disclosures.papers import PAPER_LIFE
from parcela.operations.engine import Engine
from parcela.operations.payments.idempotency import KEY_LIFE
from parcela.operations.payments.plan_evidence import seal_evidence
from parcela.operations.sessions import SESSION_TIME
from parcela.store import (
    cards,
    idempotency,
    merchant_offers,
    merchant_quotes,
    merchant_sessions,
    people,
    presentments,
    world,
)
from parcela.store.payments import events as payments_events
from parcela.store.payments import papers, previews, pruning
from parcela.store.payments.idempotency import delete_old_claims

NONCE_LIFE = timedelta(seconds=600)
IDEMPOTENCY_LIFE = timedelta(hours=72)
EVENT_LIFE = timedelta(days=30)
"""How long events of accounts are kept in live mode (`spec/payments.md` §11.1)."""


async def clean_up(engine: Engine, *, presentment_days: int) -> None:
    """Delete what has outlived its use, in bounded transactions; several workers may do so at once.

    Evidence is put into its chain at the same time. `presentment_days` is for what was shown to shoppers at
    any door.
    """
    await seal_evidence(engine)
    seen = await engine.look()
    shown_before = seen.now - timedelta(days=presentment_days)
    async with engine.database.connection() as connection:
        signed_before = int((seen.real_now - NONCE_LIFE).timestamp())
        await world.delete_old_nonces(connection, signed_before=signed_before)
        await presentments.delete_old_presentments(connection, presented_before=shown_before)
        await merchant_quotes.delete_old_quotes(connection, quoted_before=shown_before)
        await merchant_offers.delete_unused_offers(connection, quoted_before=shown_before)
        await idempotency.delete_old_results(connection, created_before=seen.real_now - IDEMPOTENCY_LIFE)
        await delete_old_claims(connection, created_before=seen.real_now - KEY_LIFE)
        await merchant_sessions.delete_expired_sessions(connection, now=seen.now)
        await people.delete_old_sessions(connection, created_before=seen.real_now - SESSION_TIME)
        await payments_events.delete_old_events(connection, created_before=seen.now - EVENT_LIFE)
        await papers.delete_old_papers(connection, before=seen.real_now - PAPER_LIFE)
        await previews.delete_ended_previews(connection, now=seen.now)
        await pruning.delete_unneeded_checks(connection, before=shown_before, now=seen.now)
    await engine.database.run(partial(pruning.delete_unneeded_lists, before=shown_before, now=seen.now))
    await engine.database.run(cards.erase_released_cards)
