"""Papers of the hosted page: printed once, kept byte for byte, each first delivery on record."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.dialects.payments.conftest import payments, shared_payments
from tests.support.payment_calls import move_account
from tests.support.payments_world import PaymentsWorld
from tests.support.shopper import Shopper, open_shopper, type_card

from parcela.documents.press import PaperPress
from parcela.domain.disclosures.papers import PaperForm, PaperKind, PaperRequest, PaperWay
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.papers import (
    PaperMissing,
    find_offer_subject,
    find_plan_subject,
    give_paper,
)
from parcela.operations.payments.press import Paper, PaperContent, PressUnavailable
from parcela.store.payments import offers, papers, payment_methods
from parcela.store.payments import payments as payments_store

__all__ = ["payments", "shared_payments"]

TICK_NEEDED = "4000005600000104"


class LastPress(PaperPress):
    """A press without a way to make PDF files, that counts what it prints."""

    def __init__(self) -> None:
        super().__init__()
        self.printed = 0

    async def print_paper(
        self, kind: PaperKind, form: PaperForm, content: PaperContent, *, language: str
    ) -> Paper:
        if form is PaperForm.PDF:
            raise PressUnavailable("no Pango here")
        self.printed += 1
        return await super().print_paper(kind, form, content, language=language)


def buy(world: PaymentsWorld, **members: Any) -> tuple[dict[str, Any], Shopper, str]:
    """A shopper with three payments on the review page, and the offer."""
    payment, shopper = open_shopper(world, reference="order-7", **members)
    type_card(shopper, TICK_NEEDED)
    offer_id = shopper.seen.choices[1]
    shopper.send("choice", choice=offer_id)
    return payment, shopper, offer_id


def list_records(world: PaymentsWorld, payment_id: str) -> list[dict[str, Any]]:
    """What went to a reader: the agreement that lies with the evidence is told apart."""
    return world.fetch(
        "SELECT p.kind, p.form, p.language, d.offer_id, d.plan_id IS NOT NULL AS has_plan, d.way"
        " FROM paper_delivery d JOIN paper p USING (tenant_id, digest)"
        " WHERE d.payment_id = $1 AND d.way <> 'record'"
        " ORDER BY d.position",
        payment_id,
    )


def test_sheet_before_agreement_and_receipt_after(shared_payments: PaymentsWorld) -> None:
    world = shared_payments
    payment, shopper, offer_id = buy(world)
    sheet = shopper.get(f"{shopper.path}/sheet.html?choice={offer_id}")
    assert (sheet.status, sheet.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "style-src 'sha256-" in sheet.headers["content-security-policy"]
    assert sheet.headers["cache-control"] == "no-store"
    assert "Sample: test mode" in sheet.text
    assert shopper.get(f"{shopper.path}/agreement.html").status == 404
    shopper.seen = shopper.get(shopper.path)
    shopper.send("pay", terms="yes")
    (kept,) = world.fetch(
        "SELECT content FROM paper p JOIN paper_delivery d USING (tenant_id, digest)"
        " WHERE d.payment_id = $1 AND d.way = 'record'",
        payment["id"],
    )
    agreement = shopper.get(f"{shopper.path}/agreement.html")
    assert agreement.raw == kept["content"]
    receipt = shopper.get(f"{shopper.path}/receipt.pdf")
    assert (agreement.title, receipt.status) == ("Agreement on your payment plan", 200)
    assert receipt.headers["content-disposition"] == 'attachment; filename="receipt.pdf"'
    assert receipt.raw.startswith(b"%PDF-1.7")
    common = {"language": "en", "offer_id": offer_id, "way": "checkout"}
    assert list_records(world, payment["id"]) == [
        {"kind": "sheet", "form": "html", "has_plan": False, **common},
        {"kind": "agreement", "form": "html", "has_plan": True, **common},
        {"kind": "receipt", "form": "pdf", "has_plan": True, **common},
    ]


def test_a_paper_stays_as_it_was_first_delivered(payments: PaymentsWorld) -> None:
    press = LastPress()
    payments.set_desk(press=press)
    payment, shopper, offer_id = buy(payments)
    path = f"{shopper.path}/sheet.html?choice={offer_id}"
    first = shopper.get(path)
    move_account(payments, timedelta(days=3))
    assert shopper.get(path).raw == first.raw
    assert press.printed == 1
    assert len(list_records(payments, payment["id"])) == 1


def test_a_payment_without_a_plan_has_no_papers(shared_payments: PaymentsWorld) -> None:
    payment, shopper = open_shopper(shared_payments)
    type_card(shopper, TICK_NEEDED)
    shopper.send("choice", choice="full")
    shopper.send("pay")
    paid = shared_payments.get(f"/v1/payments/{payment['id']}").body
    assert (paid["status"], paid["installments"].get("plan")) == ("completed", None)
    assert [shopper.get(f"{shopper.path}/{name}").status for name in ("agreement.html", "receipt.pdf")] == [
        404,
        404,
    ]
    assert list_records(shared_payments, payment["id"]) == []


def test_an_agreement_needs_a_plan(shared_payments: PaymentsWorld) -> None:
    payment, _, offer_id = buy(shared_payments)
    wanted = PaperRequest(kind=PaperKind.AGREEMENT, form=PaperForm.HTML, language="en")

    async def ask(desk: PaymentsDesk, moment: AccountMoment) -> None:
        async with desk.engine.database.connection() as connection:
            shown = await offers.find_list_with_offer(connection, moment.owner, offer_id)
            assert shown is not None
            known = await payments_store.find_payment(connection, moment.owner, payment["id"])
            method = await payment_methods.find_payment_method(
                connection, moment.owner, shown.payment_method_id
            )
        assert known is not None and method is not None
        subject = await find_offer_subject(desk, moment, known, method, offer_id=offer_id)
        assert subject is not None
        assert await find_plan_subject(desk, moment, payment["id"]) is None
        with pytest.raises(PaperMissing):
            await give_paper(desk, moment, subject, wanted, way=PaperWay.CHECKOUT)

    shared_payments.as_account(ask)
    assert list_records(shared_payments, payment["id"]) == []


def test_without_a_way_to_make_pdf_files_the_page_says_so(payments: PaymentsWorld) -> None:
    payments.set_desk(press=LastPress())
    payment, shopper, offer_id = buy(payments)
    seen = shopper.get(f"{shopper.path}/sheet.pdf?choice={offer_id}")
    assert (seen.status, seen.title) == (503, "This file cannot be made at the moment")
    assert list_records(payments, payment["id"]) == []
    assert shopper.get(f"{shopper.path}/sheet.html?choice={offer_id}").status == 200


FOREIGN = (
    ("", "no offer"),
    ("?choice=", "an empty one"),
    ("?choice=full", "paying in full"),
    ("?choice=offer_01K1BA00000000000000000000", "one that never was"),
    ("?choice=" + "x" * 65, "too long"),
    ("?choice=%00", "a control character"),
)


@pytest.mark.parametrize("query", [query for query, _ in FOREIGN], ids=[name for _, name in FOREIGN])
def test_a_sheet_of_what_was_not_shown_is_missing(shared_payments: PaymentsWorld, query: str) -> None:
    payment, shopper, _ = buy(shared_payments)
    assert shopper.get(f"{shopper.path}/sheet.html{query}").status == 404
    assert list_records(shared_payments, payment["id"]) == []


def test_another_browser_and_another_payment_get_nothing(shared_payments: PaymentsWorld) -> None:
    payment, shopper, offer_id = buy(shared_payments)
    stranger = Shopper(shared_payments, payment["checkoutUrl"])
    assert stranger.get(f"{stranger.path}/sheet.html?choice={offer_id}").status == 404
    _, other, _ = buy(shared_payments)
    assert other.get(f"{other.path}/sheet.html?choice={offer_id}").status == 404
    shopper.send("pay", terms="yes")
    assert stranger.get(f"{stranger.path}/agreement.html").status == 404
    assert list_records(shared_payments, payment["id"]) == []


def test_papers_are_read_not_sent_to(shared_payments: PaymentsWorld) -> None:
    payment, shopper, offer_id = buy(shared_payments)
    for method in ("POST", "HEAD"):
        seen = shopper.ask(method, f"{shopper.path}/sheet.html?choice={offer_id}")
        assert (seen.status, seen.headers["allow"]) == (405, "GET")
    assert list_records(shared_payments, payment["id"]) == []


def test_two_ways_are_two_deliveries_of_one_file(payments: PaymentsWorld) -> None:
    payment, shopper, _ = buy(payments)
    shopper.send("pay", terms="yes")
    wanted = PaperRequest(kind=PaperKind.RECEIPT, form=PaperForm.TEXT, language="de")

    async def give(desk: PaymentsDesk, moment: AccountMoment) -> list[Any]:
        subject = await find_plan_subject(desk, moment, payment["id"])
        assert subject is not None
        ways = [PaperWay.MAIL, PaperWay.PLAN_PAGE, PaperWay.MAIL]
        given = [await give_paper(desk, moment, subject, wanted, way=way) for way in ways]
        assert len({paper.digest for paper in given}) == 1
        async with desk.engine.database.connection() as connection:
            return await papers.list_deliveries(connection, moment.owner, payment["id"])

    told = payments.as_account(give)
    assert [(one.way, one.kind, one.language) for one in told] == [
        (PaperWay.RECORD, PaperKind.AGREEMENT, "en"),
        (PaperWay.MAIL, PaperKind.RECEIPT, "de"),
        (PaperWay.PLAN_PAGE, PaperKind.RECEIPT, "de"),
    ]
    assert [row["n"] for row in payments.fetch("SELECT count(*) AS n FROM paper")] == [2]


def test_the_same_first_request_twice_at_once_keeps_one_file(payments: PaymentsWorld) -> None:
    payment, shopper, _ = buy(payments)
    shopper.send("pay", terms="yes")
    wanted = PaperRequest(kind=PaperKind.AGREEMENT, form=PaperForm.HTML, language="ja")

    async def give(desk: PaymentsDesk, moment: AccountMoment) -> list[Paper]:
        subject = await find_plan_subject(desk, moment, payment["id"])
        assert subject is not None
        asked = [give_paper(desk, moment, subject, wanted, way=PaperWay.CHECKOUT) for _ in range(8)]
        return list(await asyncio.gather(*asked))

    assert len({paper.digest for paper in payments.as_account(give)}) == 1
    assert len(list_records(payments, payment["id"])) == 1


def test_deliveries_cannot_be_altered_and_are_kept_for_six_years(payments: PaymentsWorld) -> None:
    payment, shopper, offer_id = buy(payments)
    shopper.get(f"{shopper.path}/sheet.html?choice={offer_id}")
    for statement in (
        "UPDATE paper_delivery SET way = 'mail'",
        "UPDATE paper SET language = 'fr'",
        "DELETE FROM paper_delivery",
        "DELETE FROM paper",
        "TRUNCATE paper_delivery",
    ):
        with pytest.raises(asyncpg.PostgresError):
            payments.fetch(statement)
    assert len(list_records(payments, payment["id"])) == 1

    async def forget(_: PaymentsDesk, moment: AccountMoment) -> list[int]:
        found = []
        async with payments.engine.database.transaction() as connection:
            delivered = await papers.list_deliveries(connection, moment.owner, payment["id"])
            old = replace(
                delivered[0],
                way=PaperWay.MAIL,
                delivered_at=datetime.now(UTC) - timedelta(days=6 * 366),
            )
            content = await papers.find_content(connection, moment.owner, payment["id"], old.digest)
            assert content is not None
            await papers.insert_delivery(connection, old, content)
            before = datetime.now(UTC) - timedelta(days=6 * 365 + 2)
            found.append(await papers.delete_old_papers(connection, before=before))
            found.append(await papers.delete_old_papers(connection, before=before))
        return found

    assert payments.as_account(forget) == [1, 0]
    assert [row["way"] for row in list_records(payments, payment["id"])] == ["checkout"]
