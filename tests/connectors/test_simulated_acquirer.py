"""The simulated acquirer: documented card data, one answer per message, nothing beyond its original."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest
from tests.conftest import RunWithEngine

from parcela.connectors.simulated.acquirer import SimulatedAcquirer
from parcela.domain.card_brands import CardBrand
from parcela.domain.merchants import MerchantProfile, Privilege
from parcela.domain.orders import AcquirerFacts, Outcome, SecurityCodeMatch, TransactionKind
from parcela.operations.acquirer_book import AcquirerBook, CardDecision, RecordedAcquirerBook
from parcela.operations.acquiring import AcquirerReply, AcquirerRequest, AcquirerSilent, PaymentCard
from parcela.operations.engine import Engine
from parcela.store.breaks import list_breaks

NOW = datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)
MERCHANT = MerchantProfile(
    merchant_id="TESTPARCELA01",
    name="Test shop",
    country="AUS",
    mcc="5732",
    currencies=("AUD",),
    brands=(CardBrand.MASTERCARD, CardBrand.AMEX),
    acquirer_id="PARCELA_SIM",
    acquirer_merchant_id="100200300",
    terminal_id="PARC0001",
)
ORDINARY_MERCHANT = replace(MERCHANT, merchant_id="PARCELA01")
CARD = PaymentCard(digits="5123450000000008", expiry_month="01", expiry_year="39", security_code="100")
AMEX = "345678901234564"


class AnsweringBook:
    """A book without memory: repeats the decision, and remembers nothing but what it was asked to keep."""

    def __init__(self) -> None:
        self.kept: list[CardDecision] = []

    async def keep(self, request: AcquirerRequest, decision: CardDecision) -> AcquirerReply:
        """Give the decision back."""
        self.kept.append(decision)
        facts = AcquirerFacts(acquirer_id="X", merchant_id="X", terminal_id="X", batch=0)
        return AcquirerReply(outcome=decision.outcome, facts=facts)

    async def follow(self, request: AcquirerRequest) -> AcquirerReply:
        """Not asked for here."""
        raise AssertionError("a message with a card was sent")

    async def find(self, profile: MerchantProfile, message_id: str) -> AcquirerReply | None:
        """Nothing is kept."""
        return None

    async def reverse(self, profile: MerchantProfile, message_id: str) -> None:
        """Nothing is kept."""


def make_request(kind: TransactionKind, message_id: str = "m1", **changes: object) -> AcquirerRequest:
    """A message of 120.00 AUD with the ordinary test card, unless it follows another."""
    has_card = kind in (
        TransactionKind.AUTHORIZATION,
        TransactionKind.PAYMENT,
        TransactionKind.VERIFICATION,
    )
    request = AcquirerRequest(
        message_id=message_id,
        kind=kind,
        profile=MERCHANT,
        amount_minor=12000,
        currency="AUD",
        requested_at=NOW,
        card=CARD if has_card else None,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def decide(card: PaymentCard, profile: MerchantProfile = MERCHANT, at: datetime = NOW) -> CardDecision | None:
    """What is kept of a payment with this card; None when no answer comes after it was kept as approved."""
    book = AnsweringBook()
    acquirer = SimulatedAcquirer(book)
    request = make_request(TransactionKind.PAYMENT, card=card, profile=profile, requested_at=at)
    try:
        asyncio.run(acquirer.send(request))
    except AcquirerSilent:
        assert [decision.outcome for decision in book.kept] == [Outcome.APPROVED]
        return None
    [decision] = book.kept
    return decision


@pytest.mark.parametrize(
    ("month", "year", "outcome", "code"),
    [
        ("01", "39", Outcome.APPROVED, "00"),
        ("1", "39", Outcome.APPROVED, "00"),
        ("05", "39", Outcome.DECLINED, "05"),
        ("04", "27", Outcome.EXPIRED_CARD, "54"),
        ("01", "37", Outcome.ACQUIRER_ERROR, "96"),
        ("1", "37", Outcome.ACQUIRER_ERROR, "96"),
        ("02", "37", Outcome.FAILED, "06"),
        ("05", "37", Outcome.UNKNOWN, None),
        # Any other date: good until the last day of its month.
        ("12", "30", Outcome.APPROVED, "00"),
        ("11", "26", Outcome.APPROVED, "00"),
        ("10", "26", Outcome.EXPIRED_CARD, "54"),
        ("12", "25", Outcome.EXPIRED_CARD, "54"),
    ],
)
def test_expiry_date_decides(month: str, year: str, outcome: Outcome, code: str | None) -> None:
    decision = decide(replace(CARD, expiry_month=month, expiry_year=year))
    assert decision == CardDecision(
        outcome=outcome, response_code=code, security_code=SecurityCodeMatch.MATCH
    )


def test_time_out_gives_no_answer_and_is_kept_as_approved() -> None:
    assert decide(replace(CARD, expiry_month="08", expiry_year="28")) is None


@pytest.mark.parametrize(
    ("month", "year", "outcome"),
    [
        ("05", "39", Outcome.APPROVED),
        ("04", "27", Outcome.APPROVED),
        ("08", "28", Outcome.APPROVED),
        ("05", "37", Outcome.APPROVED),
        ("10", "26", Outcome.EXPIRED_CARD),
    ],
)
def test_documented_dates_mean_nothing_for_other_merchants(month: str, year: str, outcome: Outcome) -> None:
    decision = decide(replace(CARD, expiry_month=month, expiry_year=year), ORDINARY_MERCHANT)
    assert decision is not None
    assert (decision.outcome, decision.security_code) == (outcome, SecurityCodeMatch.NOT_PROCESSED)


def test_merchant_marked_test_is_simulated_whatever_its_name() -> None:
    decision = decide(replace(CARD, expiry_month="05"), replace(ORDINARY_MERCHANT, is_test=True))
    assert decision is not None
    assert decision.outcome is Outcome.DECLINED


@pytest.mark.parametrize(
    ("digits", "code", "match"),
    [
        (CARD.digits, "100", SecurityCodeMatch.MATCH),
        (CARD.digits, "101", SecurityCodeMatch.NOT_PROCESSED),
        (CARD.digits, "102", SecurityCodeMatch.NO_MATCH),
        (CARD.digits, "999", SecurityCodeMatch.NOT_PROCESSED),
        (CARD.digits, "1000", SecurityCodeMatch.NOT_PROCESSED),
        (CARD.digits, None, None),
        (AMEX, "1000", SecurityCodeMatch.MATCH),
        (AMEX, "1010", SecurityCodeMatch.NOT_PROCESSED),
        (AMEX, "1020", SecurityCodeMatch.NO_MATCH),
        (AMEX, "100", SecurityCodeMatch.NOT_PROCESSED),
        (AMEX, None, None),
    ],
)
def test_security_code_is_matched_without_effect_on_the_outcome(
    digits: str, code: str | None, match: SecurityCodeMatch | None
) -> None:
    decision = decide(replace(CARD, digits=digits, security_code=code))
    assert decision == CardDecision(outcome=Outcome.APPROVED, response_code="00", security_code=match)


class Bank:
    """The simulated acquirer with its records, and what they hold."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        book: AcquirerBook = RecordedAcquirerBook(engine)
        self.acquirer = SimulatedAcquirer(book)

    async def send(self, kind: TransactionKind, message_id: str, **changes: object) -> AcquirerReply:
        """Send a message."""
        return await self.acquirer.send(make_request(kind, message_id, **changes))

    async def list_rows(self) -> list[tuple[object, ...]]:
        """Every message: id, kind, state, amount, captured, refunded."""
        async with self._engine.database.connection() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(
                "SELECT message_id, kind, state, amount_minor, captured_minor, refunded_minor"
                " FROM simulated_card_message ORDER BY reference"
            )
            assert await list_breaks(connection) == []
        return [tuple(row) for row in rows]


def test_answer_carries_the_facts_of_the_samples(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[AcquirerReply, AcquirerReply]:
        bank = Bank(engine)
        first = await bank.send(TransactionKind.PAYMENT, "m1")
        return first, await bank.send(TransactionKind.PAYMENT, "m2", card=replace(CARD, expiry_month="05"))

    approved, declined = run(work)
    code = approved.facts.authorization_code
    assert len(code) == 6
    assert code.isdigit()
    assert approved == AcquirerReply(
        outcome=Outcome.APPROVED,
        facts=AcquirerFacts(
            acquirer_id="PARCELA_SIM",
            merchant_id="100200300",
            terminal_id="PARC0001",
            batch=20261120,
            reference="0000000001",
            response_code="00",
            message="Approved",
            authorization_code=code,
            stan="1",
            rrn="632409000001",
            security_code=SecurityCodeMatch.MATCH,
        ),
    )
    assert declined == AcquirerReply(
        outcome=Outcome.DECLINED,
        facts=replace(
            approved.facts,
            reference="0000000002",
            response_code="05",
            message="Declined",
            authorization_code=None,
            stan="2",
            rrn="632409000002",
        ),
    )


def test_same_message_again_gets_the_first_answer(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[list[AcquirerReply], list[tuple[object, ...]]]:
        bank = Bank(engine)
        replies = list(await asyncio.gather(*(bank.send(TransactionKind.PAYMENT, "m1") for _ in range(16))))
        found = await bank.acquirer.find(MERCHANT, "m1")
        assert found is not None
        return [*replies, found], await bank.list_rows()

    replies, rows = run(work)
    assert replies == [replies[0]] * 17
    assert rows == [("m1", "payment", "approved", 12000, 12000, 0)]


def test_message_ids_of_two_merchants_are_apart(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[AcquirerReply | None, AcquirerReply, list[tuple[object, ...]]]:
        bank = Bank(engine)
        paid = await bank.send(TransactionKind.PAYMENT, "m1")
        found = await bank.acquirer.find(ORDINARY_MERCHANT, "m1")
        foreign = await bank.send(
            TransactionKind.REFUND, "m1", profile=ORDINARY_MERCHANT, original=paid.facts.reference
        )
        return found, foreign, await bank.list_rows()

    found, foreign, rows = run(work)
    assert found is None
    assert (foreign.outcome, foreign.facts.response_code) == (Outcome.DECLINED, "25")
    assert rows == [
        ("m1", "payment", "approved", 12000, 12000, 0),
        ("m1", "refund", "declined", 12000, 0, 0),
    ]


def test_silence_leaves_an_approval_that_can_be_found_and_reversed(run: RunWithEngine) -> None:
    card = replace(CARD, expiry_month="08", expiry_year="28")

    async def work(engine: Engine) -> list[object]:
        bank = Bank(engine)
        seen: list[object] = []
        for _ in range(2):
            with pytest.raises(AcquirerSilent):
                await bank.send(TransactionKind.AUTHORIZATION, "m1", card=card)
        found = await bank.acquirer.find(MERCHANT, "m1")
        seen.append(found.outcome if found else None)
        for _ in range(2):
            await bank.acquirer.reverse(MERCHANT, "m1")
        found = await bank.acquirer.find(MERCHANT, "m1")
        seen.append((found.outcome, found.facts.response_code) if found else None)
        # Void for ever: the same message can no longer succeed.
        again = await bank.send(TransactionKind.AUTHORIZATION, "m1", card=card)
        seen.append(again.outcome)
        seen.append(await bank.list_rows())
        return seen

    assert run(work) == [
        Outcome.APPROVED,
        (Outcome.DECLINED, "21"),
        Outcome.DECLINED,
        [("m1", "authorization", "reversed", 12000, 0, 0)],
    ]


def test_bank_that_cannot_say_is_an_answer_and_can_be_reversed(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[object]:
        bank = Bank(engine)
        unknown = await bank.send(
            TransactionKind.PAYMENT, "m1", card=replace(CARD, expiry_month="05", expiry_year="37")
        )
        found = await bank.acquirer.find(MERCHANT, "m1")
        refund = await bank.send(TransactionKind.REFUND, "m2", original=unknown.facts.reference)
        await bank.acquirer.reverse(MERCHANT, "m1")
        return [
            unknown.outcome,
            found == unknown,
            refund.outcome,
            unknown.facts.message,
            await bank.list_rows(),
        ]

    assert run(work) == [
        Outcome.UNKNOWN,
        True,
        Outcome.DECLINED,
        None,
        [("m1", "payment", "reversed", 12000, 0, 0), ("m2", "refund", "declined", 12000, 0, 0)],
    ]


def test_message_reversed_before_it_came_is_refused_when_it_comes(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[object]:
        bank = Bank(engine)
        before = await bank.acquirer.find(MERCHANT, "m1")
        await bank.acquirer.reverse(MERCHANT, "m1")
        late = await bank.send(TransactionKind.PAYMENT, "m1")
        await bank.acquirer.reverse(MERCHANT, "m2")
        paid = await bank.send(TransactionKind.PAYMENT, "m3")
        refund = await bank.send(TransactionKind.REFUND, "m2", original=paid.facts.reference)
        return [before, late.outcome, late.facts.authorization_code, refund.outcome, await bank.list_rows()]

    assert run(work) == [
        None,
        Outcome.DECLINED,
        None,
        Outcome.DECLINED,
        [
            ("m1", "unseen", "reversed", 0, 0, 0),
            ("m2", "unseen", "reversed", 0, 0, 0),
            ("m3", "payment", "approved", 12000, 12000, 0),
        ],
    ]


def test_a_message_and_its_reversal_at_once_leave_nothing(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[str]:
        bank = Bank(engine)
        for number in range(20):
            await asyncio.gather(
                bank.send(TransactionKind.PAYMENT, f"m{number}"),
                bank.acquirer.reverse(MERCHANT, f"m{number}"),
            )
        return [str(row[2]) for row in await bank.list_rows()]

    assert run(work) == ["reversed"] * 20


Kind = TransactionKind
AUTHORIZED = (TransactionKind.AUTHORIZATION, 12000, "root")


@pytest.mark.parametrize(
    ("steps", "codes", "captured", "refunded"),
    [
        # Captures up to the whole, never more.
        (
            [AUTHORIZED, (Kind.CAPTURE, 7000, 0), (Kind.CAPTURE, 5000, 0), (Kind.CAPTURE, 1, 0)],
            ["00", "00", "00", "61"],
            12000,
            0,
        ),
        # Refunds of what was captured, through any message of the order.
        (
            [AUTHORIZED, (Kind.CAPTURE, 7000, 0), (Kind.REFUND, 3000, 1), (Kind.REFUND, 4001, 0)],
            ["00", "00", "00", "61"],
            7000,
            3000,
        ),
        (
            [(Kind.PAYMENT, 12000, "root"), (Kind.REFUND, 12000, 0), (Kind.REFUND, 1, 0)],
            ["00", "00", "61"],
            12000,
            12000,
        ),
        # A payment cannot be captured.
        ([(Kind.PAYMENT, 12000, "root"), (Kind.CAPTURE, 1, 0)], ["00", "12"], 12000, 0),
        # A void takes the whole of its target, once.
        (
            [AUTHORIZED, (Kind.VOID_AUTHORIZATION, 11000, 0), (Kind.VOID_AUTHORIZATION, 12000, 0)],
            ["00", "12", "00"],
            0,
            0,
        ),
        (
            [AUTHORIZED, (Kind.VOID_AUTHORIZATION, 12000, 0), (Kind.VOID_AUTHORIZATION, 12000, 0)],
            ["00", "00", "12"],
            0,
            0,
        ),
        # What was voided bears nothing any more.
        (
            [AUTHORIZED, (Kind.VOID_AUTHORIZATION, 12000, 0), (Kind.CAPTURE, 12000, 0)],
            ["00", "00", "12"],
            0,
            0,
        ),
        # An authorization with captures is not voided; its capture is.
        (
            [
                AUTHORIZED,
                (Kind.CAPTURE, 12000, 0),
                (Kind.VOID_AUTHORIZATION, 12000, 0),
                (Kind.VOID_CAPTURE, 12000, 1),
                (Kind.VOID_AUTHORIZATION, 12000, 0),
            ],
            ["00", "00", "12", "00", "00"],
            0,
            0,
        ),
        # A payment with refunds is voided after its refund was.
        (
            [
                (Kind.PAYMENT, 12000, "root"),
                (Kind.REFUND, 2000, 0),
                (Kind.VOID_PAYMENT, 12000, 0),
                (Kind.VOID_REFUND, 2000, 1),
                (Kind.VOID_PAYMENT, 12000, 0),
                (Kind.REFUND, 1, 0),
            ],
            ["00", "00", "12", "00", "00", "12"],
            0,
            0,
        ),
        # The kind of a void is that of its target.
        (
            [(Kind.PAYMENT, 12000, "root"), (Kind.VOID_AUTHORIZATION, 12000, 0)],
            ["00", "12"],
            12000,
            0,
        ),
        # A verification carries no money.
        ([(Kind.VERIFICATION, 0, "root"), (Kind.CAPTURE, 1, 0)], ["00", "25"], 0, 0),
    ],
    ids=[
        "captures",
        "refunds-of-captures",
        "refunds-of-payment",
        "capture-of-payment",
        "void-of-other-amount",
        "void-twice",
        "capture-after-void",
        "void-of-captured",
        "void-of-refunded",
        "void-of-other-kind",
        "verification",
    ],
)
def test_nothing_goes_beyond_its_original(
    run: RunWithEngine,
    steps: list[tuple[TransactionKind, int, int | str]],
    codes: list[str],
    captured: int,
    refunded: int,
) -> None:
    async def work(engine: Engine) -> tuple[list[str | None], list[tuple[object, ...]]]:
        bank = Bank(engine)
        replies: list[AcquirerReply] = []
        for number, (kind, amount_minor, target) in enumerate(steps):
            original = replies[target].facts.reference if isinstance(target, int) else None
            replies.append(await bank.send(kind, f"m{number}", amount_minor=amount_minor, original=original))
        return [reply.facts.response_code for reply in replies], await bank.list_rows()

    answered, rows = run(work)
    assert answered == codes
    assert rows[0][4:] == (captured, refunded)


def test_privilege_lets_a_merchant_give_back_more_than_it_captured(run: RunWithEngine) -> None:
    generous = replace(MERCHANT, privileges=frozenset({Privilege.EXCESSIVE_REFUNDS}))

    async def work(engine: Engine) -> tuple[Outcome, list[tuple[object, ...]]]:
        bank = Bank(engine)
        paid = await bank.send(TransactionKind.PAYMENT, "m1")
        reference = paid.facts.reference
        refund = await bank.send(
            TransactionKind.REFUND, "m2", profile=generous, amount_minor=12001, original=reference
        )
        return refund.outcome, await bank.list_rows()

    assert run(work) == (
        Outcome.APPROVED,
        [("m1", "payment", "approved", 12000, 12000, 12001), ("m2", "refund", "approved", 12001, 0, 0)],
    )


def test_currency_and_reference_must_be_those_of_the_original(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[list[str | None], list[tuple[object, ...]]]:
        bank = Bank(engine)
        paid = await bank.send(TransactionKind.PAYMENT, "m0")
        originals = [("USD", paid.facts.reference), ("AUD", "0000009999"), ("AUD", "x"), ("AUD", None)]
        replies = [
            await bank.send(TransactionKind.REFUND, f"r{place}", currency=currency, original=original)
            for place, (currency, original) in enumerate(originals)
        ]
        return [reply.facts.response_code for reply in replies], await bank.list_rows()

    codes, rows = run(work)
    assert codes == ["12", "25", "25", "25"]
    assert rows[0] == ("m0", "payment", "approved", 12000, 12000, 0)


def test_racing_captures_never_exceed_the_authorization(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> tuple[list[Outcome], list[tuple[object, ...]]]:
        bank = Bank(engine)
        held = await bank.send(TransactionKind.AUTHORIZATION, "m1")
        replies = await asyncio.gather(
            *(
                bank.send(TransactionKind.CAPTURE, f"c{n}", amount_minor=5000, original=held.facts.reference)
                for n in range(8)
            )
        )
        return [reply.outcome for reply in replies], await bank.list_rows()

    outcomes, rows = run(work)
    assert sorted(outcomes) == [Outcome.APPROVED] * 2 + [Outcome.DECLINED] * 6
    assert rows[0] == ("m1", "authorization", "approved", 12000, 10000, 0)


@pytest.mark.parametrize(
    ("kinds", "before", "after"),
    [
        ((Kind.AUTHORIZATION, Kind.CAPTURE), (12000, 0), (0, 0)),
        ((Kind.PAYMENT, Kind.REFUND), (12000, 12000), (12000, 0)),
        ((Kind.PAYMENT, Kind.VOID_PAYMENT), (0, 0), (12000, 0)),
        ((Kind.AUTHORIZATION, Kind.VOID_AUTHORIZATION), (0, 0), (0, 0)),
        ((Kind.PAYMENT,), (12000, 0), (0, 0)),
    ],
    ids=["capture", "refund", "void-of-payment", "void-of-authorization", "payment"],
)
def test_reversal_takes_back_what_a_message_did(
    run: RunWithEngine,
    kinds: tuple[TransactionKind, ...],
    before: tuple[int, int],
    after: tuple[int, int],
) -> None:
    async def work(engine: Engine) -> list[tuple[object, ...]]:
        bank = Bank(engine)
        reference: str | None = None
        for number, kind in enumerate(kinds):
            reply = await bank.send(kind, f"m{number}", original=reference)
            assert reply.outcome is Outcome.APPROVED
            reference = reply.facts.reference
        totals = [(await bank.list_rows())[0][4:]]
        for _ in range(2):
            await bank.acquirer.reverse(MERCHANT, f"m{len(kinds) - 1}")
            totals.append((await bank.list_rows())[0][4:])
        states = [row[2] for row in await bank.list_rows()]
        assert states == ["approved"] * (len(kinds) - 1) + ["reversed"]
        return totals

    assert run(work) == [before, after, after]


def test_reversed_void_stands_where_its_place_was_taken(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> list[tuple[object, ...]]:
        bank = Bank(engine)
        held = await bank.send(TransactionKind.AUTHORIZATION, "a")
        first = await bank.send(TransactionKind.CAPTURE, "c1", original=held.facts.reference)
        await bank.send(TransactionKind.VOID_CAPTURE, "v", original=first.facts.reference)
        await bank.send(TransactionKind.CAPTURE, "c2", original=held.facts.reference)
        await bank.acquirer.reverse(MERCHANT, "v")
        return await bank.list_rows()

    assert run(work) == [
        ("a", "authorization", "approved", 12000, 12000, 0),
        ("c1", "capture", "voided", 12000, 0, 0),
        ("v", "void_capture", "reversed", 12000, 0, 0),
        ("c2", "capture", "approved", 12000, 0, 0),
    ]


def test_book_out_of_reach_is_silence(run: RunWithEngine) -> None:
    async def work(engine: Engine) -> None:
        bank = Bank(engine)
        await engine.database.close()
        with pytest.raises(AcquirerSilent):
            await bank.send(TransactionKind.PAYMENT, "m1")
        with pytest.raises(AcquirerSilent):
            await bank.acquirer.find(MERCHANT, "m1")

    run(work)
