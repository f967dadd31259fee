"""Parts of a merchant's statement, and what its close decides (`spec/payments.md` §§8.2 and 8.3)."""

from dataclasses import replace
from datetime import datetime

from parcela.domain.payments.settlement import FeeDetail, FeeKind, Settlement, SettlementStatus


def list_fees(*, processing_minor: int, installment_minor: int) -> tuple[FeeDetail, ...]:
    """The parts of a row's fee in minor units; a part of 0 is none."""
    parts = ((FeeKind.PROCESSING, processing_minor), (FeeKind.INSTALLMENT, installment_minor))
    return tuple(FeeDetail(kind, amount_minor) for kind, amount_minor in parts if amount_minor)


def decide_close(settlement: Settlement, *, opening_minor: int, now: datetime) -> Settlement:
    """The settlement at the end of its period: its figures are final, and what is to be paid out is known.

    All that is above 0 is paid out; what is below 0 stays, and opens the next settlement (§8.2).
    """
    assert settlement.closed_at is None, settlement.settlement_id
    assert opening_minor <= 0, opening_minor
    return replace(
        settlement,
        opening_minor=opening_minor,
        payout_minor=max(0, opening_minor + settlement.net_minor),
        closed_at=now,
    )


def decide_completion(settlement: Settlement, *, payout_id: str | None) -> Settlement:
    """The settlement when its funds are available; a payout of 0 is none."""
    assert settlement.closed_at is not None, settlement.settlement_id
    assert settlement.status is SettlementStatus.PENDING, settlement.settlement_id
    assert (payout_id is not None) == (settlement.payout_minor > 0), settlement.settlement_id
    return replace(settlement, status=SettlementStatus.COMPLETED, payout_id=payout_id)
