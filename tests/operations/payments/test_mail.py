"""Mails of plans and webhooks: written with what they tell, once, and handed over until a server has them."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.conftest import DemoTemplate
from tests.support.mail_world import (
    SENDER,
    ScriptedMailer,
    deliver_mail,
    list_letters,
    list_mails,
    list_tries,
    move_world,
    read_text,
)
from tests.support.payments_world import PaymentsWorld, open_payments_world
from tests.support.plan_buyers import BILLING, MASTERCARD, add_card, advance, buy, buy_lent, intend
from tests.support.plan_buyers import confirm as confirm_payment
from tests.support.webhook_world import LIMITS, open_webhook_world

from parcela.delivery.mail import MAIL, MailRenderer
from parcela.domain.disclosures.papers import PaperForm, PaperKind
from parcela.domain.disclosures.records import OfferDisclosure, Side
from parcela.domain.mail import MailKind
from parcela.domain.payments.tasks import TaskKind
from parcela.operations.delivery_work import DeliveryDesk
from parcela.operations.mailing import MailMessage, MailReply
from parcela.operations.outbound import OutboundFailure
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.handlers import HANDLERS
from parcela.operations.payments.mails import plan_reminder
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.press import Paper, PaperContent, Press, PressUnavailable, ShownFact
from parcela.store.payments import plans
from parcela.words.letters import Enclosed, write_letter
from parcela.words.words import Words

NO_SERVER = "no mail server is set (PARCELA_SMTP_URL)"
GERMAN = {"locale": "de", "billingDetails": BILLING, "reference": "order-1042"}


@pytest.fixture
def payments(database_url: str, demo_template: DemoTemplate) -> Iterator[PaymentsWorld]:
    with open_payments_world(database_url, demo_template.home) as opened:
        yield opened
        assert opened.fetch("SELECT what FROM broken_delivery UNION ALL SELECT what FROM broken_mail") == []


def change_account(world: PaymentsWorld, **members: Any) -> None:
    """Change the account's set-up."""
    moment = world.as_account(_find_moment)
    world.change_catalogue(replace(moment.account, **members))


async def _find_moment(_: Any, moment: Any) -> Any:
    return moment


def test_a_purchase_with_a_plan_sends_one_receipt_in_the_payments_language(payments: PaymentsWorld) -> None:
    payment = buy(payments, MASTERCARD, 3, **GERMAN)
    [mail] = list_mails(payments)
    plan = payment["installments"]["plan"]
    facts = json.loads(mail["facts"])
    assert (mail["kind"], mail["locale"]) == ("receipt", "de")
    assert (facts["plan"], facts["total_minor"], [row["amount_minor"] for row in facts["rows"]]) == (
        plan,
        60000,
        [20000, 20000, 20000],
    )
    assert "ada@" not in mail["facts"]  # the address is sealed
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [message] = mailer.mails
    words = Words("de")
    amount = words.write_money(60000, "EUR")
    assert (message["To"], message["Content-Language"]) == ("ada@example.com", "de")
    assert message["Subject"] == f"Ihr Beleg von Parcela Demo Store: {amount}"
    text = read_text(message)
    assert text.startswith(
        "Testmodus: Es fließt kein Geld.\n\nVielen Dank für Ihren Einkauf bei Parcela Demo Store"
    )
    assert f"Sie zahlen {amount} in 3 Raten." in text
    html = message.get_body(("html",))
    assert html is not None
    for row in payment["installments"]["schedule"]:
        day, money = words.write_date(_read_date(row["dueDate"])), words.write_money(row["amount"], "EUR")
        assert day in text and money in text and day in html.get_content()
    assert "http://parcela.test/plan/" in text
    [file] = message.iter_attachments()
    assert file.get_content()[:5] == b"%PDF-"
    assert list_letters(payments) == [("delivered", 1, None, None)]


def _read_date(text: str) -> date:
    return date.fromisoformat(text)


def test_nothing_is_written_without_a_plan_an_address_or_the_accounts_wish(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3)  # nobody to write to
    buy(payments, MASTERCARD, 3, billingDetails={"email": "ädä@example.com"})  # an address beyond ASCII
    whole = intend(payments, billingDetails=BILLING, installments={"enabled": False})
    assert confirm_payment(payments, whole, add_card(payments, MASTERCARD)).status == 200
    change_account(payments, sends_receipts=False)
    buy(payments, MASTERCARD, 3, **GERMAN)
    assert (list_mails(payments), list_letters(payments)) == ([], [])


def test_no_table_and_no_mail_holds_a_card_number(payments: PaymentsWorld) -> None:
    change_account(payments, name="Kiln Bcc: eve@example.com 5200828200000108")
    buy(payments, MASTERCARD, 3, **GERMAN)
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [message] = mailer.mails
    assert message["Bcc"] is None
    assert message["From"].addresses[0].display_name == "Kiln Bcc: eve@example.com 520082******0108"
    [row] = list_tries(payments)
    papers = payments.fetch("SELECT content FROM paper WHERE form = 'text'")
    assert "520082******0108" in papers[0]["content"].decode()
    kept = str(list_mails(payments)) + str(dict(row)) + papers[0]["content"].decode()
    seen = kept + message.as_string() + read_text(message)
    assert (MASTERCARD in seen, "ada@" in kept) == (False, False)
    assert (row["request_url"], row["http_status"]) == ("mailto:a***@example.com", 250)
    assert row["answer"] == "said to a***@example.com"


def test_a_server_that_is_busy_is_asked_again_with_the_same_bytes(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3, **GERMAN)
    lost = OutboundFailure("reset", "the connection broke")
    mailer = ScriptedMailer(451, lost, 250)
    for by in ("1s", "61s", "301s"):
        move_world(payments, by)
        deliver_mail(payments, mailer)
    first, second, third = mailer.messages
    assert (first.content, first.message_id) == (second.content, second.message_id)
    assert first.content == third.content
    assert [row["outcome"] for row in list_tries(payments)] == ["failed", "failed", "delivered"]
    assert list_letters(payments) == [("delivered", 3, None, None)]


def test_a_refusal_for_good_ends_the_tries_with_its_reason(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3, **GERMAN)
    mailer = ScriptedMailer(550)
    deliver_mail(payments, mailer)
    reason = "the receiver answered 550, which is not tried again by itself"
    assert list_letters(payments) == [("parked", 1, "refused", reason)]
    move_world(payments, "5d")
    deliver_mail(payments, mailer)
    assert len(mailer.messages) == 1


def test_without_a_mail_server_mail_waits_and_goes_once_there_is_one(payments: PaymentsWorld) -> None:
    buy(payments, MASTERCARD, 3, **GERMAN)
    deliver_mail(payments, None)
    assert list_letters(payments) == [("parked", 0, "no_destination", NO_SERVER)]
    mailer = ScriptedMailer()
    payments.run(_release(payments))
    deliver_mail(payments, mailer)
    assert (len(mailer.messages), list_letters(payments)) == (1, [("delivered", 1, None, None)])


async def _release(world: PaymentsWorld) -> None:
    """What a worker does every two seconds."""
    desk = DeliveryDesk(
        world.engine, owner=world.engine.ids.new_uuid(), kinds=["payments.mail"], lease=timedelta(seconds=5)
    )
    for key, _ in await desk.list_held_lanes():
        await desk.release_lane(key)


class Killed(BaseException):
    """The process ends."""


class DyingMailer:
    """Hands a message over and dies before anybody hears of it."""

    def __init__(self) -> None:
        self.messages: list[MailMessage] = []

    async def send(self, message: MailMessage, *, timeout_s: float) -> MailReply:
        self.messages.append(message)
        raise Killed


def test_a_worker_that_dies_after_the_hand_over_sends_a_double_with_the_same_id(
    payments: PaymentsWorld,
) -> None:
    buy(payments, MASTERCARD, 3, **GERMAN)
    dying, mailer = DyingMailer(), ScriptedMailer()
    payments.run(_die(payments, dying))
    deliver_mail(payments, mailer)
    [first], [second] = dying.messages, mailer.messages
    assert (first.message_id, first.content) == (second.message_id, second.content)
    assert [row["outcome"] for row in list_tries(payments)] == ["unknown", "delivered"]


async def _die(world: PaymentsWorld, mailer: DyingMailer) -> None:
    """Take the lane, begin a try, and end without a word; the lease ends as if time had passed."""
    renderer = MailRenderer(world.desk, mailer, sender=SENDER)
    desk = DeliveryDesk(
        world.engine, owner=world.engine.ids.new_uuid(), kinds=[MAIL], lease=timedelta(seconds=5)
    )
    [lease] = await desk.take_lanes(
        [found.key for found in await desk.list_due_lanes() if found.key.lane == "mail"]
    )
    letters = await desk.claim(lease, room=1)
    drafts = await renderer.load(letters)
    rendered = drafts[letters[0].letter_id](await world.engine.look())
    assert rendered.http is not None
    with contextlib.suppress(Killed):
        await rendered.http.post(rendered.request, LIMITS)
    async with world.engine.database.connection() as connection:
        await connection.execute(
            "UPDATE delivery_lane SET lease_until = clock_timestamp() WHERE lane = 'mail'"
        )


def test_a_refund_tells_what_goes_back_and_which_payments_remain(payments: PaymentsWorld) -> None:
    payment = buy(payments, MASTERCARD, 3, billingDetails=BILLING)
    made = payments.post("/v1/refunds", {"payment": payment["id"], "amount": 30000})
    assert made.status == 201, made.body
    advance(payments, days=10)
    [_, mail] = list_mails(payments)
    facts = json.loads(mail["facts"])
    remaining = payments.get(f"/v1/payments/{payment['id']}").body["installments"]
    assert (mail["kind"], mail["cause"], facts["refunded_minor"]) == ("refund", made.body["id"], 30000)
    assert sum(row["amount_minor"] for row in facts["rows"]) == remaining["remainingAmount"] == 30000
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [_, message] = mailer.mails
    text = read_text(message)
    assert message["Subject"] == "Your refund from Parcela Demo Store: €300.00"
    assert f"Your plan now has {len(facts['rows'])} payments left, €300.00 in all." in text


class FailingPress:
    """A press that fails for one form."""

    def __init__(self, press: Press, fault: Exception) -> None:
        self._press = press
        self._fault = fault

    def print_facts(self, *args: Any, **facts: Any) -> tuple[ShownFact, ...]:
        return self._press.print_facts(*args, **facts)

    async def print_paper(
        self, kind: PaperKind, form: PaperForm, content: PaperContent, *, language: str
    ) -> Paper:
        if form is PaperForm.PDF:
            raise self._fault
        return await self._press.print_paper(kind, form, content, language=language)


def test_a_machine_that_makes_no_pdf_sends_the_receipt_as_text(payments: PaymentsWorld) -> None:
    payments.set_desk(press=FailingPress(payments.desk.press, PressUnavailable("pango is missing")))
    buy(payments, MASTERCARD, 3, **GERMAN)
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [message] = mailer.mails
    assert list(message.iter_attachments()) == []
    assert "Kreditgeber: Sandbox Bank" in read_text(message)
    assert "PDF" not in read_text(message)


def test_a_receipt_that_cannot_be_printed_holds_up_no_other_mail(payments: PaymentsWorld) -> None:
    payments.set_desk(press=FailingPress(payments.desk.press, ValueError("a poisonous record")))
    payment = buy(payments, MASTERCARD, 3, **GERMAN)
    assert payments.post("/v1/refunds", {"payment": payment["id"]}).status == 201
    advance(payments, days=10)
    mailer = ScriptedMailer()
    for by in ("1s", "61s", "61s"):
        move_world(payments, by)
        deliver_mail(payments, mailer)
    [message] = mailer.mails
    assert message["Subject"].startswith("Ihre Erstattung von Parcela Demo Store")
    assert "Ihr Ratenplan ist beendet. Sie müssen nichts mehr zahlen." in read_text(message)
    reason = "not sent: printing what belongs to the mail failed (ValueError) (3 tries)"
    assert list_letters(payments) == [("parked", 3, "cannot_render", reason), ("delivered", 1, None, None)]


def test_a_missed_payment_is_told_with_the_next_attempt(payments: PaymentsWorld) -> None:
    change_account(payments, sends_receipts=False)
    payment = buy_lent(payments, "bnpl-late")
    first = payment["installments"]["schedule"][0]
    while not list_mails(payments):
        advance(payments, days=7)
    [mail] = list_mails(payments)
    facts = json.loads(mail["facts"])
    assert (mail["kind"], facts["number"], facts["amount_minor"]) == ("overdue", 1, first["amount"])
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [message] = mailer.mails
    words = Words("en")
    again = words.write_date(_read_date(facts["again_on"]))
    assert message["To"] == "bnpl-late@example.com"
    assert f"We will try again on {again}." in read_text(message)


def remind(world: PaymentsWorld, payment: dict[str, Any], *rules: str, shown_before: timedelta) -> int:
    """Plan the reminder of a plan as if these rules stood behind its offer; gives the number of tasks."""
    kind = [str(TaskKind.REMIND_OF_WITHDRAWAL)]
    world.fetch("DELETE FROM payments_task WHERE kind = ANY($1::text[]) RETURNING 1", kind)

    async def work(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.transaction() as connection:
            plan = await plans.find_plan_of_payment(connection, moment.owner, payment["id"])
            assert plan is not None
            plan = replace(
                plan, offer=replace(plan.offer, disclosures=tuple(make_disclosure(rule) for rule in rules))
            )
            await plan_reminder(connection, moment, plan, shown_at=plan.created_at - shown_before)

    world.as_account(work)
    return len(world.fetch("SELECT 1 FROM payments_task WHERE kind = ANY($1::text[])", kind))


def make_disclosure(rule: str) -> OfferDisclosure:
    return OfferDisclosure(
        country="DEU",
        side=Side.CARDHOLDER,
        rule_id=rule,
        rule_version="1",
        method="eu_ccd2",
        percent=Decimal("0.0"),
        exact_percent=Decimal("0.000000"),
    )


def test_a_european_plan_shown_less_than_a_day_before_is_followed_by_a_reminder(
    payments: PaymentsWorld,
) -> None:
    change_account(payments, sends_receipts=False)
    payment = buy_lent(payments, "ada")
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert remind(payments, payment, "us_reg_z", shown_before=hour) == 0
    assert remind(payments, payment, "eu_ccd2", shown_before=day) == 0
    assert remind(payments, payment, "eu_ccd2", shown_before=hour) == 1
    [task] = payments.fetch("SELECT due_at FROM payments_task WHERE kind = 'remind_of_withdrawal'")
    accepted_at = datetime.fromtimestamp(payment["created"], tz=UTC)
    assert (task["due_at"].date() - accepted_at.date(), task["due_at"].time()) == (2 * day, time(10))
    moved = payments.post("/v1/test/clock/advance", {"by": "P3D"})
    assert moved.status == 200, moved.body
    payments.run_due(HANDLERS)
    [mail] = list_mails(payments)
    assert mail["kind"] == "withdrawal"
    mailer = ScriptedMailer()
    deliver_mail(payments, mailer)
    [message] = mailer.mails
    words = Words("en")
    last_day = words.write_date(accepted_at.date() + timedelta(days=14))
    assert message["Subject"] == f"You can withdraw from your plan until {last_day}"
    assert f"up to and including {last_day}" in read_text(message)


def test_a_reminder_of_a_plan_that_fell_is_not_sent(payments: PaymentsWorld) -> None:
    change_account(payments, sends_receipts=False)
    payment = buy_lent(payments, "ada")
    assert remind(payments, payment, "eu_ccd2", shown_before=timedelta(0)) == 1
    payments.fetch("UPDATE payment_plan SET state = 'cancelled', ended_at = created_at RETURNING 1")
    payments.post("/v1/test/clock/advance", {"by": "P3D"})
    payments.run_due({TaskKind.REMIND_OF_WITHDRAWAL: HANDLERS[TaskKind.REMIND_OF_WITHDRAWAL]})
    assert (list_mails(payments), list_letters(payments)) == ([], [])


def test_the_sixth_failed_try_of_a_webhook_is_told_to_the_owner(
    database_url: str, demo_template: DemoTemplate
) -> None:
    with open_webhook_world(database_url, demo_template.home) as world:
        endpoint = world.add_quiet_endpoint(url=f"{world.url}?token=secret")
        world.receiver.always(500)
        world.happen("pay_1")
        world.deliver()
        for by in ("PT1M", "PT5M", "PT30M", "PT2H", "P1D"):
            world.advance(by)
            world.deliver()
        assert len(world.receiver.received) == 6
        [mail] = list_mails(world.payments)
        mailer = ScriptedMailer()
        deliver_mail(world.payments, mailer)
        [message] = mailer.mails
        text = read_text(message)
        [event] = [
            one
            for one in world.payments.get("/v1/events").body["data"]
            if one["type"] != "webhook_endpoint.test"
        ]
        assert (mail["kind"], message["To"]) == ("webhook_failed", "owner@store.sandbox.example")
        assert message["Subject"] == "An event could not be delivered to 127.0.0.1"
        assert (
            f"The event {event['id']} (payment.completed) did not reach your endpoint {endpoint['id']} at "
            "127.0.0.1. We tried 6 times and will not try again."
        ) in text
        assert "secret" not in text + mail["facts"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es-MX", "pt-BR", "ar", "ja"])
@pytest.mark.parametrize("kind", list(MailKind))
def test_every_mail_is_whole_in_every_language(kind: MailKind, language: str) -> None:
    words = Words(language)
    written = write_letter(
        kind, FACTS, words, is_live=True, enclosed=Enclosed(plan_url="https://x.example/p")
    )
    assert (written.language, written.subject.count("\n")) == (language, 0)
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in written.html
    assert "<b>" not in written.html and "Kiln &lt;b&gt;" in written.html
    if kind is not MailKind.WEBHOOK_FAILED:
        shown = "last_day" if kind is MailKind.WITHDRAWAL else "due_date"
        assert words.write_date(date.fromisoformat(FACTS[shown])) in written.text
    for mark in ("{", "}", "None"):
        assert mark not in written.text


FACTS: dict[str, Any] = {
    "shop": "Kiln <b>",
    "reference": "order-1042",
    "currency": "EUR",
    "creditor": "Nordbank",
    "total_minor": 60000,
    "refunded_minor": 100,
    "cash_back_minor": 50,
    "rows": [{"number": 1, "due_date": "2026-09-01", "amount_minor": 20000}],
    "number": 1,
    "amount_minor": 20000,
    "due_date": "2026-09-01",
    "again_on": "2026-09-04",
    "wording": None,
    "accepted_on": "2026-08-01",
    "last_day": "2026-08-15",
    "creditor_address": "1 Main Street",
    "host": "shop.example",
    "endpoint": "we_1",
    "event": "evt_1",
    "topic": "payment.completed",
    "tries": 6,
    "reason": "the receiver answered 500",
}
