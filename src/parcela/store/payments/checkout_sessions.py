"""Sessions of the hosted page: one for each browser and payment; every change names the serial it finds."""

from parcela.domain.payments.checkout import CheckoutNotice, CheckoutSession, CheckoutStep
from parcela.domain.payments.records import Owner
from parcela.store.database import Connection


async def find_session(
    connection: Connection, owner: Owner, *, payment_id: str, browser_key: bytes
) -> CheckoutSession | None:
    """Where this browser stands; None before its first form."""
    row = await connection.fetchrow(
        "SELECT serial, step, payment_method_id, offer_id, asked, notice FROM checkout_session"
        " WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 AND payment_id = $4 AND browser_key = $5",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        payment_id,
        browser_key,
    )
    if row is None:
        return None
    notice = row["notice"]
    return CheckoutSession(
        owner=owner,
        payment_id=payment_id,
        browser_key=browser_key,
        serial=row["serial"],
        step=CheckoutStep(row["step"]),
        payment_method_id=row["payment_method_id"],
        offer_id=row["offer_id"],
        asked=row["asked"],
        notice=None if notice is None else CheckoutNotice(notice),
    )


async def count_forms(connection: Connection, owner: Owner, payment_id: str) -> int:
    """How many forms were taken for a payment, of all browsers."""
    count: int = await connection.fetchval(
        "SELECT coalesce(sum(serial), 0)::bigint FROM checkout_session"
        " WHERE tenant_id = $1 AND client_id = $2 AND is_live = $3 AND payment_id = $4",
        owner.tenant_id,
        owner.client_id,
        owner.is_live,
        payment_id,
    )
    return count


async def save_session(connection: Connection, session: CheckoutSession) -> bool:
    """Write a session that goes one on: `serial` is the one after. False if another form was taken first."""
    found = await connection.fetchval(
        "INSERT INTO checkout_session AS held (tenant_id, client_id, is_live, payment_id, browser_key,"
        " serial, step, payment_method_id, offer_id, asked, notice)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " ON CONFLICT (tenant_id, payment_id, browser_key) DO UPDATE SET serial = excluded.serial,"
        " step = excluded.step, payment_method_id = excluded.payment_method_id,"
        " offer_id = excluded.offer_id, asked = excluded.asked, notice = excluded.notice"
        " WHERE held.serial = excluded.serial - 1 RETURNING 1",
        session.owner.tenant_id,
        session.owner.client_id,
        session.owner.is_live,
        session.payment_id,
        session.browser_key,
        session.serial,
        session.step,
        session.payment_method_id,
        session.offer_id,
        session.asked,
        session.notice,
    )
    return found is not None
