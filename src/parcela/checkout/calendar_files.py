"""The dates of a plan as a calendar file (RFC 5545): one whole-day event for each payment."""

from datetime import UTC, timedelta

from parcela.domain.payments.ids import name_plan
from parcela.domain.payments.plans import PaymentPlan
from parcela.words.words import Words

MEDIA_TYPE = "text/calendar; charset=utf-8"
_LONGEST_LINE = 75


def render_calendar(plan: PaymentPlan, *, shop: str, words: Words) -> bytes:
    """The payments that are still to come."""
    stamp = plan.created_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Parcela//Checkout//EN", "CALSCALE:GREGORIAN"]
    for row in plan.rows:
        if not row.is_open:
            continue
        amount = words.write_money(row.amount_minor, plan.offer.currency)
        summary = words.say(
            "calendar_payment", number=row.number, count=len(plan.rows), amount=amount, shop=shop
        )
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name_plan(plan.plan_id)}-{row.number}@parcela",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{row.due_date:%Y%m%d}",
            f"DTEND;VALUE=DATE:{row.due_date + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(summary)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(_fold(line) for line in lines)


def _escape(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def _fold(line: str) -> bytes:
    """A line of at most 75 bytes; what is longer goes on after a space, never inside a character."""
    folded, held = [], b""
    for character in line:
        encoded = character.encode()
        if len(held) + len(encoded) > _LONGEST_LINE:
            folded.append(held)
            held = b" "
        held += encoded
    return b"\r\n".join([*folded, held, b""])
