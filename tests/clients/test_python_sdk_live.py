"""The Python client of the payments API and the blocks of its guide, against a running server."""

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from parcela_client import AsyncParcela, Parcela, ParcelaError, WebhookRefused
from tests.support.live_server import LiveServer
from tests.support.payments_credentials import PaymentsAccess, load_access
from tests.support.sdk_server import Asked, Told, run_scripted_server
from tests.support.typescript_sdk import ROOT, install_sdk, run_module, run_node

PLAN_CARD, DECLINED_CARD = "5200828200000108", "4000000000000002"
_GUIDE = (ROOT / "docs" / "sdks.md").read_text()
BLOCKS = re.findall(r"^```(?:python|typescript)\n(.*?)^```", _GUIDE, re.M | re.S)
_NAMES = ["sync", "async", "typescript", "webhooks", "network", "gateway"]
_REPORT_S = 60
_LETTERS_S = 60
_PROVE = """\
import { Webhooks } from '@parcela/sdk';
const { body, headers, secret } = given;
const [plain, stamp] = [headers['x-vinr-signature'], headers['x-vinr-timestamp']];
const hooks = new Webhooks(secret);
const events = [
  hooks.constructEvent(body, plain, stamp),
  hooks.constructEvent(body, plain, secret),
  hooks.verify(body, plain),
  hooks.verify(body, headers['webhook-signature']),
  hooks.constructEvent(body, headers),
];
console.log(JSON.stringify(events.map((event) => event.id)));
"""
RETURN_URL = "https://shop.example/done"


@pytest.fixture(scope="module")
def access(live: LiveServer) -> PaymentsAccess:
    return load_access(live)


@pytest.fixture(scope="module")
def client(access: PaymentsAccess) -> Parcela:
    return Parcela(secret_key=access.secret_key, base_url=access.base_url)


def make_card(access: PaymentsAccess, number: str = PLAN_CARD) -> str:
    """A payment method as a browser makes it."""
    with Parcela(secret_key=access.publishable_key, base_url=access.base_url) as browser:
        return browser.payment_methods.create(
            type="card", card={"number": number, "exp_month": 12, "exp_year": 2039, "cvc": "123"}
        ).id


def test_a_purchase_is_chosen_paid_and_partly_refunded(client: Parcela, access: PaymentsAccess) -> None:
    card = make_card(access)
    payment = client.payments.create(
        amount=60000, confirm=False, installments={"enabled": True}, metadata={"order_no": "1042"}
    )
    plans = client.installments.list_plans(payment=payment.id, payment_method=card)
    assert [(plan.count, plan.monthly_amount) for plan in plans][:2] == [(3, 20000), (6, 10000)]
    assert plans.unavailable_reasons == []
    paid = client.payments.confirm(
        payment.id, payment_method=card, installments={"enabled": True, "count": 3}
    )
    assert (paid.status, paid.metadata) == ("completed", {"order_no": "1042"})
    assert paid.fee_breakdown is not None
    assert paid.fee_breakdown.to_dict() == {"processingFee": 174, "installmentFee": 90, "totalFee": 264}
    assert [row.amount for row in paid.installments.schedule] == [20000, 20000, 20000]

    preview = client.refunds.preview(payment=payment.id, amount=20000)
    refund = client.refunds.create(payment=payment.id, amount=20000, preview=preview.id)
    assert (refund.status, refund.effect.cash_back) == ("pending", preview.cash_back)
    assert refund.effect.plan == preview.plan
    assert [found.id for found in client.refunds.list(payment=payment.id)] == [refund.id]
    renamed = client.refunds.update(refund.id, metadata={"whole_words": "kept"})
    assert renamed.metadata == {"whole_words": "kept"}
    assert client.refunds.cancel(refund.id).status == "cancelled"
    assert paid.installments.plan is not None
    assert client.installments.retrieve_plan(paid.installments.plan).count == 3
    evidence = json.loads(client.installments.download_plan_evidence(paid.installments.plan))
    assert evidence["offerHash"] == plans[0].offer_hash


def test_a_key_gives_the_first_answer_again(client: Parcela) -> None:
    key = uuid4().hex
    first = client.payments.create(amount=700, return_url=RETURN_URL, idempotency_key=key)
    again = client.payments.create(amount=700, return_url=RETURN_URL, idempotency_key=key)
    assert again == first
    with pytest.raises(ParcelaError) as raised:
        client.payments.create(amount=701, return_url=RETURN_URL, idempotency_key=key)
    assert (raised.value.status, raised.value.code) == (409, "idempotency_key_reused")


def test_a_decline_is_told_with_its_code(client: Parcela, access: PaymentsAccess) -> None:
    with pytest.raises(ParcelaError) as raised:
        client.payments.create(amount=700, payment_method=make_card(access, DECLINED_CARD))
    told = raised.value
    assert (told.status, told.code, told.decline_code) == (402, "card_declined", "generic_decline")
    assert told.resource is not None
    assert client.payments.retrieve(told.resource).status == "failed"


def test_a_list_goes_on_through_its_pages(client: Parcela) -> None:
    reference = uuid4().hex
    made = [
        client.payments.create(amount=amount, reference=reference, confirm=False).id
        for amount in (100, 200, 300)
    ]
    assert [one.id for one in client.payments.list(reference=reference, limit=1)] == made[::-1]
    newer = client.payments.list(reference=reference, limit=1, ending_before=made[0])
    assert [one.id for one in newer] == made[1:]


def test_an_endpoint_is_made_changed_and_removed(client: Parcela) -> None:
    url = "https://shop.example/hooks"
    endpoint = client.webhook_endpoints.create(url=url, enabled_events=["payment.completed"])
    assert (endpoint.url, endpoint.enabled_events) == (url, ["payment.completed"])
    assert endpoint.secret.startswith("whsec_")
    assert endpoint.secret not in repr(endpoint)
    changed = client.webhook_endpoints.update(endpoint.id, enabled_events=["*"])
    assert changed.enabled_events == ["*"]
    assert client.webhook_endpoints.delete(endpoint.id).deleted is True
    with pytest.raises(ParcelaError) as raised:
        client.webhook_endpoints.retrieve(endpoint.id)
    assert (raised.value.status, raised.value.code) == (404, "resource_missing")


def receive_letters(client: Parcela, *, count: int) -> tuple[str, list[Asked]]:
    """The secret of a new endpoint, and the first letters that it gets."""
    with run_scripted_server(lambda _: Told()) as receiver:
        endpoint = client.webhook_endpoints.create(url=f"{receiver.root_url}/hooks", enabled_events=["*"])
        assert endpoint.secret is not None
        client.payments.create(amount=700, return_url=RETURN_URL)
        deadline = time.monotonic() + _LETTERS_S
        while len(receiver.asked) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        client.webhook_endpoints.delete(endpoint.id)
        return endpoint.secret, receiver.asked[:count]


def test_letters_of_the_server_are_genuine(client: Parcela, tmp_path: Path) -> None:
    """In both languages, by either signature, and in each documented form."""
    secret, letters = receive_letters(client, count=2)
    install_sdk(tmp_path)
    seen = []
    for letter in letters:
        event = client.webhooks.construct_event(letter.body, letter.headers, secret=secret)
        for start in ("webhook-", "x-vinr-"):
            part = {name: value for name, value in letter.headers.items() if name.startswith(start)}
            assert client.webhooks.construct_event(letter.body, part, secret=secret) == event
        with pytest.raises(WebhookRefused):
            client.webhooks.construct_event(letter.body + b" ", letter.headers, secret=secret)
        seen.append(event.type)
        given = {"body": letter.body.decode(), "headers": dict(letter.headers), "secret": secret}
        told = run_module(tmp_path, f"const given = {json.dumps(given)};\n{_PROVE}", {})
        assert told == [event.id] * 5
    assert sorted(seen) == ["payment.created", "webhook_endpoint.test"]


def test_a_report_is_ordered_and_read(client: Parcela) -> None:
    report = client.reports.create(
        type="reconciliation",
        interval={"start": "2026-01-01", "end": "2026-01-02"},
        columns=["type", "net"],
        filter={"payment_method_type": "card_installment"},
    )
    deadline = time.monotonic() + _REPORT_S
    while (done := client.reports.retrieve(report.id)).status == "pending" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (done.status, done.filter.payment_method_type) == ("succeeded", "card_installment")
    assert client.reports.download(report.id) == b"type,net\r\n"


def test_the_async_twin_works_too(access: PaymentsAccess) -> None:
    async def use() -> tuple[str, list[str]]:
        reference = uuid4().hex
        async with AsyncParcela(secret_key=access.secret_key, base_url=access.base_url) as client:
            made = await client.payments.create(amount=700, reference=reference, confirm=False)
            listed = [one.id async for one in client.payments.list(reference=reference)]
            await client.payments.cancel(made.id, reason="requested_by_merchant")
            return made.id, listed

    made, listed = asyncio.run(use())
    assert listed == [made]


def test_a_wrong_key_is_told_without_it(access: PaymentsAccess) -> None:
    wrong = "sk_test_" + "0" * 32
    with Parcela(secret_key=wrong, base_url=access.base_url) as client, pytest.raises(ParcelaError) as raised:
        client.payments.retrieve("pay_1")
    assert (raised.value.status, raised.value.code) == (401, "invalid_api_key")
    assert wrong not in f"{raised.value} {raised.value!r}"


def test_the_first_signed_call_takes_eight_lines() -> None:
    network = BLOCKS[_NAMES.index("network")]
    assert len([line for line in network.splitlines() if line.strip()]) == 6


@pytest.mark.parametrize("name", [name for name in _NAMES if name != "typescript"])
def test_a_block_of_the_guide_runs(live: LiveServer, access: PaymentsAccess, name: str) -> None:
    block = BLOCKS[_NAMES.index(name)]
    source = block.replace(".parcela/sandbox/credentials.json", str(live.home / "sandbox/credentials.json"))
    settings = {"PARCELA_BASE_URL": access.base_url, "PARCELA_SECRET_KEY": access.secret_key}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", source], capture_output=True, text=True, env=settings, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    printed = {
        "sync": "pending http",
        "async": "pay_",
        "webhooks": "",
        "network": "[(",
        "gateway": "['",
    }[name]
    assert ran.stdout.startswith(printed)


def test_the_typescript_block_of_the_guide_runs(access: PaymentsAccess, tmp_path: Path) -> None:
    install_sdk(tmp_path)
    (tmp_path / "guide.mjs").write_text(BLOCKS[_NAMES.index("typescript")])
    settings = {"PARCELA_BASE_URL": access.base_url, "PARCELA_SECRET_KEY": access.secret_key}
    ran = run_node(["guide.mjs"], folder=tmp_path, environment=settings)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"pending {access.base_url}/checkout/")
