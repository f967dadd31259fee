"""Card transactions and payments from a CSV file, each line once by its event id, streamed in thousands."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from parcela.domain.cards import Pan, mask_card_numbers, mask_digits
from parcela.domain.currency import find_currency
from parcela.domain.errors import DomainError, InvalidInput, NotFound
from parcela.domain.ids import Identifier
from parcela.domain.money import parse_major
from parcela.domain.plans import Merchant
from parcela.domain.servicing.records import CardAccount, TransactionFacts
from parcela.operations.card_messages import AuthorizationCommand, CardMessage, find_account, find_pan
from parcela.operations.card_transactions import (
    authorize,
    clear_purchase,
    credit_refund,
    reverse_authorization,
)
from parcela.operations.csv_lines import CsvLine, read_csv_batches
from parcela.operations.engine import MAIN_TENANT, AuditLine, Engine, World
from parcela.operations.servicing import AccountPayment, pay_account
from parcela.store.database import Connection

REQUIRED_COLUMNS = ("event_id", "event_type", "card_number", "amount", "currency")
OPTIONAL_COLUMNS = (
    "local_at",
    "transmitted_at",
    "plan_id",
    "transaction_id",
    "stan",
    "rrn",
    "authorization_code",
    "transaction_link_id",
    "merchant_name",
    "merchant_country",
    "mcc",
    "merchant_id",
    "acquirer_id",
    "entry_mode",
    "is_final",
)
EVENT_TYPES = ("authorization", "clearing", "reversal", "refund", "payment")
_LANES = 6
_CARD_NUMBER = re.compile(r"[0-9]{11,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that had no effect: its number in the file, its event id as far as it has one, and why."""

    line: int
    event_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What came of a file: `accepted` lines had their effect now, `repeated` ones had it before.

    `declined` counts accepted authorizations that were declined.
    """

    accepted: int = 0
    repeated: int = 0
    declined: int = 0
    refused: tuple[RefusedLine, ...] = ()


async def load_transaction_file(
    engine: Engine,
    lines: Iterable[str],
    *,
    actor: str | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> LoadReport:
    """Carry out a file's lines; those of one card in their order, those of different cards side by side.

    A line that is refused stops nothing. A file that was broken off can be loaded again from its beginning.
    `on_progress` gets the number of lines done; `actor` is named in the audit trail before the first line
    has an effect, and after the last. Raises InvalidInput for a file without the right header, and where it
    stops being CSV in UTF-8.
    """
    counted: Counter[str] = Counter()
    refused: list[RefusedLine] = []
    done = 0
    for batch in read_csv_batches(lines, _check_header):
        if not done:
            await _audit(engine, actor, "servicing.begin_load", {})
        world = await engine.look()
        async for outcome in _run_batch(engine, world, batch):
            if isinstance(outcome, RefusedLine):
                refused.append(outcome)
            else:
                counted[outcome] += 1
        done += len(batch)
        on_progress(done)
    report = LoadReport(
        accepted=counted["accepted"] + counted["declined"],
        repeated=counted["repeated"],
        declined=counted["declined"],
        refused=tuple(sorted(refused, key=lambda one: one.line)),
    )
    detail = {
        "accepted": report.accepted,
        "repeated": report.repeated,
        "declined": report.declined,
        "refused": len(report.refused),
    }
    await _audit(engine, actor, "servicing.load_transactions", detail)
    return report


async def _audit(engine: Engine, actor: str | None, action: str, detail: dict[str, int]) -> None:
    if actor is None:
        return
    line = AuditLine(
        tenant_id=MAIN_TENANT,
        at=engine.recall().real_now,
        actor=actor,
        action=action,
        subject="transaction file",
        detail=detail,
    )
    await engine.record_audit_line(line)


async def _run_batch(
    engine: Engine, world: World, batch: Sequence[CsvLine]
) -> AsyncIterator[str | RefusedLine]:
    lanes = asyncio.Semaphore(_LANES)
    by_card: dict[str, list[CsvLine]] = {}
    for line in batch:
        by_card.setdefault(line.values.get("card_number", ""), []).append(line)

    async def run_card(card_lines: list[CsvLine]) -> list[str | RefusedLine]:
        async with lanes:
            return [await _run_line(engine, world, line) for line in card_lines]

    for outcomes in await asyncio.gather(*[run_card(card_lines) for card_lines in by_card.values()]):
        for outcome in outcomes:
            yield outcome


async def _run_line(engine: Engine, world: World, line: CsvLine) -> str | RefusedLine:
    try:
        if not line.has_all_cells:
            raise InvalidInput("line", "as many cells as the header has columns")
        return await _carry_out(engine, world, line.values)
    except DomainError as refusal:
        return RefusedLine(
            line=line.number,
            event_id=_show(line, line.values.get("event_id", ""), 128),
            reason=_show(line, str(refusal), 300),
        )


def _show(line: CsvLine, text: str, longest: int) -> str:
    """A text of a line as a report may hold it: no card number, nothing that a terminal obeys, not long."""
    digits = line.values.get("card_number", "")
    shown = text.replace(digits, mask_digits(digits)) if _CARD_NUMBER.fullmatch(digits) else text
    shown = mask_card_numbers(shown)
    kept = "".join(character if character.isprintable() else "\ufffd" for character in shown[: longest + 1])
    return kept if len(kept) <= longest else f"{kept[:longest]}…"


async def _carry_out(engine: Engine, world: World, values: dict[str, str]) -> str:
    """Do what a line says: `accepted`, `declined` or `repeated`. Raises DomainError."""
    event_type = values["event_type"]
    if event_type not in EVENT_TYPES:
        raise InvalidInput("event_type", "one of " + ", ".join(EVENT_TYPES), came=repr(event_type))
    if event_type == "payment":
        return await _pay(engine, world, values)
    message = _read_message(values)
    if event_type == "authorization":
        result = await authorize(engine, world, _to_authorization(message, values))
        if result.is_new and not result.is_approved:
            return "declined"
        return "accepted" if result.is_new else "repeated"
    operation = {
        "clearing": clear_purchase,
        "reversal": reverse_authorization,
        "refund": credit_refund,
    }[event_type]
    receipt = await operation(engine, world, message)
    return "accepted" if receipt.is_new else "repeated"


async def _pay(engine: Engine, world: World, values: dict[str, str]) -> str:
    amount_minor = _read_amount(values)
    account = await _find_account(engine, world, values)
    if account is None:
        raise NotFound("account of this card in", values["currency"])
    payment = AccountPayment(
        account_id=account.account_id,
        amount_minor=amount_minor,
        event_id=values["event_id"],
    )
    receipt = await pay_account(engine, world, payment)
    return "accepted" if receipt.is_new else "repeated"


async def _find_account(engine: Engine, world: World, values: dict[str, str]) -> CardAccount | None:
    """The card's account; money may come first, so that one is opened as it is for an authorization."""
    pan = await find_pan(engine, world, _read_digits(values))
    if pan is None:
        return None

    async def work(connection: Connection) -> CardAccount | None:
        return await find_account(engine, connection, world, pan, values["currency"])

    return await engine.database.run(work)


def _to_authorization(message: CardMessage, values: dict[str, str]) -> AuthorizationCommand:
    return AuthorizationCommand(
        digits=message.digits,
        amount_minor=message.amount_minor,
        currency=message.currency,
        merchant=message.merchant,
        facts=message.facts,
        event_id=message.event_id,
        entry_mode=values.get("entry_mode") or None,
        plan_id=message.plan_id,
    )


def _read_message(values: dict[str, str]) -> CardMessage:
    def find(name: str) -> str | None:
        return values.get(name) or None

    def find_identifier(name: str) -> Identifier | None:
        text = find(name)
        return None if text is None else Identifier(text)

    return CardMessage(
        digits=_read_digits(values),
        amount_minor=_read_amount(values),
        currency=values["currency"],
        merchant=Merchant(
            name=find("merchant_name"),
            country=find("merchant_country"),
            mcc=find_identifier("mcc"),
            merchant_id=find_identifier("merchant_id"),
            acquirer_id=find_identifier("acquirer_id"),
        ),
        facts=TransactionFacts(
            local_at=_read_local_at(find("local_at"), values["event_type"]),
            stan=find("stan"),
            rrn=find("rrn"),
            authorization_code=find("authorization_code"),
            transaction_link_id=find("transaction_link_id"),
            transmitted_at=_read_transmitted_at(find("transmitted_at")),
        ),
        event_id=values["event_id"],
        plan_id=find("plan_id"),
        transaction_id=find("transaction_id"),
        is_final=_read_flag("is_final", find("is_final")),
    )


def _read_digits(values: dict[str, str]) -> str:
    digits = values["card_number"]
    if not _CARD_NUMBER.fullmatch(digits):
        raise InvalidInput("card_number", f"11 to 19 digits, got {len(digits)} characters")
    return Pan(digits).digits


def _read_amount(values: dict[str, str]) -> int:
    """An amount in major units, such as 400.00, as minor units above zero."""
    currency = find_currency(values["currency"])
    if currency is None:
        raise InvalidInput("currency", "a currency of ISO 4217", came=repr(values["currency"][:8]))
    minor = parse_major(values["amount"], currency).minor
    if minor < 1:
        raise InvalidInput("amount", "an amount above zero", came=repr(values["amount"]))
    return minor


def _read_local_at(text: str | None, event_type: str) -> datetime:
    """The purchase's own date and time; reversals and refunds, which have none of their own, may lack it."""
    if text is None and event_type in ("reversal", "refund"):
        # Not the present moment: the same line told again must be the same event.
        return datetime.min
    try:
        return datetime.fromisoformat(text or "")
    except ValueError:
        came = repr(text[:40]) if text else "nothing"
        raise InvalidInput("local_at", "a date and time such as 2026-01-31T09:30:00", came=came) from None


def _read_transmitted_at(text: str | None) -> datetime | None:
    """ISO 8583, DE 7; without an offset it is UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "transmitted_at", "a date and time such as 2026-01-31T09:30:00", came=repr(text[:40])
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _read_flag(name: str, text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise InvalidInput(name, "true or false", came=repr(text))
    return text != "false"


def _check_header(header: list[str]) -> None:
    if header and header[0].startswith("\ufeff"):
        raise InvalidInput("header", "UTF-8 without a byte order mark; save the file as plain UTF-8")
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    unknown = [name for name in header if name not in known]
    if missing or unknown or len(set(header)) != len(header):
        raise InvalidInput(
            "header",
            f"the columns {', '.join(REQUIRED_COLUMNS)}, each once, and any of {', '.join(OPTIONAL_COLUMNS)}",
            came=mask_card_numbers(", ".join(header)[:200]) or "an empty file",
        )
