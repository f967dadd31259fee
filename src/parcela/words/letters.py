"""Mails in words: subject, text and HTML of one thing that happened, from its facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from parcela.domain.mail import MailKind
from parcela.words.words import Words

Facts = Mapping[str, Any]
"""What `operations.payments.mails` wrote down: names, ISO dates, amounts in minor units."""

_templates = Environment(
    loader=PackageLoader("parcela.words"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """What belongs to a mail beside its facts: the address of the plan's page, and the receipt as text."""

    plan_url: str | None = None
    receipt: str | None = None
    has_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMail:
    """A mail in one language."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Title, sentences and schedule of a mail; the schedule's last line is its total."""

    subject: str
    title: str
    sentences: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...] = ()
    total: str | None = None


def write_letter(
    kind: MailKind, facts: Facts, words: Words, *, is_live: bool, enclosed: Enclosed
) -> WrittenMail:
    """A mail. Amounts and dates are those of pages and papers, byte for byte."""
    parts = _WRITERS[kind](facts, words, enclosed)
    test = None if is_live else words.say("mail_test")
    footer = words.say("mail_footer", shop=facts["shop"])
    reference = facts.get("reference")
    order = None if reference is None else words.say("mail_order", reference=reference)
    link = None if enclosed.plan_url is None else words.say("mail_plan_link")
    html = _templates.get_template("mail.html").render(
        parts=parts,
        words=words,
        say=words.say,
        test=test,
        footer=footer,
        order=order,
        link=link,
        plan_url=enclosed.plan_url,
    )
    schedule = enclosed.receipt.strip() if enclosed.receipt is not None else _write_rows(parts, words)
    blocks = [
        test,
        parts.title,
        order,
        "\n".join(parts.sentences),
        schedule,
        None if link is None else f"{link}\n{enclosed.plan_url}",
        footer,
    ]
    text = "\n\n".join(block for block in blocks if block) + "\n"
    return WrittenMail(language=words.language, subject=parts.subject, text=text, html=html)


def _write_rows(parts: _Parts, words: Words) -> str:
    lines = [f"{number}. {day}: {amount}" for number, day, amount in parts.rows]
    if parts.total is not None:
        lines.append(f"{words.say('mail_total')}: {parts.total}")
    return "\n".join(lines)


def _write_receipt(facts: Facts, words: Words, enclosed: Enclosed) -> _Parts:
    amount = words.write_money(facts["total_minor"], facts["currency"])
    shop, count = facts["shop"], len(facts["rows"])
    said = words.say("mail_receipt_text", count=count, amount=amount, creditor=facts["creditor"])
    attached = (words.say("mail_receipt_paper"),) if enclosed.has_file else ()
    return _Parts(
        subject=words.say("mail_receipt_subject", shop=shop, amount=amount),
        title=words.say("mail_receipt_title", shop=shop),
        sentences=(said, *attached),
        rows=_print_rows(facts, words),
        total=amount,
    )


def _write_refund(facts: Facts, words: Words, _: Enclosed) -> _Parts:
    shop, currency, rows = facts["shop"], facts["currency"], facts["rows"]
    amount = words.write_money(facts["refunded_minor"], currency)
    left = words.write_money(sum(row["amount_minor"] for row in rows), currency)
    sentences = []
    if facts["cash_back_minor"]:
        back = words.write_money(facts["cash_back_minor"], currency)
        sentences.append(words.say("mail_refund_card", amount=back))
    if rows:
        sentences.append(words.say("mail_refund_left", count=len(rows), amount=left))
    else:
        sentences.append(words.say("mail_refund_over"))
    return _Parts(
        subject=words.say("mail_refund_subject", shop=shop, amount=amount),
        title=words.say("mail_refund_title", shop=shop, amount=amount),
        sentences=tuple(sentences),
        rows=_print_rows(facts, words),
        total=left if rows else None,
    )


def _write_overdue(facts: Facts, words: Words, _: Enclosed) -> _Parts:
    shop, creditor = facts["shop"], facts["creditor"]
    missed = words.say(
        "mail_overdue_text",
        number=facts["number"],
        amount=words.write_money(facts["amount_minor"], facts["currency"]),
        shop=shop,
        date=_print_date(facts["due_date"], words),
    )
    if facts["again_on"] is None:
        following = words.say("mail_overdue_last", creditor=creditor)
    else:
        following = words.say("mail_overdue_again", date=_print_date(facts["again_on"], words))
    return _Parts(
        subject=words.say("mail_overdue_subject", shop=shop),
        title=words.say("mail_overdue_title"),
        sentences=(
            missed,
            following,
            facts["wording"] or words.say("mail_overdue_help", creditor=creditor),
        ),
    )


def _write_withdrawal(facts: Facts, words: Words, _: Enclosed) -> _Parts:
    creditor, last_day = facts["creditor"], _print_date(facts["last_day"], words)
    said = words.say(
        "mail_withdrawal_text",
        accepted=_print_date(facts["accepted_on"], words),
        shop=facts["shop"],
        creditor=creditor,
        date=last_day,
    )
    sentences = [said, words.say("mail_withdrawal_how", creditor=creditor)]
    if facts["creditor_address"] is not None:
        sentences.append(words.say("mail_withdrawal_address", address=facts["creditor_address"]))
    sentences.append(facts["wording"] or words.say("mail_withdrawal_effect"))
    return _Parts(
        subject=words.say("mail_withdrawal_subject", date=last_day),
        title=words.say("mail_withdrawal_title"),
        sentences=tuple(sentences),
    )


def _write_webhook(facts: Facts, words: Words, _: Enclosed) -> _Parts:
    event, host = facts["event"], facts["host"]
    said = words.say(
        "mail_webhook_text",
        count=facts["tries"],
        event=event,
        topic=facts["topic"],
        endpoint=facts["endpoint"],
        host=host,
    )
    return _Parts(
        subject=words.say("mail_webhook_subject", host=host),
        title=words.say("mail_webhook_title"),
        sentences=(
            said,
            words.say("mail_webhook_reason", reason=facts["reason"]),
            words.say("mail_webhook_next", event=event),
        ),
    )


def _print_rows(facts: Facts, words: Words) -> tuple[tuple[str, str, str], ...]:
    rows: Sequence[Facts] = facts["rows"]
    return tuple(
        (
            str(row["number"]),
            _print_date(row["due_date"], words),
            words.write_money(row["amount_minor"], facts["currency"]),
        )
        for row in rows
    )


def _print_date(text: str, words: Words) -> str:
    return words.write_date(date.fromisoformat(text))


_WRITERS: Mapping[MailKind, Callable[[Facts, Words, Enclosed], _Parts]] = {
    MailKind.RECEIPT: _write_receipt,
    MailKind.REFUND: _write_refund,
    MailKind.OVERDUE: _write_overdue,
    MailKind.WITHDRAWAL: _write_withdrawal,
    MailKind.WEBHOOK_FAILED: _write_webhook,
}
