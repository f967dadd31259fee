"""Every notice that can be told is read back as it was."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.issuer_wire import notice_to_wire

from parcela.dialects.strict_json import parse_object
from parcela.domain.currency import find_currency
from parcela.domain.ids import Identifier
from parcela.domain.plans import AmountKind, Merchant
from parcela.domain.servicing.records import NoticedRow, PlanNotice, TransactionFacts
from parcela.issuer.read_notice import read_notice

LETTERS = st.text("abcXYZ -é漢", min_size=1)
DIGITS = "0123456789"


def digits_of(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=least, max_size=most)


def identifiers(least: int, most: int) -> st.SearchStrategy[Identifier | None]:
    texts = digits_of(least, most).map(Identifier)
    numbers = st.integers(10 ** (least - 1), 10**most - 1).map(lambda n: Identifier(str(n), is_number=True))
    return st.none() | texts | numbers


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = draw(st.integers(10**9, 10**18 - 1).map(str))
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if position % 2 == 0 else int(digit)
        for position, digit in enumerate(reversed(body))
    )
    return body + str(-total % 10)


@st.composite
def notices(draw: st.DrawFn) -> PlanNotice:
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    count = draw(st.integers(2, 99))
    first, other = draw(st.integers(1, 10**9)), draw(st.integers(1, 10**9))
    # Taxes are another amount in each row.
    taxes = draw(st.just([0] * count) | st.lists(st.integers(0, 500), min_size=count, max_size=count))
    amounts = [amount + tax for amount, tax in zip([first, *[other] * (count - 1)], taxes, strict=True)]
    offset = draw(st.sampled_from([timedelta(), timedelta(hours=-5), timedelta(hours=13, minutes=45)]))
    zone = timezone(offset)
    local_at = draw(st.datetimes(datetime(2000, 1, 2), datetime(2090, 1, 1), timezones=st.just(zone)))
    start = draw(st.dates(datetime(2000, 1, 1).date(), datetime(2090, 1, 1).date()))
    gaps = draw(st.lists(st.integers(1, 40), min_size=count, max_size=count))
    rows, due_date = [], start
    for number, (amount, gap) in enumerate(zip(amounts, gaps, strict=True), start=1):
        due_date += timedelta(days=gap)
        rows.append(NoticedRow(number=number, due_date=due_date, amount_minor=amount))
    merchant = Merchant(
        name=draw(st.none() | LETTERS.map(lambda text: text[:100])),
        url=draw(st.none() | st.just("www.shop.example")),
        country=draw(st.sampled_from([None, "USA", "JPN"])),
        mcc=draw(identifiers(4, 4)),
        acquirer_id=draw(identifiers(1, 6)),
        merchant_id=draw(identifiers(1, 15).filter(lambda found: found is None or len(found.text) < 12)),
    )
    percent = st.none() | st.decimals(0, 300, places=2)
    return PlanNotice(
        plan_id=str(draw(st.uuids())),
        digits=draw(cards()),
        issuer_cid=draw(digits_of(1, 10)),
        offer_id=draw(st.text(DIGITS + "abc-", min_size=8, max_size=64)),
        merchant=merchant,
        currency=currency,
        amount_kind=draw(st.sampled_from(AmountKind)),
        amount_minor=draw(st.integers(1, sum(amounts))),
        total_minor=sum(amounts),
        interval=draw(st.sampled_from(["weekly", "biweekly", "monthly"])),
        apr_percent=draw(percent),
        fee_value=draw(percent),
        rows=tuple(rows),
        transaction=TransactionFacts(
            local_at=local_at,
            stan=draw(st.none() | digits_of(1, 6)),
            rrn=draw(st.none() | digits_of(12, 12)),
            authorization_code=draw(st.none() | digits_of(6, 6)),
            transmitted_at=draw(st.sampled_from([None, local_at])),
            transaction_link_id=draw(st.none() | st.text("ABCxyz", min_size=1, max_size=22)),
        ),
    )


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(notices())
def test_a_notice_that_is_written_is_read_back_equal(notice: PlanNotice) -> None:
    currency = find_currency(notice.currency)
    assert currency is not None
    body = parse_object(json.dumps(notice_to_wire(notice, exponent=currency.exponent)))
    sensitive = body.pop("sensitiveData")
    assert isinstance(sensitive, dict)
    read = read_notice(body, sensitive)
    assert read == notice
    assert read.transaction.local_at.utcoffset() == notice.transaction.local_at.utcoffset()
    assert read.apr_percent is None or isinstance(read.apr_percent, Decimal)
