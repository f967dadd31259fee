"""Papers in every language and form: the golden figures, rows that add up, given texts untouched."""

import asyncio
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from tests.support.papers import LANGUAGES, SHOWN_AT, make_content, make_disclosure, make_paper_offer

from parcela.documents.press import PaperPress, find_version
from parcela.domain.disclosures.records import FactKind, Side
from parcela.domain.payments.plans import CostRate, PaymentOffer
from parcela.operations.payments.press import (
    Emphasis,
    Paper,
    PaperContent,
    PaperForm,
    PaperKind,
    ShownFact,
)
from parcela.words.words import Words

PRESS = PaperPress()


def print_paper(
    kind: PaperKind, form: PaperForm, content: PaperContent | None = None, *, language: str = "en"
) -> Paper:
    if content is None:
        content = make_content(is_agreed=kind is not PaperKind.SHEET)
    return asyncio.run(PRESS.print_paper(kind, form, content, language=language))


def read_text(kind: PaperKind, content: PaperContent | None = None, *, language: str = "en") -> str:
    return print_paper(kind, PaperForm.TEXT, content, language=language).content.decode()


class Outline(HTMLParser):
    """Tags with their attributes, and the words of cells."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[list[str]] = []
        self._is_in_cell = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.cells.append([])
        elif tag in ("td", "th"):
            self.cells[-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._is_in_cell = self._is_in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self.cells[-1][-1] += data


def test_a_sheet_says_the_key_facts_in_the_order_of_the_european_one() -> None:
    text = read_text(PaperKind.SHEET)
    assert text.split("\n== All payments and dates ==")[0] == (
        "Sample: test mode. No money moves.\n\n"
        "Your plan at a glance, before you agree\n\n"
        "This sheet describes the plan that was offered to you for your purchase at Tienda <Uno> on"
        f" August 20, 2026 at {Words('en').write_time(SHOWN_AT.astimezone(make_content().zone))}."
        " Reading it does not bind you.\n\n"
        "Caution! Borrowing money costs money.\n\n"
        "== Key facts ==\n"
        "Creditor: Banco Ejemplo & Söhne; 1 Bank Street, 10115 Berlin\n"
        "Shop (credit intermediary): Tienda <Uno>\n"
        "Amount financed: €600.00\n"
        "Duration: 6 months, last payment on February 20, 2027\n"
        "Borrowing rate: 12.00% a year, fixed\n"
        "APRC: 12.7%\n"
        "Cost of credit: €21.18\n"
        "Total of payments: €621.18\n"
        "Total to pay: €621.18\n"
        "Payments: 6 × €103.53; First payment on: September 20, 2026\n"
        "Fees: None\n"
        "If you pay late: A late payment costs €5.00.\n"
        "Right to withdraw: You can withdraw from the credit within 14 days without giving a reason."
        " Tell Banco Ejemplo & Söhne.\n"
        "(Wording of the lender’s counsel is not set.)\n"
        "Paying early: Ask Banco Ejemplo & Söhne if you want to pay early."
        " The terms of the plan say what that changes.\n"
        "(Wording of the lender’s counsel is not set.)\n"
    )


def test_wording_that_counsel_gave_carries_no_mark() -> None:
    slots = ("withdrawal", "prepayment", "complaints", "credit_bureau", "personalised", "creditworthiness")
    content = make_content(is_agreed=True)
    creditor = replace(content.creditor, wording={"late_payment": "L", **dict.fromkeys(slots, "W")})
    text = read_text(PaperKind.AGREEMENT, replace(content, creditor=creditor))
    assert "is not set" not in text
    assert text.count(": W\n") == len(slots)


def test_an_agreement_has_parties_given_terms_and_the_word_on_them() -> None:
    text = read_text(PaperKind.AGREEMENT)
    assert "Order: Order 7\nPayment: pay_01K1BA00000000000000000000\n" in text
    assert "Plan: plan_01K1BA00000000000000000000\nCard: Visa •••• 0104\n" in text
    assert "by automated means" not in text
    assert (
        "== The terms, exactly as they were shown ==\nbnpl-eu, version 3\n\n"
        "First line of the terms.\nSecond line <b>as given</b>.\n"
    ) in text
    assert text.endswith("You ticked the box with this text:\nI accept the terms & agree.\n")


def test_terms_that_need_no_tick_say_of_none() -> None:
    offer = make_paper_offer()
    offer = replace(offer, terms=replace(offer.terms, acceptance_required=False))
    assert "ticked" not in read_text(PaperKind.AGREEMENT, make_content(offer, is_agreed=True))


def test_a_receipt_has_neither_rights_nor_terms() -> None:
    text = read_text(PaperKind.RECEIPT)
    assert text.startswith("Sample: test mode. No money moves.\n\nReceipt\n")
    assert "Total to pay: €621.18\n" in text
    assert "late" not in text and "version" not in text and "Caution" not in text


def test_a_live_paper_is_no_sample() -> None:
    content = make_content(is_live=True)
    assert "Sample" not in read_text(PaperKind.SHEET, content)
    html = print_paper(PaperKind.SHEET, PaperForm.HTML, content).content.decode()
    assert "Sample" not in html


def test_a_law_without_wording_slots_still_tells_of_delay_withdrawal_and_prepayment() -> None:
    offer = make_paper_offer(disclosures=())
    text = read_text(PaperKind.SHEET, make_content(offer))
    assert "Total amount of credit: €600.00\n" in text
    assert "Right to withdraw: The terms of the plan say whether and how you can withdraw" in text
    assert "Caution" not in text


def test_a_second_country_stands_beside_the_first() -> None:
    other = make_disclosure(
        country="USA",
        side=Side.MERCHANT,
        rule_id="us_reg_z",
        method="us_reg_z",
        percent=Decimal("12.00"),
        facts=(FactKind.FINANCE_CHARGE,),
    )
    offer = make_paper_offer(disclosures=(make_disclosure(), other))
    text = read_text(PaperKind.SHEET, make_content(offer))
    assert "APRC: 12.7%\nAPR (United States): 12.00%\nFinance charge: €21.18\n" in text


def test_the_argentine_rate_is_five_times_the_other() -> None:
    facts = (FactKind.SECOND_RATE,)
    law = make_disclosure(
        country="ARG",
        rule_id="ar_cft",
        method="ar_cft",
        percent=Decimal("88.71"),
        second_percent=Decimal("70.00"),
        facts=facts,
    )
    rate = CostRate(label="CFT", percent=Decimal("88.71"), method="ar_cft")
    offer = make_paper_offer(disclosures=(law,), rate=rate)
    html = print_paper(PaperKind.SHEET, PaperForm.HTML, make_content(offer)).content.decode()
    assert re.search('CFT</th><td class="large">.*?TEA</th><td class="small"><p>70.00%', html, re.S)
    sizes = re.findall(r"^\.(?:large|small) \{ font-size: ([\d.]+)rem", html, re.M)
    assert [Decimal(size) for size in sizes] == [Decimal("3.75"), Decimal("0.75")]


CURRENCIES = (("EUR", 10353), ("JPY", 10353), ("KWD", 103535))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("currency", "minor"), CURRENCIES, ids=[currency for currency, _ in CURRENCIES])
def test_rows_on_paper_add_up_to_its_total(language: str, currency: str, minor: int) -> None:
    offer = make_paper_offer(currency=currency, minor=minor, count=12)
    html = print_paper(
        PaperKind.SHEET, PaperForm.HTML, make_content(offer), language=language
    ).content.decode()
    outline = Outline(
        html[html.index('<table class="schedule">') : html.index("</table>", html.index('schedule">'))]
    )
    written = [cells[-1] for cells in outline.cells[1:]]
    words = Words(language)
    assert written[-1] == words.write_money(12 * minor, currency)
    assert written[:-1] == [words.write_money(minor, currency)] * 12
    assert [cells[1] for cells in outline.cells[1:3]] == [
        words.write_date(date(2026, 9, 20)),
        words.write_date(date(2026, 10, 20)),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PaperKind)
def test_every_language_has_every_paper(kind: PaperKind, language: str) -> None:
    html = print_paper(kind, PaperForm.HTML, language=language).content.decode()
    outline = Outline(html)
    assert outline.tags[0] == ("html", {"lang": language, "dir": Words(language).direction})
    assert [tag for tag, _ in outline.tags].count("h1") == 1
    tables = [tag for tag, _ in outline.tags if tag in ("table", "caption")]
    assert tables == ["table", "caption"] * (len(tables) // 2)
    assert {attrs.get("scope") for tag, attrs in outline.tags if tag == "th"} == {"row", "col"}
    assert "Tienda &lt;Uno&gt;" in html and "<b>" not in html
    assert not re.search(r"(?:src|href|url\()", html), "a paper needs nothing beside it"


def test_the_policy_of_a_page_allows_its_own_style_alone() -> None:
    paper = print_paper(PaperKind.SHEET, PaperForm.HTML)
    assert re.fullmatch(
        "default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'none';"
        " frame-ancestors 'none'; base-uri 'none'",
        paper.content_policy,
    )
    assert "style-src 'none'" in print_paper(PaperKind.SHEET, PaperForm.TEXT).content_policy


def test_names_of_another_direction_stay_in_order_in_arabic() -> None:
    text = read_text(PaperKind.SHEET, language="ar")
    assert "\u2068Tienda <Uno>\u2069" in text
    assert "\u2068" not in read_text(PaperKind.SHEET)


def test_equal_content_gives_equal_bytes_and_its_version_names_the_wording() -> None:
    first, second = (print_paper(PaperKind.SHEET, PaperForm.HTML) for _ in range(2))
    assert first == second
    assert first.template_version == find_version("en") != find_version("de")
    assert re.fullmatch("1\\.[0-9a-f]{12}", first.template_version)


def test_the_ten_facts_come_before_those_of_the_law() -> None:
    offer: PaymentOffer = make_paper_offer()
    facts = PRESS.print_facts(offer, creditor=make_content().creditor, language="en")
    assert [fact.fact for fact in facts] == [
        *("payments", "total", "cost", "rate", "interest", "fees", "first_due", "schedule", "returns"),
        "terms",
        *("creditor", "amount_financed", "duration", "borrowing_rate", "total_of_payments", "late_payment"),
        *("withdrawal", "prepayment", "complaints", "credit_warning"),
    ]
    assert facts[3] == ShownFact(fact="rate", label="APRC", text="12.7%", emphasis=Emphasis.STRONG)
    assert [fact.fact for fact in facts if fact.emphasis is not Emphasis.NORMAL] == ["rate", "credit_warning"]


def test_argentinas_rate_is_large_beside_a_small_one_and_a_lender_is_always_named() -> None:
    offer = make_paper_offer()
    (own,) = offer.disclosures
    one_of_argentina = replace(
        own, rule_id="ar_cft", second_percent=Decimal("9.38"), facts=(FactKind.SECOND_RATE,)
    )
    facts = PRESS.print_facts(
        replace(offer, disclosures=(one_of_argentina,)), creditor=make_content().creditor, language="en"
    )
    assert [(fact.fact, fact.emphasis) for fact in facts if fact.emphasis is not Emphasis.NORMAL] == [
        ("rate", Emphasis.LARGE),
        ("second_rate", Emphasis.SMALL),
    ]
    assert [fact.text for fact in facts if fact.fact == "lender"] == [make_content().creditor.name]
