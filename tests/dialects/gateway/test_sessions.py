"""Payment sessions through the door, over REST and NVP (`spec/gateway.md` §14)."""

import io
import re
from collections.abc import Mapping
from contextlib import redirect_stderr
from datetime import timedelta
from typing import Any

import pytest
from tests.support.gateway_samples import load_sample, read_exactly
from tests.support.gateway_world import Answer, GatewayWorld, Merchant

from parcela.logs import configure_logs
from parcela.operations import merchants

CARD: dict[str, Any] = {
    "number": "5123450000000008",
    "expiry": {"month": "01", "year": "39"},
    "securityCode": "100",
}
SHOWN_CARD: dict[str, Any] = {
    "brand": "MASTERCARD",
    "expiry": {"month": "1", "year": "39"},
    "number": "512345xxxxxx0008",
    "scheme": "MASTERCARD",
}
ORDER = {"amount": "25.00", "currency": "USD"}
GONE = load_sample("error-session-gone.response")


def create(world: GatewayWorld, **options: Any) -> dict[str, Any]:
    """The session group of a new session."""
    answer = world.ask("POST", "session", **options)
    assert answer.status == 201
    return dict(answer.body["session"])


def update(world: GatewayWorld, session_id: str, body: Mapping[str, Any], **options: Any) -> Answer:
    """UPDATE_SESSION."""
    return world.ask("PUT", f"session/{session_id}", body, **options)


def retrieve(world: GatewayWorld, session_id: str, **options: Any) -> Answer:
    """RETRIEVE_SESSION."""
    return world.ask("GET", f"session/{session_id}", **options)


def kept(answer: Answer) -> dict[str, Any]:
    """What a session keeps, as the answer tells it."""
    return {
        name: value for name, value in answer.body.items() if name not in ("merchant", "session", "version")
    }


def card_of(**members: Any) -> dict[str, Any]:
    """A request with these members of a card."""
    return {"sourceOfFunds": {"provided": {"card": members}}}


def test_new_session_has_the_form_of_the_sample(shared_gateway: GatewayWorld) -> None:
    answer = shared_gateway.ask("POST", "session")
    sample = load_sample("session-create.response")
    session = answer.body["session"]
    assert re.fullmatch(r"SESSION[0-9A-Z]{24}", session["id"])
    assert re.fullmatch(r"[0-9a-f]{8}01", session["version"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", session["aes256Key"])
    sample["session"].update({name: session[name] for name in ("id", "version", "aes256Key")})
    assert (answer.status, read_exactly(answer.raw)) == (201, sample)


def test_update_and_retrieval_have_the_form_of_the_sample(shared_gateway: GatewayWorld) -> None:
    session = create(shared_gateway)
    updated = update(shared_gateway, session["id"], load_sample("session-update.request"))
    sample = load_sample("session-update.response")
    sample["session"].update(id=session["id"], version=session["version"][:8] + "02")
    assert (updated.status, read_exactly(updated.raw)) == (200, sample)
    fetched = retrieve(shared_gateway, session["id"])
    assert (fetched.status, fetched.raw) == (200, updated.raw)


def test_empty_session_tells_that_it_was_not_updated(shared_gateway: GatewayWorld) -> None:
    session = create(shared_gateway)
    assert retrieve(shared_gateway, session["id"]).body == {
        "merchant": shared_gateway.merchant.merchant_id,
        "session": {"id": session["id"], "updateStatus": "NO_UPDATE", "version": session["version"]},
        "version": "100",
    }


def test_nvp_and_rest_share_sessions(shared_gateway: GatewayWorld) -> None:
    made = shared_gateway.ask_nvp({"apiOperation": "CREATE_SESSION", "session.authenticationLimit": "7"})
    session_id = made.body["session.id"]
    assert (made.status, made.body["session.authenticationLimit"], made.body["result"]) == (
        200,
        "7",
        "SUCCESS",
    )
    shared_gateway.ask_nvp(
        {
            "apiOperation": "UPDATE_SESSION",
            "session.id": session_id,
            "order.amount": "25.00",
            "order.item[0].sku": "SKU-1",
            "sourceOfFunds.provided.card.number": CARD["number"],
        }
    )
    told: dict[str, Any] = {
        "order": {"amount": "25.00", "item": [{"sku": "SKU-1"}]},
        **card_of(brand="MASTERCARD", number="512345xxxxxx0008", scheme="MASTERCARD"),
    }
    assert kept(retrieve(shared_gateway, session_id)) == told
    fetched = shared_gateway.ask_nvp({"apiOperation": "RETRIEVE_SESSION", "session.id": session_id})
    assert fetched.body == {
        "merchant": shared_gateway.merchant.merchant_id,
        "order.amount": "25.00",
        "order.item[0].sku": "SKU-1",
        "result": "SUCCESS",
        "session.id": session_id,
        "session.updateStatus": "SUCCESS",
        "session.version": made.body["session.version"][:8] + "02",
        "sourceOfFunds.provided.card.brand": "MASTERCARD",
        "sourceOfFunds.provided.card.number": "512345xxxxxx0008",
        "sourceOfFunds.provided.card.scheme": "MASTERCARD",
        "version": "100",
    }


@pytest.mark.parametrize(
    ("version", "asked", "given"),
    [
        (65, None, 25),
        (79, 25, 25),
        (80, 26, 26),
        (100, 9999, 9999),
        (100, "1", 1),
        (79, 26, None),
        (100, 10000, None),
        (100, 0, None),
        (100, "1.5", None),
    ],
)
def test_authentication_limit_by_version(
    gateway: GatewayWorld, version: int, asked: int | str | None, given: int | None
) -> None:
    body = None if asked is None else {"session": {"authenticationLimit": asked}}
    answer = gateway.ask("POST", "session", body, version=version)
    if given is not None:
        assert (answer.status, answer.body["session"]["authenticationLimit"]) == (201, given)
        return
    assert (answer.status, answer.error["field"], answer.error["validationType"]) == (
        400,
        "session.authenticationLimit",
        "INVALID",
    )
    assert gateway.count_records()["merchant_session"] == 0


# First what is kept, then what an update sends, then what is kept after it.
MERGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "leaf-by-leaf": (
        {"order": {"amount": "1.00", "currency": "USD"}, "sourceOfFunds": {"type": "CARD"}},
        {"order": {"amount": "2.00"}, "paymentPlan": {"offerId": "abc"}},
        {
            "order": {"amount": "2.00", "currency": "USD"},
            "paymentPlan": {"offerId": "abc"},
            "sourceOfFunds": {"type": "CARD"},
        },
    ),
    "arrays-as-a-whole": (
        {"order": {"item": [{"sku": "A", "quantity": "1"}, {"sku": "B"}]}},
        {"order": {"item": [{"sku": "C"}]}},
        {"order": {"item": [{"sku": "C"}]}},
    ),
    "null-removes-a-leaf": (
        {"order": {"amount": "1.00", "currency": "USD"}},
        {"order": {"amount": None}},
        {"order": {"currency": "USD"}},
    ),
    "null-removes-the-last-leaf-with-its-groups": (
        {"order": {"discount": {"code": "X"}}, "billing": {"a": "b"}},
        {"order": {"discount": {"code": None}}},
        {"billing": {"a": "b"}},
    ),
    "null-removes-a-group": (
        {"order": {"amount": "1.00"}, "billing": {"address": {"city": "Graz"}}},
        {"billing": None},
        {"order": {"amount": "1.00"}},
    ),
    "null-removes-an-array": (
        {"order": {"amount": "1.00", "item": [{"sku": "A"}]}},
        {"order": {"item": None}},
        {"order": {"amount": "1.00"}},
    ),
    "null-of-what-is-not-there": (
        {"order": {"amount": "1.00"}},
        {"risk": None},
        {"order": {"amount": "1.00"}},
    ),
    "empty-means-not-given": (
        {"order": {"amount": "1.00", "item": [{"sku": "A"}]}, "billing": {"a": "b"}},
        {"order": {"amount": "", "item": []}, "billing": {}},
        {"order": {"amount": "1.00", "item": [{"sku": "A"}]}, "billing": {"a": "b"}},
    ),
    "numbers-are-told-as-texts-but-for-counts": (
        {"order": {"amount": 1.5, "item": [{"quantity": 2, "unitPrice": "0.75"}]}},
        {"paymentPlan": {"planId": "PLANN", "numberOfPayments": "6"}, "device": {"ok": True}},
        {
            "device": {"ok": True},
            "order": {"amount": "1.5", "item": [{"quantity": "2", "unitPrice": "0.75"}]},
            "paymentPlan": {"planId": "PLANN", "numberOfPayments": 6},
        },
    ),
}


@pytest.mark.parametrize(("first", "second", "after"), MERGES.values(), ids=MERGES)
def test_updates_are_merged(
    shared_gateway: GatewayWorld, first: dict[str, Any], second: dict[str, Any], after: dict[str, Any]
) -> None:
    session = create(shared_gateway)
    update(shared_gateway, session["id"], first)
    answer = update(shared_gateway, session["id"], second)
    assert (answer.status, kept(answer)) == (200, after)
    assert answer.body["session"]["version"] == session["version"][:8] + "03"
    assert kept(retrieve(shared_gateway, session["id"])) == after


def test_a_group_of_any_content_may_say_anything(shared_gateway: GatewayWorld) -> None:
    """Also under a name that is a number elsewhere."""
    session_id = create(shared_gateway)["id"]
    groups = {
        "billing": {"numberOfPayments": "a few", "numberOfDeferrals": "9" * 5000},
        "constraints": {"paymentPlans": {"numberOfPayments": 3}},
    }
    answer = update(shared_gateway, session_id, {**groups, "paymentPlan": {"numberOfPayments": "3"}})
    assert (answer.status, kept(answer)) == (200, {**groups, "paymentPlan": {"numberOfPayments": 3}})
    assert kept(retrieve(shared_gateway, session_id)) == kept(answer)


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        (CARD, SHOWN_CARD),
        (
            {"number": "345678901234564", "nameOnCard": "A B"},
            {"brand": "AMEX", "nameOnCard": "A B", "number": "345678xxxxx4564", "scheme": "AMEX"},
        ),
        ({"prefix": "512345"}, {"prefix": "512345"}),
        ({"expiry": {"month": "12"}}, {"expiry": {"month": "12"}}),
        ({"securityCode": "100"}, None),
    ],
    ids=["mastercard", "amex", "prefix", "month", "code-alone"],
)
def test_card_is_told_masked_and_without_its_code(
    shared_gateway: GatewayWorld, card: dict[str, Any], shown: dict[str, Any] | None
) -> None:
    session = create(shared_gateway)
    answer = update(shared_gateway, session["id"], card_of(**card))
    assert kept(answer) == ({} if shown is None else card_of(**shown))


REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "unexpected": ({"order": {"total": "1"}}, "order.total", "INVALID", "Unexpected parameter 'order.total'"),
    "amount": (
        {"order": {"amount": "0.00"}},
        "order.amount",
        "INVALID",
        "Value '0.00' is invalid. Transaction or order amount must be greater than zero",
    ),
    "decimals": (
        {"order": {"amount": "1.234", "currency": "USD"}},
        "order.amount",
        "INVALID",
        "Value '1.234' is invalid. Too many decimal places specified for value [1.234]",
    ),
    "card": (
        card_of(number="1234567890123456"),
        "sourceOfFunds.provided.card.number",
        "INVALID",
        "Value '123456xxxxxx3456' is invalid. Cannot determine card brand.",
    ),
    "code": (
        card_of(securityCode="98765"),
        "sourceOfFunds.provided.card.securityCode",
        "INVALID",
        "Value 'xxx' is invalid. Expected 3 or 4 digits",
    ),
    "token": (
        {"sourceOfFunds": {"token": "9123"}},
        "sourceOfFunds.token",
        "UNSUPPORTED",
        "Value '9123' is invalid. Tokens are not supported.",
    ),
    "limit-of-an-old-session": (
        {"session": {"authenticationLimit": 5}},
        "session.authenticationLimit",
        "INVALID",
        "Unexpected parameter 'session.authenticationLimit'",
    ),
}


@pytest.mark.parametrize(("body", "field", "kind", "text"), REFUSED.values(), ids=REFUSED)
def test_malformed_update_is_an_error_and_changes_nothing(
    shared_gateway: GatewayWorld, body: dict[str, Any], field: str, kind: str, text: str
) -> None:
    session = create(shared_gateway)
    before = update(shared_gateway, session["id"], {"order": ORDER})
    answer = update(shared_gateway, session["id"], body)
    assert (answer.status, answer.body) == (
        400,
        {
            "error": {
                "cause": "INVALID_REQUEST",
                "explanation": text,
                "field": field,
                "validationType": kind,
            },
            "result": "ERROR",
        },
    )
    assert retrieve(shared_gateway, session["id"]).raw == before.raw


def test_old_version_is_refused_and_changes_nothing(shared_gateway: GatewayWorld) -> None:
    session = create(shared_gateway)
    first = update(
        shared_gateway, session["id"], {"session": {"version": session["version"]}, "order": ORDER}
    )
    assert first.status == 200
    answer = update(
        shared_gateway, session["id"], {"session": {"version": session["version"]}, "order": {"amount": "9"}}
    )
    assert (answer.status, answer.error) == (
        400,
        {
            "cause": "INVALID_REQUEST",
            "explanation": f"Value '{session['version']}' is invalid."
            " The session has been updated since this version",
            "field": "session.version",
            "validationType": "INVALID",
        },
    )
    assert retrieve(shared_gateway, session["id"]).raw == first.raw


def test_unknown_foreign_and_expired_sessions_are_gone(gateway: GatewayWorld) -> None:
    password, _ = gateway.as_operator(
        lambda engine, operator: merchants.issue_api_password(engine, operator, "TESTPARCELA02")
    )
    other = Merchant("TESTPARCELA02", password)
    session_id = create(gateway)["id"]
    update(gateway, session_id, {"order": ORDER})
    answers = []
    for use, options in (
        ("SESSION" + "0" * 24, {}),
        ("SESSION0002799480514F69145320L2", {}),
        ("no-such-session", {}),
        (session_id, {"merchant": other}),
    ):
        answers += [retrieve(gateway, use, **options), update(gateway, use, {"order": ORDER}, **options)]
    gateway.move_clock(timedelta(minutes=14))
    assert retrieve(gateway, session_id).status == 200
    gateway.move_clock(timedelta(minutes=15))
    answers += [retrieve(gateway, session_id), update(gateway, session_id, {"order": ORDER})]
    assert [(answer.status, answer.body) for answer in answers] == [(400, GONE)] * 10
    payment = {"apiOperation": "PAY", "session": {"id": session_id}}
    gone = gateway.pay("ORD-1", "1", payment)
    assert (gone.status, gone.body) == (400, GONE)
    assert gateway.count_records()["merchant_order"] == 0


def test_session_on_another_host_is_foreign(shared_gateway: GatewayWorld) -> None:
    session_id = create(shared_gateway)["id"]
    # As if it had been made there: the world asks through one host only.
    shared_gateway.fetch("UPDATE merchant_session SET host = 'elsewhere.example' RETURNING 1")
    foreign = {
        "cause": "INVALID_REQUEST",
        "explanation": "Authenticated entity is not authorized for the target entity.",
    }
    answers = [
        retrieve(shared_gateway, session_id),
        update(shared_gateway, session_id, {"order": ORDER}),
        shared_gateway.pay("ORD-H", "1", {"apiOperation": "PAY", "session": {"id": session_id}}),
    ]
    assert [(answer.status, answer.error) for answer in answers] == [(401, foreign)] * 3


def test_payment_uses_the_session_and_wipes_its_security_code(gateway: GatewayWorld) -> None:
    session_id = create(gateway)["id"]
    told = update(
        gateway,
        session_id,
        {"order": {"amount": "99.00", "currency": "USD"}, **card_of(**CARD), "billing": {"a": "b"}},
    )
    # What the request says wins, leaf by leaf.
    body = {
        "apiOperation": "PAY",
        "session": {"id": session_id, "version": told.body["session"]["version"]},
        "order": {"amount": "25.00"},
        "sourceOfFunds": {"type": "CARD"},
    }
    first = gateway.pay("ORD-1", "1", body)
    assert (first.status, first.body["result"]) == (201, "SUCCESS")
    assert (first.body["order"]["amount"], first.body["order"]["currency"]) == (25.0, "USD")
    assert first.body["sourceOfFunds"]["provided"]["card"]["number"] == "512345xxxxxx0008"
    assert first.body["response"]["cardSecurityCode"] == {"gatewayCode": "MATCH"}
    assert retrieve(gateway, session_id).raw == told.raw
    second = gateway.pay("ORD-2", "1", body)
    assert (second.status, second.body["result"]) == (201, "SUCCESS")
    assert "cardSecurityCode" not in second.body["response"]
    # A repeat is told as it was, although the session has no code any more.
    assert gateway.pay("ORD-1", "1", body).raw == first.raw
    update(gateway, session_id, {"order": {"amount": "1.00"}})
    outdated = gateway.pay("ORD-3", "1", body)
    assert (outdated.status, outdated.error["field"]) == (400, "session.version")


class BrokenAcquirer:
    """A bank behind a fault of our own."""

    def has_acquirer(self, _: object) -> bool:
        """Whoever asks."""
        return True

    async def send(self, _: object) -> None:
        """Break."""
        raise RuntimeError("the connector is broken")


def test_security_code_is_wiped_by_a_try_and_kept_by_a_refusal(gateway: GatewayWorld) -> None:
    session_id = create(gateway)["id"]
    update(gateway, session_id, {"order": ORDER, **card_of(**CARD)})
    body = {"apiOperation": "PAY", "session": {"id": session_id}}
    has_code = "SELECT sealed_code IS NOT NULL AS has_code FROM merchant_session"
    refused = gateway.pay("ORD-1", "1", {**body, "paymentPlan": {"offerId": "c0"}})
    assert (refused.status, refused.error["field"]) == (400, "paymentPlan.offerId")
    assert [row["has_code"] for row in gateway.fetch(has_code)] == [True]
    ports = gateway.ports
    gateway.set_ports(acquirer=BrokenAcquirer())
    assert gateway.pay("ORD-1", "1", body).error["cause"] == "SERVER_FAILED"
    assert [row["has_code"] for row in gateway.fetch(has_code)] == [False]
    gateway.set_ports(acquirer=ports.acquirer)
    paid = gateway.pay("ORD-2", "1", body)
    assert (paid.body["result"], "cardSecurityCode" in paid.body["response"]) == ("SUCCESS", False)


def test_session_id_is_a_password_for_its_own_update_as_often_as_it_may(gateway: GatewayWorld) -> None:
    session_id = create(gateway, body={"session": {"authenticationLimit": 2}})["id"]
    other_id = create(gateway)["id"]
    browser = Merchant(gateway.merchant.merchant_id, session_id)
    refused = {"cause": "INVALID_REQUEST", "explanation": "Invalid credentials."}
    assert update(gateway, session_id, {"order": ORDER}, merchant=browser).status == 200
    for answer in (
        retrieve(gateway, session_id, merchant=browser),
        update(gateway, other_id, {"order": ORDER}, merchant=browser),
        gateway.pay("ORD-1", "1", {"apiOperation": "PAY", "order": ORDER}, merchant=browser),
    ):
        assert (answer.status, answer.error) == (401, refused)
    assert update(gateway, session_id, {"order": {"amount": "2"}}, merchant=browser).status == 200
    spent = update(gateway, session_id, {"order": {"amount": "3"}}, merchant=browser)
    assert (spent.status, spent.error) == (401, refused)
    assert kept(retrieve(gateway, session_id)) == {"order": {"amount": "2", "currency": "USD"}}


def test_session_traffic_leaves_no_secret_anywhere(gateway: GatewayWorld) -> None:
    """Database and log are searched for a card number, a holder's code and the session ids."""
    pan, code = "5111111111111118", "7391"
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logs("text")
        made = create(gateway, body={"session": {"authenticationLimit": 1}})
        session_id = made["id"]
        card = card_of(number=pan, expiry={"month": "01", "year": "39"}, securityCode=code)
        answers = [update(gateway, session_id, {"order": ORDER, **card})]
        answers.append(retrieve(gateway, session_id))
        browser = Merchant(gateway.merchant.merchant_id, session_id)
        answers += [update(gateway, session_id, card, merchant=browser) for _ in range(2)]
        answers.append(update(gateway, session_id, card_of(number=pan[:-1] + "0"), merchant=gateway.merchant))
        answers.append(gateway.ask_nvp({"apiOperation": "UPDATE_SESSION", "session.id": session_id}))
        answers.append(gateway.ask("PUT", f"session/{session_id}/more", ORDER))
        answers.append(gateway.pay("ORD-9", "1", {"apiOperation": "PAY", "session": {"id": session_id}}))
    assert answers[-1].body["result"] == "SUCCESS"
    tables = gateway.fetch(
        "SELECT format('%I', table_name) AS name FROM information_schema.tables"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1"
    )
    rows = [
        (table["name"], row["shown"])
        for table in tables
        for row in gateway.fetch(f"SELECT t::text AS shown FROM {table['name']} t")
    ]
    told = [(f"answer {place}", answer.raw.decode()) for place, answer in enumerate(answers)]
    secrets = {"card": pan, "session": session_id, "key": made["aes256Key"]}
    found = [
        (where, name)
        for where, text in [*rows, ("log", written.getvalue())]
        for name, secret in secrets.items()
        if secret in text or secret.encode().hex() in text
    ]
    assert found == []
    assert [where for where, text in told if pan in text or f'"{code}"' in text] == []
    assert [text for _, text in told if "url path" in text and session_id in text] == []
    assert code not in re.findall(r"[0-9]+", written.getvalue())
