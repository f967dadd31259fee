"""The sweep: after a day of requests, good, bad and odd, no card number stands anywhere in clear.

Every request carries a card number of its own, so that a hit tells which door let it through. Nor do security
codes, and API passwords and session ids of merchants.
"""

import asyncio
import base64
import io
import json
import random
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from prometheus_client import generate_latest
from tests.conftest import DemoTemplate
from tests.support.gateway_samples import load_nvp_request, load_request
from tests.support.gateway_world import Answer as GatewayAnswer
from tests.support.gateway_world import GatewayWorld, Merchant, open_gateway_world
from tests.support.network_client import Answer, Oauth, forge, sign
from tests.support.network_world import NetworkWorld, open_network_world
from tests.support.samples import UNSET, edit, load_sample

from parcela.domain.cards import mask_digits, passes_luhn
from parcela.domain.errors import InvalidInput
from parcela.logs import configure_logs
from parcela.operations import clients, merchants, sessions
from parcela.operations.engine import MAIN_TENANT
from parcela.operations.sessions import SignInRefused
from parcela.vault.kek import load_key_file
from parcela.vault.vault import Vault

CARD = "sourceOfFunds.provided.card"
_SECURITY_CODE = re.compile(rb"(?i)security.?code[^0-9a-z]{1,8}[0-9]{3,4}(?![0-9])")
_DIGIT_RUN = re.compile(rb"[0-9]{13,}")


class Markers:
    """Random card numbers, each given out once."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self.given: dict[str, str] = {}

    def draw(self, where: str, *, begin: str = "511092", length: int = 16) -> str:
        """A new card number, remembered with the place where it will be put."""
        while True:
            body = begin + "".join(self._random.choices("0123456789", k=length - 1 - len(begin)))
            digits = next(body + digit for digit in "0123456789" if passes_luhn(body + digit))
            if digits not in self.given:
                self.given[digits] = where
                return digits

    def find(self, content: bytes) -> set[str]:
        """The places whose card numbers stand in a content, as digits or as the digits' hex."""
        found = set()
        for match in _DIGIT_RUN.finditer(content):
            run = match.group()
            texts = [run.decode()]
            if len(run) % 2 == 0:
                texts.append(bytes.fromhex(texts[0]).decode("latin-1"))
            for text in texts:
                for length in {len(digits) for digits in self.given}:
                    for start in range(len(text) - length + 1):
                        where = self.given.get(text[start : start + length])
                        if where is not None:
                            found.add(where)
        return found


class Day:
    """One world, its requests and all that came back."""

    def __init__(self, network: NetworkWorld, gateway: GatewayWorld) -> None:
        self.network = network
        self.gateway = gateway
        self.markers = Markers()
        self.secrets: dict[str, str] = {}
        self.answers: list[Answer | GatewayAnswer] = []
        self.refusals: list[str] = []

    def call(self, call: str, body: Any = b"", *, by: str = "partner", **options: Any) -> Answer:
        """A forged request by the partner or the issuer; the answer is kept for the search."""
        party = self.network.partner if by == "partner" else self.network.issuer
        answer = self.network.send(forge(party, call, body, **options))
        self.answers.append(answer)
        return answer

    def ask(self, pan: str, *, merchant: Mapping[str, Any] | None = None, **options: Any) -> Answer:
        """Ask for offers, as in the published sample, with another card and other merchant members."""
        body = load_sample("offers-request")
        body["sensitiveData"]["consumer"]["primaryAccountNumber"] = pan
        body["merchant"].update(merchant or {})
        return self.call("POST /offers", body, **options)

    def save(
        self, pan: str, offers: Any, *, merchant: Mapping[str, Any] | None = None, **changes: Any
    ) -> Answer:
        """Take the first offer of an answer."""
        asked = load_sample("offers-request")
        [chosen, *_] = offers["offers"]
        terms = ("apr", "frequency", "tenure", "firstInstallmentAmount", "otherInstallmentAmount")
        body = {
            "offerTransactionId": offers["offerTransactionId"],
            "offerId": chosen["offerId"],
            "transactionOffers": [{"offerId": offer["offerId"]} for offer in offers["offers"]],
            "providerId": chosen["provider"]["providerId"],
            "merchant": {**asked["merchant"], **(merchant or {})},
            "planInstallmentInformation": {
                **{name: chosen[name] for name in (*terms, "feeValue", "totalAmount")},
                "currency": asked["transaction"]["currency"],
            },
            "schedulePayments": chosen["schedulePayments"],
            "transaction": {**asked["transaction"], "amountType": "PURCHASE", "stan": "123456"},
            "sensitiveData": {"consumer": {"primaryAccountNumber": pan}},
            **changes,
        }
        return self.call("POST /plans", body)


def buy_and_be_refused(day: Day) -> None:
    """Cards where they belong: offered, planned, repeated, mismatched, unknown, malformed."""
    draw = day.markers.draw
    for number in range(40):
        pan = draw(f"offers {number}")
        offers = day.ask(pan)
        assert (offers.status, offers.body["total"]) == (200, 2)
        if number % 2:
            plan = day.save(pan, offers.body)
            assert plan.status == 201
            assert day.save(pan, offers.body).body == plan.body
            assert day.call(f"GET /plans/{plan.body['planId']}").status == 200
            assert day.save(draw("another card's plan"), offers.body).status == 400
        else:
            assert (
                day.save(draw("another card"), offers.body).body["Errors"]["Error"][0]["ReasonCode"]
                == "pan.match"
            )
    for begin, length, status in (("400000", 16, 200), ("34", 15, 200), ("6", 19, 200), ("4", 13, 200)):
        for _ in range(5):
            assert day.ask(draw("a card without range", begin=begin, length=length)).status == status
    for _ in range(10):
        pan = draw("clear sensitive data")
        body = {**load_sample("offers-request"), "sensitiveData": {"consumer": {"primaryAccountNumber": pan}}}
        assert day.call("POST /offers", json.dumps(body).encode()).status == 400


def keep_lists(day: Day) -> None:
    """Cards on PAN lists, taken and refused, and a list named by a card number."""
    draw = day.markers.draw
    path = "POST /consumers/pans/registrations"
    listed = [draw("a PAN list", begin="23037700033") for _ in range(30)]
    outside = [draw("outside the list", begin="555555") for _ in range(5)]
    name = draw("a list's name")
    made: dict[str, Any] = {}
    for part in (listed[:15], listed[15:] + outside):
        pans = {"sensitiveData": {"pans": [{"pan": pan} for pan in part]}}
        target = {"panListId": made["panList"]["panListId"]} if made else {"panListName": name}
        made = day.call(path, {**target, **pans}, by="issuer").body
    assert (made["successfulCount"], made["failureCount"]) == ("15", "5")
    assert made["panList"]["panListName"] == mask_digits(name)
    gone = {"sensitiveData": {"pans": [{"pan": pan} for pan in listed[:5] + outside]}}
    listing = {"panListId": made["panList"]["panListId"], **gone}
    assert day.call("POST /consumers/pans/deregistrations", listing, by="issuer").status == 200
    assert day.call(path, {"panListName": "x", **gone}, by="partner").status == 403


def map_tokens(day: Day) -> None:
    """Tokens and the cards behind them; refused pairs are told masked."""
    draw = day.markers.draw
    pairs = [(draw("a token", begin="23037799"), draw("behind a token", begin="511092")) for _ in range(10)]
    day.network.as_operator(lambda engine, operator: clients.load_tokens(engine, operator, pairs))
    for token, funding in pairs:
        offers = day.ask(token)
        assert day.save(funding, offers.body).status == 201
    assert day.ask(draw("an unknown token", begin="23037799")).status == 400
    for token, funding in (
        (draw("no token", begin="411111"), draw("a card")),
        (draw("a token again", begin="23037799"), draw("a token as card", begin="23037799")),
    ):
        with pytest.raises(InvalidInput) as refusal:
            day.network.as_operator(
                lambda engine, operator, pair=(token, funding): clients.load_tokens(engine, operator, [pair])
            )
        day.refusals.append(str(refusal.value))


def put_cards_in_odd_places(day: Day) -> None:
    """Card numbers where no one expects them; which answer comes is another test's business."""
    draw = day.markers.draw
    for _ in range(5):
        pan = draw("a card with odd company")
        names = {"name": f"Shop {draw('merchant.name')}", "url": f"https://x.example/{draw('merchant.url')}"}
        offers = day.ask(pan, merchant=names)
        plan = day.save(pan, offers.body, merchant=names)
        assert plan.status == 201
        assert day.save(pan, offers.body, merchant=names).body == plan.body
        assert day.call(f"GET /plans/{plan.body['planId']}").status == 200
        older = load_sample("offers-request")
        del older["merchant"]["name"]
        older["sensitiveData"]["merchant"] = {"name": draw("sensitiveData.merchant.name")}
        assert day.call("POST /offers", older).status == 200
        day.ask(draw("card"), headers={"Correlation-Id": draw("Correlation-Id")})
        day.ask(draw("card"), headers={"User-Agent": draw("User-Agent"), "Accept": draw("Accept")})
        day.ask(draw("card"), headers={"Accept-Language": draw("Accept-Language")})
        assert day.ask(draw("card"), oauth=Oauth(members={"oauth_nonce": draw("nonce")})).status == 200
        day.ask(draw("card"), oauth=Oauth(members={"oauth_consumer_key": f"{draw('consumer key')}!a"}))
        day.ask(draw("card"), oauth=Oauth(members={"oauth_version": draw("oauth_version")}))
        day.ask(draw("card"), oauth=Oauth(members={"oauth_body_hash": draw("oauth_body_hash")}))
        day.ask(draw("card"), merchant={"mcc": draw("merchant.mcc"), "country": draw("merchant.country")})
        day.save(pan, offers.body, offerTransactionId=draw("offerTransactionId"))
        day.save(pan, offers.body, offerId=draw("offerId"), providerId=draw("providerId"))
        day.save(pan, offers.body, note=draw("an unknown member"), schedulePayments=draw("schedulePayments"))
        day.call(f"GET /plans/{draw('path of a plan')}")
        day.call(f"GET /offers/{draw('unknown path')}")
        day.call(f"GET /offers?pan={draw('query')}")
        wrong = forge(day.network.partner, f"GET /plans/{draw('path, wrongly signed')}")
        other = sign(day.network.partner, "POST", wrong.url, b"")
        wrong.headers[:] = [("Authorization", other), *[h for h in wrong.headers if h[0] != "Authorization"]]
        day.answers.append(day.network.send(wrong))
        day.call("POST /offers", f'{{"broken": "{draw("malformed body")}"'.encode())
        sign_in_oddly(day)


def sign_in_oddly(day: Day) -> None:
    """A card number in the wrong field of a sign-in form."""
    email, password = f"{day.markers.draw('e-mail')}@x.example", day.markers.draw("password")

    async def sign_in() -> None:
        await sessions.sign_in(day.network.engine, email=email, password=password)

    with pytest.raises(SignInRefused) as refusal:
        day.network.run(sign_in())
    day.refusals.append(str(refusal.value))


# ---------------------------------------------------------------- the gateway's merchants


def shop_with_cards(day: Day) -> None:
    """Payments, repeats, declines, offers, sessions and errors, over REST and NVP."""
    for number in range(8):
        digits = draw_card(day, f"payment {number}")
        body = make_payment(digits)
        pay(day, f"O{number}", "1", body, 201)
        pay(day, f"O{number}", "1", body, 201)
        pay(day, f"O{number}", "1", make_payment(draw_card(day, "other content")), 400)
        declined = edit(make_payment(draw_card(day, "declined")), {f"{CARD}.expiry.month": "05"})
        pay(day, f"D{number}", "1", declined, 201)
        unknown = edit(make_payment(draw_card(day, "outcome unknown")), {f"{CARD}.expiry.year": "37"})
        pay(day, f"U{number}", "1", edit(unknown, {f"{CARD}.expiry.month": "05"}), 201)
        offer_id = accept_an_offer(day, digits)
        with_plan = edit(body, {"paymentPlan.offerId": offer_id})
        pay(day, f"P{number}", "1", edit(with_plan, {f"{CARD}.number": draw_card(day, "not accepted")}), 400)
        pay(day, f"P{number}", "1", with_plan, 201)
        keep(day, day.gateway.ask("GET", f"order/P{number}"), 200)
    for number, digits in enumerate(("123456" + "7" * 10, "5123450000000009")):
        pay(day, f"W{number}", "1", make_payment(digits), 400)
    for field in ("order.currency", "order.amount", f"{CARD}.securityCode", f"{CARD}.expiry.year", "unknown"):
        pay(day, "W9", "1", edit(make_payment(draw_card(day, "card")), {field: draw_card(day, field)}), 400)
    broken = json.dumps(make_payment(draw_card(day, "broken JSON"))).encode()[:-2]
    keep(day, day.gateway.ask("PUT", "order/W9/transaction/1", broken), 400)
    fields = {**load_nvp_request("pay-offer"), f"{CARD}.number": draw_card(day, "nvp")}
    del fields["paymentPlan.offerId"]
    keep(day, day.gateway.ask_nvp(fields), 200)
    keep(day, day.gateway.ask_nvp({**fields, "order.amount": draw_card(day, "nvp amount")}), 400)
    keep(day, day.gateway.ask_nvp({**fields, draw_card(day, "nvp name"): "x"}), 400)


def keep_cards_in_sessions(day: Day) -> None:
    """Cards and their security codes in sessions that are read, paid with, changed and left."""
    for number in range(6):
        made = keep(day, day.gateway.ask("POST", "session"), 201)
        session = made.body["session"]
        day.secrets[session["id"]] = "a session id"
        day.secrets[session["aes256Key"]] = "a session key"
        tail = f"session/{session['id']}"
        kept = edit(make_payment(draw_card(day, "session")), {"apiOperation": UNSET})
        keep(day, day.gateway.ask("PUT", tail, kept), 200)
        keep(day, day.gateway.ask("GET", tail), 200)
        body = {"apiOperation": "PAY", "session": {"id": session["id"]}}
        if number % 2:
            pay(day, f"S{number}", "1", body, 201)
            pay(day, f"S{number}", "2", body, 400)
        wrong = {"sourceOfFunds": {"provided": {"card": {"number": draw_card(day, "session, no field")}}}}
        keep(day, day.gateway.ask("PUT", tail, {**wrong, "x": 1}), 400)
        login = Merchant(day.gateway.merchant.merchant_id, session["id"])
        keep(day, day.gateway.ask("PUT", tail, wrong, merchant=login), 200)
        keep(day, day.gateway.ask("GET", "order/O1", merchant=login), 401)
        keep(day, day.gateway.ask("GET", f"order/{session['id']}"), 400)


def log_in_wrongly(day: Day) -> None:
    """Passwords that are right, revoked and wrong, in every place where one could be put."""
    own = day.gateway.merchant.merchant_id
    day.secrets[day.gateway.merchant.password] = "the password"
    issued, record = day.gateway.as_operator(
        lambda engine, operator: merchants.issue_api_password(engine, operator, own)
    )
    wrong = [secrets.token_hex(16) for _ in range(3)]
    day.secrets |= {issued: "a new password", **dict.fromkeys(wrong, "a wrong password")}
    keep(day, day.gateway.ask("GET", "order/O1", merchant=Merchant(own, issued)), 200)
    day.gateway.as_operator(
        lambda engine, operator: merchants.revoke_api_password(engine, operator, own, record.password_id)
    )
    keep(day, day.gateway.ask("GET", "order/O1", merchant=Merchant(own, issued)), 401)
    for password in wrong:
        keep(day, day.gateway.ask("GET", "order/O1", merchant=Merchant(own, password)), 401)
        keep(day, day.gateway.ask_nvp({"apiOperation": "RETRIEVE_ORDER", "apiPassword": password}), 401)
        keep(day, day.gateway.send("POST", f"/api/nvp/version/100?apiPassword={password}"), 401)
        keep(day, day.gateway.ask("GET", "order/O1", headers={"authorization": f"Bearer {password}"}), 401)
        keep(day, day.gateway.ask("POST", "session", {"apiPassword": password}), 400)
    user = draw_card(day, "user")
    keep(day, day.gateway.ask("GET", "order/O1", merchant=Merchant(user, "x")), 401)
    keep(day, day.gateway.ask_nvp({"apiUsername": f"merchant.{draw_card(day, 'nvp user')}"}), 401)


def draw_card(day: Day, where: str) -> str:
    """A Mastercard of the demo bank whose ending asks nothing of the simulator."""
    while (digits := day.markers.draw(f"gateway, {where}", begin="512345"))[-4:-1] == "710":
        pass
    return digits


def make_payment(digits: str) -> dict[str, Any]:
    """PAY without a plan."""
    return edit(load_request("pay-offer"), {"paymentPlan": UNSET, f"{CARD}.number": digits})


def accept_an_offer(day: Day, digits: str) -> str:
    quoted = keep(day, day.gateway.ask("POST", "paymentOptionsInquiry", load_request("options")), 200)
    offer_id: str = sorted(quoted.body["paymentTypes"]["card"]["paymentPlanOffer"])[1]
    accepted = edit(load_request("update-accept"), {f"{CARD}.number": digits})
    keep(day, day.gateway.ask("PUT", f"paymentPlanOffer/{offer_id}", accepted), 200)
    return offer_id


def pay(day: Day, order_id: str, transaction_id: str, body: dict[str, Any], status: int) -> GatewayAnswer:
    return keep(day, day.gateway.pay(order_id, transaction_id, body), status)


def keep(day: Day, answer: GatewayAnswer, status: int) -> GatewayAnswer:
    """Keep an answer for the search."""
    assert answer.status == status, answer.raw
    day.answers.append(answer)
    return answer


def find_secrets(day: Day, content: bytes, *, but: tuple[str, ...] = ()) -> set[str]:
    """The passwords and session ids in a content, plain or as HTTP Basic sends them, and security codes."""
    found = set()
    for secret, what in day.secrets.items():
        user = f"merchant.{day.gateway.merchant.merchant_id}:{secret}".encode()
        if what not in but and (secret.encode() in content or base64.b64encode(user) in content):
            found.add(what)
    if _SECURITY_CODE.search(content):
        found.add("a security code")
    return found


class FailingVault(Vault):
    """A vault that opens private keys, and has a fault that tells what it was given."""

    def index_pan(self, tenant_id: int, digits: str) -> bytes:
        raise ValueError(f"cannot index {digits}")


def meet_a_fault(day: Day) -> None:
    """An unexpected error whose message holds the card number reaches the log, masked."""
    second = day.network.engines[1]
    second.vault = FailingVault(load_key_file(day.network.home / "keys" / "kek.json", may_create=False))
    body = load_sample("offers-request")
    requests = []
    for _ in range(2):
        body["sensitiveData"]["consumer"]["primaryAccountNumber"] = day.markers.draw("a fault")
        requests.append(forge(day.network.partner, "POST /offers", body))
    answers = day.network.send_all(requests)
    assert [answer.status for answer in answers] == [200, 500]
    day.answers += answers
    day.gateway.run(second.vault.load(day.gateway.engine.database, MAIN_TENANT))
    day.gateway.engine.vault = second.vault
    pay(day, "FAULT", "1", make_payment(draw_card(day, "a fault")), 500)


@pytest.fixture(scope="module")
def day(demo_template: DemoTemplate) -> Iterator[tuple[Day, str, str]]:
    """The day, what the application logged, and its database, which nobody uses any more."""
    name = "test_sweep_" + random.SystemRandom().randbytes(6).hex()
    demo_template.server.create_database(name, template=demo_template.database)
    logged = io.StringIO()
    with redirect_stderr(logged):
        configure_logs("json")
        structlog.configure(cache_logger_on_first_use=False)
        url = demo_template.server.url_of(name)
        with (
            open_network_world(url, demo_template.home, engines=2) as network,
            open_gateway_world(url, demo_template.home) as gateway,
        ):
            lived = Day(network, gateway)
            for chapter in (
                buy_and_be_refused,
                keep_lists,
                map_tokens,
                put_cards_in_odd_places,
                shop_with_cards,
                keep_cards_in_sessions,
                log_in_wrongly,
                meet_a_fault,
            ):
                chapter(lived)
        structlog.reset_defaults()
        configure_logs("text")
    structlog.reset_defaults()
    yield lived, logged.getvalue(), name
    demo_template.server.drop_database(name)


def test_the_day_was_busy(day: tuple[Day, str, str]) -> None:
    lived, _, _ = day
    assert len(lived.markers.given) >= 200
    [digits, *_] = lived.markers.given
    hidden = [digits.encode(), f"x{digits}12".encode(), digits.encode().hex().encode()]
    assert [lived.markers.find(content) for content in hidden] == [{"offers 0"}] * 3


def test_the_search_finds_secrets(day: tuple[Day, str, str]) -> None:
    lived, _, _ = day
    what = ["a new password", "a session id", "a session key", "a wrong password", "the password"]
    assert sorted(set(lived.secrets.values())) == what
    for secret, name in lived.secrets.items():
        login = base64.b64encode(f"merchant.{lived.gateway.merchant.merchant_id}:{secret}".encode())
        assert [find_secrets(lived, part) for part in (secret.encode(), login)] == [{name}] * 2
    told = [
        b'{"securityCode":"101"}',
        b"card.securityCode=1010&x",
        b"security_code: '100'",
        b"securityCode=xxx",
    ]
    assert [find_secrets(lived, part) for part in told] == [{"a security code"}] * 3 + [set()]


def test_no_table_holds_a_card_number(day: tuple[Day, str, str], demo_template: DemoTemplate) -> None:
    lived, _, name = day

    async def dump() -> dict[str, bytes]:
        connection = await asyncpg.connect(demo_template.server.url_of(name))
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'pg_catalog')"
            " AND tablename NOT IN ('pg_authid', 'pg_largeobject')"
        )
        dumped = {}
        for schema, table in tables:
            content = io.BytesIO()
            await connection.copy_from_table(table, schema_name=schema, output=content)
            dumped[table] = content.getvalue()
        await connection.close()
        return dumped

    dumped = asyncio.run(dump())
    # The tables were written to, so that an empty find says something.
    assert [
        table for table in ("card", "plan", "presentment", "audit", "pan_list", "letter") if not dumped[table]
    ] == []
    written = ("merchant_order", "merchant_transaction", "merchant_offer", "merchant_session")
    assert [table for table in written if not dumped[table]] == []
    hits = {table: lived.markers.find(content) for table, content in dumped.items()}
    assert {table: places for table, places in hits.items() if places} == {}
    secret_hits = {table: find_secrets(lived, content) for table, content in dumped.items()}
    assert {table: what for table, what in secret_hits.items() if what} == {}


def test_no_file_of_the_database_holds_a_card_number(
    day: tuple[Day, str, str], demo_template: DemoTemplate
) -> None:
    lived, _, name = day
    cluster = demo_template.server._cluster

    async def flush() -> int:
        connection = await asyncpg.connect(demo_template.server.url_of(name))
        await connection.execute("CHECKPOINT")
        oid: int = await connection.fetchval("SELECT oid::int FROM pg_database WHERE datname = $1", name)
        await connection.close()
        return oid

    data = cluster.private / "data"
    folders = [data / "base" / str(asyncio.run(flush())), data / "pg_wal"]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert len(files) >= 100
    hits = {}
    for file in [*files, cluster.log]:
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            # The server has taken a file of its log for new records since.
            continue
        hits[str(file)] = lived.markers.find(content) | find_secrets(lived, content)
    assert len(hits) >= 100
    assert {file: places for file, places in hits.items() if places} == {}


def test_no_log_line_holds_a_card_number(day: tuple[Day, str, str]) -> None:
    lived, logged, _ = day
    assert lived.markers.find(logged.encode()) == set()
    assert find_secrets(lived, logged.encode()) == set()
    failed = [line for line in logged.splitlines() if "request failed" in line]
    told = [re.findall(r"cannot index ([0-9]{6})\*{6}[0-9]{4}", line) for line in failed]
    assert [set(found) for found in told] == [{"511092"}, {"512345"}]


def test_no_answer_holds_a_card_number(day: tuple[Day, str, str]) -> None:
    lived, _, _ = day
    sent = [answer.raw + repr(dict(answer.headers)).encode() for answer in lived.answers]
    hits = [lived.markers.find(content) for content in sent]
    assert [places for places in hits if places] == []
    # A session's id and key are told to who made it.
    shown = ("a session id", "a session key")
    assert [what for content in sent if (what := find_secrets(lived, content, but=shown))] == []
    assert lived.markers.find("".join(lived.refusals).encode()) == set()
    assert lived.markers.find(generate_latest()) == set()


def test_the_home_holds_no_card_number(day: tuple[Day, str, str], demo_template: DemoTemplate) -> None:
    lived, _, _ = day
    files = [file for file in Path(demo_template.home).rglob("*") if file.is_file()]
    assert [str(file) for file in files if lived.markers.find(file.read_bytes())] == []
    assert [
        str(file) for file in files if find_secrets(lived, file.read_bytes(), but=("the password",))
    ] == []
