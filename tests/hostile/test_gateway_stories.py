"""Attacks on the gateway door that take more than one kind of request: races, sessions, echoes, time."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from tests.hostile.gateway_calls import (
    CARD,
    PAN,
    Fields,
    flatten_body,
    make_order_id,
    make_payment,
    read_answer,
    read_error,
    write_basic,
    write_nvp,
    write_rest,
    write_transaction,
)
from tests.hostile.gateway_rows import accept_offer, ask_offers, open_session, pay
from tests.hostile.site import Site, Watch, watch
from tests.hostile.test_http_parser import talk
from tests.support.gateway_samples import load_request
from tests.support.network_client import Answer, WireRequest
from tests.support.samples import UNSET, edit

GATEWAY = "gateway"
USER = "merchant.TESTPARCELA01"


@contextmanager
def watched_story(
    site: Site, *, may_take_s: float = 30, secrets: tuple[str, ...] = (PAN,)
) -> Iterator[Watch]:
    """A story whose answers are kept by the watch, and the standing rules after it."""
    with watch(site, secrets=[*secrets, site.shop.password], door=GATEWAY) as watched:
        yield watched
    watched.check(may_take_s=may_take_s)


def send_at_once(site: Site, requests: list[WireRequest]) -> list[Answer]:
    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(site.send, requests))


def transact(site: Site, order_id: str, number: str, operation: str, **transaction: Any) -> WireRequest:
    body = {"apiOperation": operation, "transaction": transaction}
    return write_transaction(site.shop, order_id, number, body)


def count_outcomes(answers: list[Answer]) -> Counter[str]:
    """How many were approved, locked out, declined, or refused as errors."""
    bodies = [read_answer(answer) for answer in answers]
    return Counter(body.get("response", {}).get("gatewayCode", body["result"]) for body in bodies)


def get_order(site: Site, order_id: str) -> dict[str, Any]:
    found = site.send(write_rest(site.shop, "GET", f"order/{quote(order_id, safe='')}"))
    assert found.status == 200, found.raw
    body: dict[str, Any] = found.body
    return body


def test_an_order_is_paid_once_whatever_comes_at_once(site: Site) -> None:
    order_id = make_order_id()
    requests = [
        write_transaction(site.shop, order_id, str(n), make_payment("PAY" if n % 2 else "AUTHORIZE"))
        for n in range(32)
    ]
    with watched_story(site) as watched:
        watched.answers += send_at_once(site, requests)
    counts = count_outcomes(watched.answers)
    assert counts["APPROVED"] == 1
    assert set(counts) <= {"APPROVED", "LOCK_FAILURE", "ERROR"}
    assert watched.grown["merchant_order"] == 1


def test_captures_at_once_never_exceed_the_authorization(site: Site) -> None:
    order_id = pay(site, "AUTHORIZE")
    requests = [
        transact(site, order_id, f"c{n}", "CAPTURE", amount="500.00", currency="AUD") for n in range(16)
    ]
    with watched_story(site) as watched:
        for _ in range(4):
            watched.answers += send_at_once(site, requests[:4])
            requests = requests[4:]
    approved = count_outcomes(watched.answers)["APPROVED"]
    assert approved in (1, 2)
    assert get_order(site, order_id)["totalCapturedAmount"] == 500 * approved


def test_refunds_at_once_never_exceed_the_capture(site: Site) -> None:
    order_id = pay(site)
    requests = [
        transact(site, order_id, f"r{n}", "REFUND", amount="700.00", currency="AUD") for n in range(32)
    ]
    with watched_story(site) as watched:
        watched.answers += send_at_once(site, requests)
    assert count_outcomes(watched.answers)["APPROVED"] == 1
    assert get_order(site, order_id)["totalRefundedAmount"] == 700


def test_a_void_and_a_refund_at_once_give_back_once(site: Site) -> None:
    for _ in range(8):
        order_id = pay(site)
        with watched_story(site) as watched:
            watched.answers += send_at_once(
                site,
                [
                    transact(site, order_id, "v", "VOID", targetTransactionId="1"),
                    transact(site, order_id, "r", "REFUND", amount="1200.00", currency="AUD"),
                ],
            )
        assert count_outcomes(watched.answers)["APPROVED"] == 1
        assert get_order(site, order_id)["status"] in ("CANCELLED", "REFUNDED")


def test_an_offer_pays_one_order_of_32_at_once(site: Site) -> None:
    offer_id = ask_offers(site)[1]
    accept_offer(site, offer_id)
    body = make_payment(paymentPlan__offerId=offer_id)
    requests = [write_transaction(site.shop, make_order_id(), "1", body) for _ in range(32)]
    with watched_story(site) as watched:
        watched.answers += send_at_once(site, requests)
    assert count_outcomes(watched.answers) == Counter(APPROVED=1, ERROR=31)
    assert {read_error(answer)["field"] for answer in watched.answers if answer.status == 400} == {
        "paymentPlan.offerId"
    }
    assert watched.records["plan"] == 1


def test_other_content_at_once_is_one_charge(site: Site) -> None:
    """The same ids, 32 different amounts: one is charged, the others are told so."""
    order_id = make_order_id()
    bodies = [
        make_payment(order__amount=f"{n}.00", order__item=UNSET, order__itemAmount=UNSET)
        for n in range(1, 33)
    ]
    with watched_story(site) as watched:
        watched.answers += send_at_once(
            site, [write_transaction(site.shop, order_id, "1", body) for body in bodies]
        )
    assert count_outcomes(watched.answers) == Counter(APPROVED=1, ERROR=31)
    assert {read_error(answer).get("field") for answer in watched.answers} == {None, "transaction.id"}


def test_a_repeat_may_change_its_correlation_id_and_nothing_else(site: Site) -> None:
    order_id, body = make_order_id(), make_payment()
    changes: list[Fields] = [
        {"order.amount": "1200.01", "order.itemAmount": UNSET},
        {"order.currency": "USD"},
        {f"{CARD}.number": "5123456789012346"},
        {f"{CARD}.expiry.month": "02"},
        {f"{CARD}.securityCode": "101"},
        {f"{CARD}.securityCode": UNSET},
        {"order.item[1].name": "Phone Case"},
        {"order.reference": "x"},
        {"customer.email": "a@example.com"},
        {"apiOperation": "AUTHORIZE"},
    ]
    with watched_story(site) as watched:
        first = site.send(write_transaction(site.shop, order_id, "1", body))
        again = site.send(write_transaction(site.shop, order_id, "1", {**body, "correlationId": "again"}))
        refused = [
            site.send(write_transaction(site.shop, order_id, "1", edit(body, change))) for change in changes
        ]
        watched.answers += [first, again, *refused]
    assert (again.status, again.body.pop("correlationId"), again.body) == (201, "again", first.body)
    assert {(answer.status, read_error(answer)["field"]) for answer in refused} == {(400, "transaction.id")}
    assert watched.grown == {"merchant_order": 1, "merchant_transaction": 1, "simulated_card_message": 1}


def test_ids_are_told_apart_by_code_point(site: Site) -> None:
    """Composed and decomposed, upper and lower, blank and none: four orders each, none the other's."""
    order_ids = ["é", "e\u0301", "É", "é ", "\u200bé", "..", ".", "%2e", "a/b", "a%2Fb", "A/b", "ｅ"]
    stem = make_order_id()
    for order_id in order_ids:
        paid = site.send(write_transaction(site.shop, stem + order_id, "1", make_payment()))
        assert (paid.status, paid.body["order"]["id"]) == (201, stem + order_id), paid.raw
    assert [get_order(site, stem + order_id)["id"] for order_id in order_ids] == [stem + o for o in order_ids]


def test_hostile_texts_come_back_as_data(site: Site) -> None:
    """What a shop wrote is told by both protocols letter by letter, and never as markup or a header."""
    texts = [
        "<script>alert(1)</script>",
        "a\r\nSet-Cookie: x=y",
        "&result=SUCCESS&order.amount=0",
        "%s%n{0}${7*7}{{7*7}}",
        "'; DROP TABLE merchant_order; --",
        "\u202e\u2028\u2029\ufeff",
        "\\u0000 \\ud800 \\",
        "=cmd|' /C calc'!A0",
        "+ %2B %26 %3D",
    ]
    for text in texts:
        order_id = make_order_id() + text[: 40 - 8].replace("\r\n", "")
        body = make_payment(order__description=text, customer={"note": text, text: "x"}, correlationId=text)
        with watched_story(site) as watched:
            paid = site.send(write_transaction(site.shop, order_id, "1", body))
            fields = {"apiOperation": "RETRIEVE_ORDER", "order.id": order_id, "correlationId": text}
            told = site.send(write_nvp(site.shop, fields))
            watched.answers += [paid, told]
        assert (paid.status, told.status) == (201, 200)
        assert paid.body["order"]["description"] == paid.body["correlationId"] == text
        assert paid.body["customer"] == {"note": text, text: "x"}
        assert "set-cookie" not in {name.lower() for name in (*paid.headers, *told.headers)}
        pairs = read_answer(told)
        assert (pairs["description"], pairs["correlationId"], pairs["result"]) == (text, text, "SUCCESS")
        assert pairs["amount"] == "1200.00"


def test_huge_numbers_of_open_groups_stay_small_in_pairs(site: Site) -> None:
    """A number of few characters and a million digits must not be written out."""
    order_id = make_order_id()
    numbers = ",".join(["1e999999"] * 3000)
    body = make_payment(customer=["numbers"])
    raw = json.dumps(body).replace('"numbers"', numbers).encode()
    peak_mib = site.measure_peak_mib()
    with watched_story(site, may_take_s=2) as watched:
        paid = site.send(write_rest(site.shop, "PUT", f"order/{order_id}/transaction/1", raw))
        fields = {"apiOperation": "RETRIEVE_ORDER", "order.id": order_id}
        told = site.send(write_nvp(site.shop, fields))
        watched.answers += [paid, told]
    assert (paid.status, told.status) == (201, 200)
    assert len(told.raw) < 1_000_000
    assert site.measure_peak_mib() - peak_mib < 32


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("5123450000000008", "512345xxxxxx0008"),
        ("5123-4500-0000-0008", "512345xxxxxx0008"),
        ("3714 496353 98431", "371449xxxxx8431"),
        ("3625-960000-0012", "362596xxxx0012"),
        ("4012000033330026,5111111111111118", "401200xxxxxx0026,511111xxxxxx1118"),
    ],
)
def test_card_numbers_in_texts_are_masked_as_they_are_written(site: Site, written: str, kept: str) -> None:
    order_id = make_order_id()
    body = make_payment(order__description=f"paid by {written}", customer={"note": written, written: "x"})
    with watched_story(site, secrets=(PAN, written)) as watched:
        paid = site.send(write_transaction(site.shop, order_id, "1", body))
        told = site.send(write_nvp(site.shop, {"apiOperation": "RETRIEVE_ORDER", "order.id": order_id}))
        watched.answers += [paid, told]
    assert paid.body["order"]["description"] == f"paid by {kept}"
    assert paid.body["customer"] == {"note": kept, kept: "x"}
    rows = site.fetch("SELECT merchant_order::text AS row FROM merchant_order WHERE order_id = $1", order_id)
    assert [row for row in rows if written in row["row"]] == []


def test_a_card_number_as_an_order_id_never_reaches_the_log(site: Site) -> None:
    """It is the merchant's own name for its order, and is answered as such."""
    digits = "5111111111111118"
    for path in (f"order/{digits}/transaction/1", f"order/{digits}", f"session/{digits}", digits):
        site.send(write_rest(site.shop, "GET", path))
        site.send(write_rest(site.shop, "GET", path, authorization=[write_basic(f"merchant.{digits}", "x")]))
    assert digits not in site.server.read_log()
    rows = site.fetch("SELECT audit::text AS line FROM audit WHERE action = 'gateway.authenticate'")
    assert [row for row in rows if digits in row["line"]] == []


def test_large_carts_are_compared_in_time(site: Site) -> None:
    """A thousand items, quoted in one order and paid in the other."""
    items = [{"sku": f"S{n}", "quantity": "1", "unitPrice": "1.20"} for n in range(1000)]
    order = {"amount": "1200.00", "currency": "AUD"}
    asked = {"apiOperation": "PAYMENT_OPTIONS_INQUIRY", "order": {**order, "item": items}}
    with watched_story(site, may_take_s=4) as watched:
        quoted = site.send(write_rest(site.shop, "POST", "paymentOptionsInquiry", asked))
        offer_id = sorted(quoted.body["paymentTypes"]["card"]["paymentPlanOffer"])[1]
        backwards = {"order": {**order, "item": items[::-1]}}
        accepted = accept_offer(site, offer_id, **backwards)
        wrong = [*items[1:], {**items[0], "sku": "S999"}]
        bodies = [make_payment(order={**order, "item": rows}) for rows in (wrong, items[::-1])]
        paid = [
            site.send(
                write_transaction(
                    site.shop, make_order_id(), "1", edit(body, {"paymentPlan.offerId": offer_id})
                )
            )
            for body in bodies
        ]
        watched.answers += [quoted, accepted, *paid]
    assert accepted.body["result"] == "SUCCESS"
    assert [answer.status for answer in paid] == [400, 201]
    assert read_error(paid[0])["field"] == "order.item[999].sku"


@pytest.mark.parametrize("quantity", ["99999999999999", "1.000000"])
def test_serial_numbers_of_odd_quantities_cost_nothing(site: Site, quantity: str) -> None:
    """No list of as many places as there are pieces is made."""
    item = {"sku": "PHN-128-BLK", "quantity": quantity, "unitPrice": "1200.00"}
    order = {"amount": "1200.00", "currency": "AUD", "item": [item]}
    peak_mib = site.measure_peak_mib()
    with watched_story(site, may_take_s=2) as watched:
        quoted = site.send(write_rest(site.shop, "POST", "paymentOptionsInquiry", {"order": order}))
        offer_id = sorted(quoted.body["paymentTypes"]["card"]["paymentPlanOffer"])[1]
        card = {f"{CARD}.number": "5123450000017101"}
        accepted = accept_offer(site, offer_id, **{"order": order, **card})
        numbered = {**order, "item": [{**item, "serialNumber": "A" + ",A" * 40_000}]}
        told = accept_offer(site, offer_id, **{"order": numbered, **card})
        watched.answers += [quoted, accepted, told]
    assert accepted.body["paymentPlanOffer"]["status"] == "ACCEPTED_CONDITIONALLY"
    assert (told.status, read_error(told)["field"]) == (400, "order.item[0].serialNumber")
    assert site.measure_peak_mib() - peak_mib < 32


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("order.item[999999999].sku=X", 400),
        ("order.item[-1].sku=X", 400),
        ("order.amount=1&order.amount=2&order.currency=AUD", 400),
        ("order.amount=1&order.amount.x=2", 400),
        ("payerLocale=%FF", 400),
        ("payerLocale=a%00b", 400),
        ("apiOperation=PAY", 400),
        ("apiPassword=secret-in-a-query", 400),
        ("merchant=TESTPARCELA02", 400),
        ("correlationId=%3Cscript%3E&order.amount=1200.00&order.currency=AUD", 200),
        ("&&&", 200),
        ("%", 200),
        ("order=" + "x" * 12_000, 400),
    ],
)
def test_queries_of_inquiries_are_read_as_strictly_as_bodies(site: Site, query: str, status: int) -> None:
    with watched_story(site, may_take_s=2, secrets=("secret-in-a-query",)) as watched:
        watched.answers.append(
            site.send(write_rest(site.shop, "GET", f"paymentOptionsInquiry?{query}", b"[]"))
        )
    assert watched.answers[0].status == status, watched.answers[0].raw
    assert set(watched.grown) <= ({"merchant_quote"} if status == 200 else set())


def test_the_status_page_takes_nothing(site: Site) -> None:
    with watched_story(site, may_take_s=2) as watched:
        for method, status in (("GET", 200), ("POST", 405), ("HEAD", 405), ("OPTIONS", 405)):
            request = WireRequest(method, "/api/rest/version/100/information?x=%FF[", [], b"{")
            answer = site.send(request)
            assert answer.status == status
            watched.answers.append(answer)


def test_sixty_four_orders_at_once_are_all_paid(site: Site) -> None:
    requests = [write_transaction(site.shop, make_order_id(), "1", make_payment()) for _ in range(64)]
    with watched_story(site, may_take_s=20) as watched:
        watched.answers += send_at_once(site, requests)
    assert count_outcomes(watched.answers) == Counter(APPROVED=64)
    assert watched.grown == {"merchant_order": 64, "merchant_transaction": 64, "simulated_card_message": 64}


def test_rest_and_nvp_of_one_payment_at_once_are_one_charge(site: Site) -> None:
    order_id, body = make_order_id(), make_payment()
    rest = write_transaction(site.shop, order_id, "1", body)
    nvp = write_nvp(site.shop, {**flatten_body(body), "order.id": order_id, "transaction.id": "1"})
    with watched_story(site) as watched:
        watched.answers += send_at_once(site, [rest, nvp] * 16)
    assert Counter(answer.status for answer in watched.answers) == Counter({201: 16, 200: 16})
    assert len({answer.raw for answer in watched.answers}) == 2
    assert watched.grown == {"merchant_order": 1, "merchant_transaction": 1, "simulated_card_message": 1}


# ---------------------------------------------------------------- sessions


def test_a_session_of_another_merchant_is_like_none(site: Site) -> None:
    session_id = open_session(site, {"order": {"amount": "1.00", "currency": "AUD"}})
    other = site.shops["TESTPARCELA02"]
    missing = "SESSION" + "0" * 24
    with watched_story(site, secrets=(PAN, session_id)) as watched:
        for shown in (session_id, missing):
            tail = f"session/{shown}"
            watched.answers += [
                site.send(write_rest(other, "GET", tail)),
                site.send(write_rest(other, "PUT", tail, {"order": {"amount": "2.00"}})),
                site.send(
                    write_rest(
                        other, "PUT", f"order/{make_order_id()}/transaction/1", make_session_payment(shown)
                    )
                ),
            ]
    assert {(answer.status, read_error(answer)["field"]) for answer in watched.answers} == {
        (400, "session.id")
    }
    assert {answer.raw for answer in watched.answers} == {watched.answers[0].raw}
    assert watched.grown == {}


def make_session_payment(session_id: str) -> Fields:
    return {"apiOperation": "PAY", "session": {"id": session_id}}


def test_a_session_does_not_grow_without_end(site: Site) -> None:
    """Each update adds a member to a group that may have 32 KiB as a whole."""
    session_id = open_session(site)
    with watched_story(site) as watched:
        for number in range(4):
            body = {"customer": {f"a{number}": "x" * 16_000}}
            watched.answers.append(site.send(write_rest(site.shop, "PUT", f"session/{session_id}", body)))
    assert [answer.status for answer in watched.answers] == [200, 200, 400, 400]
    assert read_error(watched.answers[2])["field"] == "customer"
    held = site.send(write_rest(site.shop, "GET", f"session/{session_id}")).body
    assert sorted(held["customer"]) == ["a0", "a1"]


def test_updates_of_one_session_at_once_leave_one_whole_state(site: Site) -> None:
    session_id = open_session(site)
    bodies: list[Fields] = [
        {"order": {"amount": f"{n}.00", "currency": "AUD", "reference": f"r{n}"}} for n in range(1, 33)
    ]
    with watched_story(site) as watched:
        watched.answers += send_at_once(
            site, [write_rest(site.shop, "PUT", f"session/{session_id}", body) for body in bodies]
        )
    assert {answer.status for answer in watched.answers} == {200}
    versions = [answer.body["session"]["version"] for answer in watched.answers]
    assert len(set(versions)) == 32
    held = site.send(write_rest(site.shop, "GET", f"session/{session_id}")).body
    assert held["session"]["version"] in versions
    assert held["order"]["reference"] == f"r{held['order']['amount'].removesuffix('.00')}"


def test_a_session_logs_in_for_itself_alone_and_so_often_as_it_may(site: Site) -> None:
    made = site.send(write_rest(site.shop, "POST", "session", {"session": {"authenticationLimit": 3}}))
    session_id = made.body["session"]["id"]
    login = [write_basic(USER, session_id)]
    another = open_session(site)

    def ask(method: str, tail: str, body: Fields | None = None, **options: Any) -> Answer:
        return site.send(write_rest(site.shop, method, tail, body, authorization=login, **options))

    with watched_story(site, secrets=(PAN,)) as watched:
        refused = [
            ask("PUT", f"session/{another}", {"order": {"amount": "1.00"}}),
            ask("GET", f"session/{session_id}"),
            ask("POST", "session"),
            ask("PUT", f"order/{make_order_id()}/transaction/1", make_payment()),
            ask("GET", "order/H-1"),
            ask("POST", "itemPaymentPlanOffers", load_request("item")),
        ]
        taken = [ask("POST", "paymentOptionsInquiry", load_request("options")) for _ in range(2)]
        taken.append(ask("PUT", f"session/{session_id}", {"order": {"amount": "1.00", "currency": "AUD"}}))
        spent = [ask("POST", "paymentOptionsInquiry") for _ in range(2)]
        watched.answers += [*refused, *taken, *spent]
    assert [answer.status for answer in refused] == [401] * 6
    assert [answer.status for answer in taken] == [200] * 3
    assert [answer.status for answer in spent] == [401] * 2
    assert session_id not in site.server.read_log()


def test_a_session_login_limit_holds_at_once(site: Site) -> None:
    made = site.send(write_rest(site.shop, "POST", "session", {"session": {"authenticationLimit": 5}}))
    login = [write_basic(USER, made.body["session"]["id"])]
    request = write_rest(site.shop, "POST", "paymentOptionsInquiry", {}, authorization=login)
    with watched_story(site) as watched:
        watched.answers += send_at_once(site, [request] * 32)
    assert Counter(answer.status for answer in watched.answers) == Counter({200: 5, 401: 27})


def test_a_session_belongs_to_the_host_that_made_it(site: Site) -> None:
    session_id = open_session(site)
    made = site.fetch("SELECT host FROM merchant_session ORDER BY created_at DESC LIMIT 1")
    assert made == [{"host": f"127.0.0.1:{site.server.port}"}]
    request = write_rest(site.shop, "GET", f"session/{session_id}")
    lines = [f"GET {request.url} HTTP/1.1", "Host: evil.example"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    with watched_story(site) as watched:
        received = talk(site, "\r\n".join([*lines, "", ""]).encode(), timeout_s=5)
    assert received.startswith(b"HTTP/1.1 401 ")
    assert b"Authenticated entity is not authorized for the target entity." in received
    assert watched.grown == {}


def test_the_security_code_of_a_session_is_used_once_and_told_never(site: Site) -> None:
    session_id = open_session(
        site, make_payment(apiOperation=UNSET, sourceOfFunds__provided__card__securityCode="101")
    )
    pay_with = make_session_payment(session_id)
    with watched_story(site) as watched:
        shown = site.send(write_rest(site.shop, "GET", f"session/{session_id}"))
        answers = [
            site.send(write_rest(site.shop, "PUT", f"order/{make_order_id()}/transaction/1", pay_with))
            for _ in range(2)
        ]
        watched.answers += [shown, *answers]
    assert "securityCode" not in shown.body["sourceOfFunds"]["provided"]["card"]
    codes = [answer.body["response"].get("cardSecurityCode") for answer in answers]
    assert codes == [{"gatewayCode": "NOT_PROCESSED"}, None]


# ---------------------------------------------------------------- time


def test_time_does_not_tell_who_is_a_merchant(site: Site) -> None:
    """Row G-012: an unknown merchant takes as long as a known one's wrong password (within a factor of 3)."""

    def measure(user: str) -> float:
        request = write_rest(
            site.shop,
            "PUT",
            "order/H-0/transaction/1",
            make_payment(),
            authorization=[write_basic(user, "x")],
        )
        started = time.perf_counter()
        answer = site.send(request)
        taken = time.perf_counter() - started
        assert (answer.status, read_error(answer)) == (
            401,
            {"cause": "INVALID_REQUEST", "explanation": "Invalid credentials."},
        )
        return taken

    # In turns, and the shortest of each: what else the machine does falls on both.
    turns = [(measure("merchant.NOPE"), measure(USER)) for _ in range(15)]
    unknown, known = (min(taken) for taken in zip(*turns, strict=True))
    assert 1 / 3 < unknown / known < 3


def test_many_wrong_logins_do_not_lock_a_merchant_out(site: Site) -> None:
    """The right login is let in after them, as the good request of the watch shows."""
    wrong = write_rest(site.shop, "GET", "order/H-0", authorization=[write_basic(USER, "x")])
    with watched_story(site) as watched:
        watched.answers += [site.send(wrong) for _ in range(40)]
    assert Counter(answer.status for answer in watched.answers) == Counter({401: 40})
