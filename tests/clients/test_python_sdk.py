"""The Python client of the payments API: what it sends, what it reads, when it tries again."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from parcela_client import (
    AnswerUnreadable,
    AsyncParcela,
    ConnectionFailed,
    NotConfigured,
    Parcela,
    ParcelaError,
    Retries,
)
from tests.support.sdk_server import Asked, ScriptedServer, Told, refuse, run_scripted_server

KEY = "sk_test_4f9d"
QUICK = Retries(first_wait_s=0.001)
PAYMENT = {
    "id": "pay_01",
    "object": "payment",
    "status": "pending",
    "amount": 60000,
    "returnUrl": "https://shop.example/done",
    "feeBreakdown": {"processingFee": 174, "installmentFee": 90, "totalFee": 264},
    "installments": {
        "resolvedCount": 3,
        "schedule": [{"number": 1, "dueDate": "2026-08-01", "amount": 20000}],
        "newMember": {"someThing": 1},
    },
    "metadata": {"orderNo": "7", "order_no": "8"},
    "aNewMember": "of a later version",
}


def make(server: ScriptedServer, **arguments: Any) -> Parcela:
    return Parcela(secret_key=KEY, base_url=server.root_url, retries=QUICK, **arguments)


def fail(script: list[Told], act: Callable[[Parcela], object]) -> tuple[ParcelaError, list[Asked]]:
    """The error of an act, and what was asked before it."""
    with run_scripted_server(script) as server, make(server) as client, pytest.raises(ParcelaError) as raised:
        act(client)
    return raised.value, server.asked


def create(client: Parcela) -> object:
    return client.payments.create(amount=60000)


def retrieve(client: Parcela) -> object:
    return client.payments.retrieve("pay_01")


def list_pages(*pages: list[str]) -> list[Told]:
    """Answers of a list, page by page."""
    return [
        Told(
            body={
                "object": "list",
                "data": [{"id": name, "object": "payment"} for name in names],
                "page": {
                    "has_more": number < len(pages),
                    "next_cursor": names[-1] if number < len(pages) else None,
                    "total_estimate": sum(map(len, pages)),
                },
            }
        )
        for number, names in enumerate(pages, start=1)
    ]


def test_a_create_is_sent_in_the_words_of_the_wire() -> None:
    with run_scripted_server([Told(status=201, body=PAYMENT)]) as server, make(server) as client:
        client.payments.create(
            amount=60000,
            currency="EUR",
            return_url="https://shop.example/done",
            installments={"enabled": True, "count": 3, "first_payment_date": "2026-08-01"},
            billing_details={"address": {"postal_code": "1010"}},
            metadata={"order_no": "7", "orderNo": "8"},
        )
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.query) == ("POST", "/v1/payments", {})
    assert asked.json == {
        "amount": 60000,
        "currency": "EUR",
        "returnUrl": "https://shop.example/done",
        "installments": {"enabled": True, "count": 3, "firstPaymentDate": "2026-08-01"},
        "billingDetails": {"address": {"postalCode": "1010"}},
        "metadata": {"order_no": "7", "orderNo": "8"},
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert len(asked.headers["idempotency-key"]) == 32
    assert "parcela-version" not in asked.headers


def test_a_member_that_the_wire_writes_with_underscores_stays() -> None:
    report = {"id": "rpt_1", "object": "report", "status": "pending"}
    with run_scripted_server([Told(status=201, body=report)]) as server, make(server) as client:
        client.reports.create(
            type="reconciliation",
            interval={"start": "2026-07-01", "end": "2026-08-01"},
            filter={"payment_method_type": "card_installment"},
        )
    assert server.asked[0].json["filter"] == {"payment_method_type": "card_installment"}


def test_an_answer_has_snake_case_attributes_and_loses_nothing() -> None:
    with run_scripted_server([Told(body=PAYMENT)]) as server, make(server) as client:
        payment = client.payments.retrieve("pay_01")
    assert (payment.id, payment.amount, payment.return_url) == ("pay_01", 60000, "https://shop.example/done")
    assert payment.fee_breakdown is not None and payment.installments is not None
    assert payment.fee_breakdown.total_fee == 264
    assert payment.installments.schedule[0].due_date == "2026-08-01"
    assert payment.installments.new_member.some_thing == 1
    assert payment.a_new_member == "of a later version"
    assert payment.metadata == {"orderNo": "7", "order_no": "8"}
    assert payment.decline_code is None
    assert payment.to_dict() == PAYMENT
    assert repr(payment) == "Payment(id='pay_01', object='payment', status='pending')"
    with pytest.raises(AttributeError, match="Payment has no member 'colour'"):
        _ = payment.colour


def test_an_id_is_one_segment_whatever_it_holds() -> None:
    with run_scripted_server([Told(body=PAYMENT)]) as server, make(server) as client:
        client.payments.capture("pay/../x?y=1", amount=1)
    assert server.asked[0].path == "/v1/payments/pay%2F..%2Fx%3Fy%3D1/capture"
    for wrong in ("", ".", ".."):
        with pytest.raises(ValueError, match="an id must be a text"):
            client.payments.retrieve(wrong)
    assert len(server.asked) == 1


def test_an_idempotency_key_of_your_own_and_a_version_are_sent() -> None:
    with run_scripted_server([Told(body=PAYMENT)]) as server:
        client = make(server, version="2026-04-01")
        client.payments.cancel("pay_01", reason="abandoned", idempotency_key="order-7")
    assert server.asked[0].headers["idempotency-key"] == "order-7"
    assert server.asked[0].headers["parcela-version"] == "2026-04-01"


def test_a_get_and_a_delete_have_no_key_and_no_body() -> None:
    deleted = {"id": "we_1", "object": "webhook_endpoint", "deleted": True}
    with run_scripted_server([Told(body=PAYMENT), Told(body=deleted)]) as server, make(server) as client:
        client.payments.retrieve("pay_01")
        assert client.webhook_endpoints.delete("we_1").deleted is True
    assert [asked.body for asked in server.asked] == [b"", b""]
    assert ["idempotency-key" in asked.headers for asked in server.asked] == [False, False]


RETRIED = [
    ("fault", Told(hangs_up=True)),
    ("409", refuse(409, "idempotency_in_progress", retry_after="0")),
    ("429", refuse(429, "rate_limited", retry_after="0")),
    ("500", refuse(500, "internal_error")),
    ("502", Told(status=502, body=b"<html>bad gateway</html>")),
    ("503", refuse(503, "service_unavailable")),
]


@pytest.mark.parametrize("trouble", [row[1] for row in RETRIED], ids=[row[0] for row in RETRIED])
def test_a_call_is_tried_three_times_with_one_key(trouble: Told) -> None:
    with run_scripted_server([trouble, trouble, Told(body=PAYMENT)]) as server, make(server) as client:
        assert client.payments.create(amount=60000).id == "pay_01"
    assert len(server.asked) == 3
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1
    assert len({asked.body for asked in server.asked}) == 1


@pytest.mark.parametrize("trouble", [row[1] for row in RETRIED], ids=[row[0] for row in RETRIED])
def test_the_third_failure_is_raised(trouble: Told) -> None:
    error, asked = fail([trouble] * 3, create)
    assert len(asked) == 3
    expected: type[ParcelaError] = ParcelaError
    if trouble.hangs_up:
        expected = ConnectionFailed
    elif isinstance(trouble.body, bytes):
        expected = AnswerUnreadable
    assert type(error) is expected
    assert KEY not in f"{error!r} {error}"


FINAL = [
    refuse(400, "parameter_missing"),
    refuse(401, "invalid_api_key"),
    refuse(402, "card_declined"),
    refuse(404, "resource_missing"),
    refuse(409, "idempotency_key_reused"),
    refuse(409, "resource_busy"),
    refuse(422, "amount_too_large"),
    refuse(429, "rate_limited", retry_after="3600"),
]


@pytest.mark.parametrize("refusal", FINAL, ids=lambda told: f"{told.status}-{told.body['error']['code']}")
def test_a_refusal_that_a_repeat_cannot_mend_is_raised_at_once(refusal: Told) -> None:
    error, asked = fail([refusal], create)
    assert len(asked) == 1
    assert isinstance(refusal.body, dict)
    assert error.code == refusal.body["error"]["code"]


def test_an_error_has_all_that_the_server_told() -> None:
    told = refuse(
        422,
        "amount_too_large",
        type="invalid_state",
        message="The largest partial refund is 40000; the full remaining amount is 60000.",
        param="amount",
        details={"maximum": 40000, "full_amount": 60000},
        request_id="req_02",
        resource="pay_01",
        decline_code=None,
        doc_url="/docs/errors#amount_too_large",
    )
    error, _ = fail([told], lambda client: client.refunds.create(payment="pay_01", amount=50000))
    assert str(error) == "The largest partial refund is 40000; the full remaining amount is 60000."
    assert (error.status, error.code, error.type) == (422, "amount_too_large", "invalid_state")
    assert (error.param, error.request_id, error.resource) == ("amount", "req_02", "pay_01")
    assert error.details == {"maximum": 40000, "full_amount": 60000}
    assert (error.decline_code, error.retry_after) == (None, None)
    assert error.doc_url == "/docs/errors#amount_too_large"


def test_seconds_to_wait_are_told() -> None:
    error, _ = fail([refuse(429, "rate_limited", retry_after="3600")], retrieve)
    assert error.retry_after == 3600
    assert error.request_id == "req_01K1B9Z6Q4T8V2X0M5R7S3W9YA"


@pytest.mark.parametrize(
    ("tries", "retry_after_s", "least", "most"),
    [
        (1, None, 0.25, 0.5),  # drawn from half of the first wait to all of it
        (2, None, 0.5, 1.0),  # twice as long
        (1, 7, 7.0, 7.1),  # what the server asks for
    ],
    ids=["first", "second", "told"],
)
def test_waits_grow_and_differ(tries: int, retry_after_s: float | None, least: float, most: float) -> None:
    waits = [Retries().choose_wait_s(tries, retry_after_s) for _ in range(50)]
    assert all(wait is not None and least <= wait <= most for wait in waits)
    assert len(set(waits)) == 50


@pytest.mark.parametrize(("tries", "retry_after_s"), [(3, None), (3, 1), (1, 31)])
def test_there_is_an_end_to_waiting(tries: int, retry_after_s: float | None) -> None:
    assert Retries().choose_wait_s(tries, retry_after_s) is None


def test_a_list_goes_on_through_all_its_pages() -> None:
    script = list_pages(["pay_5", "pay_4"], ["pay_3", "pay_2"], ["pay_1"])
    with run_scripted_server(script) as server, make(server) as client:
        page = client.payments.list(limit=2, status="completed", created={"gte": 5, "lt": 9})
        assert (page.has_more, page.next_cursor, page.total_estimate) == (True, "pay_4", 5)
        assert [payment.id for payment in page] == ["pay_5", "pay_4", "pay_3", "pay_2", "pay_1"]
    first = {"limit": "2", "status": "completed", "created[gte]": "5", "created[lt]": "9"}
    assert [asked.query for asked in server.asked] == [
        first,
        {**first, "starting_after": "pay_4"},
        {**first, "starting_after": "pay_2"},
    ]


def test_a_list_before_an_object_travels_from_old_to_new() -> None:
    script = list_pages(["pay_3", "pay_2"], ["pay_5", "pay_4"])
    with run_scripted_server(script) as server, make(server) as client:
        payments = client.payments.list(limit=2, ending_before="pay_1")
        assert [payment.id for payment in payments] == ["pay_2", "pay_3", "pay_4", "pay_5"]
    assert [asked.query["ending_before"] for asked in server.asked] == ["pay_1", "pay_3"]


def test_an_empty_list_is_one_call() -> None:
    body = {"object": "list", "data": [], "page": {"has_more": False, "next_cursor": None}}
    with run_scripted_server([Told(body=body)]) as server, make(server) as client:
        assert list(client.refunds.list(payment="pay_01")) == []
    assert len(server.asked) == 1


PLANS = {
    "object": "list",
    "data": [{"object": "installment_plan", "count": 3, "monthlyAmount": 20000}],
    "page": {"has_more": False, "next_cursor": None, "total_estimate": 1},
    "unavailableReasons": [{"code": "plans_ending", "message": "They end today."}],
}


def test_plans_are_a_list_with_reasons() -> None:
    with run_scripted_server([Told(body=PLANS)]) as server, make(server) as client:
        plans = client.installments.list_plans(payment="pay_01", payment_method="pm_01")
    assert server.asked[0].path == "/v1/installments/plans"
    assert server.asked[0].query == {"payment": "pay_01", "paymentMethod": "pm_01"}
    assert (len(plans), plans[0].count, plans[0].monthly_amount) == (1, 3, 20000)
    assert [reason.code for reason in plans.unavailable_reasons] == ["plans_ending"]


def test_a_file_is_bytes() -> None:
    with run_scripted_server([Told(body=b"id,type\r\n")]) as server, make(server) as client:
        assert client.reports.download("rpt_1") == b"id,type\r\n"
    assert server.asked[0].path == "/v1/reports/rpt_1/content"


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b"null"], ids=["none", "html", "list", "null"]
)
def test_a_success_that_is_no_object_is_told(body: bytes) -> None:
    error, _ = fail([Told(body=body)], retrieve)
    assert (type(error), str(error)) == (AnswerUnreadable, "HTTP 200 without a JSON object.")


def test_a_redirect_is_not_followed_with_the_key() -> None:
    error, asked = fail([Told(status=307, headers={"Location": "/v1/elsewhere"})], retrieve)
    assert (type(error), error.status, len(asked)) == (AnswerUnreadable, 307, 1)


def answer_anything(asked: Asked) -> Told:
    if asked.path.endswith("/plans"):
        return Told(body=PLANS)
    if asked.method == "GET" and not asked.path.endswith(("/pay_01", "/clock")):
        return list_pages(["pay_2"])[0]
    return Told(body=PAYMENT)


def test_the_async_twin_does_the_same() -> None:
    async def use(client: AsyncParcela) -> tuple[Any, ...]:
        async with client:
            made = await client.payments.create(amount=60000, metadata={"order_no": "7"})
            plans = await client.installments.list_plans(payment="pay_01", payment_method="pm_01")
            page = await client.payments.list(limit=1)
            listed = [payment.id async for payment in client.payments.list(limit=1)]
            paged = [payment.id async for payment in page]
            return made.id, plans[0].count, page.total_estimate, listed, paged

    with run_scripted_server(answer_anything) as server:
        client = AsyncParcela(secret_key=KEY, base_url=server.root_url, retries=QUICK)
        assert asyncio.run(use(client)) == ("pay_01", 3, 1, ["pay_2"], ["pay_2"])
    assert server.asked[0].json == {"amount": 60000, "metadata": {"order_no": "7"}}


def test_the_async_twin_tries_again_and_iterates_all_pages() -> None:
    async def use(client: AsyncParcela) -> list[str]:
        async with client:
            return [payment.id async for payment in client.payments.list(limit=1)]

    pages = list_pages(["pay_2"], ["pay_1"])
    with run_scripted_server([Told(hangs_up=True), pages[0], refuse(503, "busy"), pages[1]]) as server:
        client = AsyncParcela(secret_key=KEY, base_url=server.root_url, retries=QUICK)
        assert asyncio.run(use(client)) == ["pay_2", "pay_1"]
    assert [asked.query.get("starting_after") for asked in server.asked] == [None, None, "pay_2", "pay_2"]


def test_the_async_twin_raises_what_the_sync_one_raises() -> None:
    async def use(client: AsyncParcela) -> None:
        async with client:
            await client.payments.create(amount=1)

    with run_scripted_server([Told(hangs_up=True)] * 3) as server:
        client = AsyncParcela(secret_key=KEY, base_url=server.root_url, retries=QUICK)
        with pytest.raises(ConnectionFailed):
            asyncio.run(use(client))
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 1


def test_the_twins_have_the_same_methods_with_the_same_arguments() -> None:
    def describe(client: object) -> dict[str, list[str]]:
        return {
            f"{name}.{method}": list(inspect.signature(getattr(resource, method)).parameters)
            for name, resource in vars(client).items()
            if not name.startswith("_")
            for method in dir(resource)
            if not method.startswith("_")
        }

    arguments = {"secret_key": KEY, "base_url": "http://127.0.0.1:1"}
    sync, twin = describe(Parcela(**arguments)), describe(AsyncParcela(**arguments))
    assert sync == twin
    assert len(sync) == 40


@pytest.mark.parametrize("name", ["PARCELA", "VINR"])
def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with run_scripted_server([Told(body=PAYMENT)]) as server:
        monkeypatch.setenv(f"{name}_SECRET_KEY", "sk_test_env")
        monkeypatch.setenv(f"{name}_BASE_URL", f"{server.root_url}/v1/")
        assert Parcela().payments.retrieve("pay_01").id == "pay_01"
    assert server.asked[0].headers["authorization"] == "Bearer sk_test_env"
    assert server.asked[0].path == "/v1/payments/pay_01"


MISSING = [
    ({"base_url": "http://localhost:1"}, "No API key: give secret_key=, or set PARCELA_SECRET_KEY."),
    (
        {"secret_key": KEY},
        "No base address: Parcela is self-hosted, so say where yours is. "
        'Give base_url="https://…", or set PARCELA_BASE_URL.',
    ),
    ({"secret_key": KEY, "base_url": "shop"}, "The base address 'shop' is no http or https address."),
    (
        {"secret_key": KEY, "base_url": "http://shop.example"},
        "The base address 'http://shop.example' must be https: plain http is for this machine only.",
    ),
]


@pytest.mark.parametrize("twin", [Parcela, AsyncParcela])
@pytest.mark.parametrize(("arguments", "message"), MISSING, ids=["key", "address", "scheme", "plain"])
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, twin: Any, arguments: dict[str, str], message: str
) -> None:
    for name in ("PARCELA_SECRET_KEY", "VINR_SECRET_KEY", "PARCELA_BASE_URL", "VINR_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotConfigured) as raised:
        twin(**arguments)
    assert str(raised.value) == message


def test_a_key_is_in_no_repr() -> None:
    client = Parcela(secret_key=KEY, base_url="http://localhost:1")
    assert repr(client) == "Parcela(base_url='http://localhost:1')"
    assert KEY not in repr(client._connection.__dict__)
