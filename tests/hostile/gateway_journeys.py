"""Rows of our own for the gateway door: offers and plans, later transactions, sessions, races."""

from tests.hostile.gateway_calls import CARD, PAN
from tests.hostile.gateway_row_forms import (
    ACCEPTANCE,
    ACCEPTED,
    AMOUNT,
    CODE,
    CURRENCY,
    NUMBER,
    OFFER,
    ROOT,
    TERMS,
    UNSET_TOTAL,
)
from tests.hostile.gateway_row_forms import write_payment_row as _pay
from tests.hostile.gateway_row_forms import write_row as _row
from tests.hostile.rows import Row

_REFUSED = {"result": "FAILURE", "state": "any"}
PLAN_ROWS = [
    _pay(
        "plan-quoted-not-accepted", {}, 400, OFFER, precondition="a quoted cart offer that needs acceptance"
    ),
    _pay("plan-used", {}, 400, OFFER, precondition="a used offer"),
    _pay("plan-expired", {}, 400, OFFER, precondition="an expired offer"),
    _pay("plan-foreign", {}, 400, OFFER, precondition="an offer of another merchant"),
    _pay("plan-generic", {}, 400, OFFER, precondition="a generic offer"),
    _pay("plan-currency", {CURRENCY: "USD"}, 400, CURRENCY, validation="UNSUPPORTED", precondition=ACCEPTED),
    _pay("plan-below", {AMOUNT: "299.99"}, 400, AMOUNT, precondition=ACCEPTED, unset=UNSET_TOTAL),
    _pay("plan-above", {AMOUNT: "99999999999.99"}, 400, AMOUNT, precondition=ACCEPTED, unset=UNSET_TOTAL),
    _pay(
        "plan-visa",
        {NUMBER: "4508750015741019"},
        400,
        NUMBER,
        validation="UNSUPPORTED",
        precondition=ACCEPTED,
    ),
    _pay(
        "plan-other-prefix",
        {NUMBER: "5111111111111118"},
        400,
        NUMBER,
        validation="UNSUPPORTED",
        precondition=ACCEPTED,
    ),
    _pay("plan-other-card", {NUMBER: "5123456789012346"}, 400, NUMBER, precondition=ACCEPTED),
    _pay("plan-amount-cent", {AMOUNT: "1199.99"}, 400, AMOUNT, precondition=ACCEPTED, unset=UNSET_TOTAL),
    _pay(
        "plan-items-quantity",
        {"order.item[1].quantity": "3"},
        400,
        "order.item[1].quantity",
        precondition=ACCEPTED,
    ),
    _pay("plan-items-sku", {"order.item[0].sku": "OTHER"}, 400, "order.item[0].sku", precondition=ACCEPTED),
    _pay(
        "plan-items-price",
        {"order.item[0].unitPrice": "1150.01"},
        400,
        "order.item[0].unitPrice",
        precondition=ACCEPTED,
    ),
    _pay("plan-small-cart", {}, 201, precondition=ACCEPTED, result="SUCCESS"),
    _pay("plan-id-case", {OFFER: "A" * 22}, 400, OFFER, precondition=ACCEPTED),
    _row(
        "plan-of-no-plans-merchant", "pay", 400, OFFER, "UNSUPPORTED", shop="TESTPARCELA02", set={OFFER: "X"}
    ),
    _pay("plan-card-expired", {f"{CARD}.expiry.year": "20"}, 201, precondition=ACCEPTED, **_REFUSED),
    _row("offer-unknown", "update_offer", 400, "paymentPlanOffer.id", precondition="a generic offer"),
    _row(
        "offer-foreign",
        "update_offer",
        400,
        "paymentPlanOffer.id",
        precondition="an offer of another merchant",
    ),
    _row("offer-used", "update_offer", 400, "paymentPlanOffer.id", precondition="a used offer"),
    _row("offer-acceptance-false", "update_offer", 400, ACCEPTANCE, set={ACCEPTANCE: False}),
    _row("offer-acceptance-text", "update_offer", 400, ACCEPTANCE, set={ACCEPTANCE: "true "}),
    _row("offer-acceptance-number", "update_offer", 400, ACCEPTANCE, set={ACCEPTANCE: 1}),
    _row("offer-acceptance-none", "update_offer", 400, ACCEPTANCE, "MISSING", set={ACCEPTANCE: None}),
    _row("offer-terms-only", "update_offer", 400, TERMS, set={TERMS: "TERMS_AND_CONDITIONS_ONLY"}),
    _row("offer-terms-lower", "update_offer", 400, TERMS, set={TERMS: "none"}),
    _row("offer-terms-none-sent", "update_offer", 400, TERMS, "MISSING", set={TERMS: None}),
    _row("offer-card-missing", "update_offer", 400, NUMBER, "MISSING", set={NUMBER: None}),
    _row("offer-amount", "update_offer", 400, AMOUNT, set={AMOUNT: "1199.99"}),
    _row("offer-currency", "update_offer", 400, CURRENCY, "UNSUPPORTED", set={CURRENCY: "USD"}),
    _row("offer-visa", "update_offer", 400, NUMBER, "UNSUPPORTED", set={NUMBER: "4508750015741019"}),
    _row("offer-items", "update_offer", 400, "order.item[1].quantity", set={"order.item[1].quantity": "1"}),
    _row("offer-items-missing", "update_offer", 400, "order.item", "MISSING", set={"order.item": None}),
    _row("offer-unexpected", "update_offer", 400, "transaction.amount", set={"transaction.amount": "1.00"}),
    _row("offer-id-61", "update_offer", 400, "paymentPlanOffer.id")
    | {
        "input": {
            "base": "gateway.update_offer",
            "path": f"{ROOT}/merchant/TESTPARCELA01/paymentPlanOffer/" + "o" * 61,
        }
    },
    _row(
        "legacy-count", "legacy", 400, "paymentPlan.numberOfPayments", set={"paymentPlan.numberOfPayments": 7}
    ),
    _row(
        "legacy-count-0",
        "legacy",
        400,
        "paymentPlan.numberOfPayments",
        set={"paymentPlan.numberOfPayments": 0},
    ),
    _row(
        "legacy-count-fraction",
        "legacy",
        400,
        "paymentPlan.numberOfPayments",
        set={"paymentPlan.numberOfPayments": "<raw>6.0"},
    ),
    _row("legacy-currency", "legacy", 400, CURRENCY, "UNSUPPORTED", set={CURRENCY: "AUD"}),
    _row("legacy-card", "legacy", 400, NUMBER, "UNSUPPORTED", set={NUMBER: "4508750015741019"}),
    _row("legacy-authorize", "legacy", 400, set={"apiOperation": "AUTHORIZE"}),
    _row("poi-prefix-5", "poi", 400, f"{CARD}.prefix", set={f"{CARD}.prefix": "51234"}),
    _row("poi-prefix-12", "poi", 400, f"{CARD}.prefix", set={f"{CARD}.prefix": "512345000000"}),
    _row("poi-whole-card", "poi", 400, NUMBER, set={NUMBER: PAN}),
    _row("poi-product-unknown", "poi", 400, "paymentPlanProductId", set={"paymentPlanProductId": "NO"}),
    _row("poi-amount-alone", "poi", 400, CURRENCY, "MISSING", set={CURRENCY: None}),
    _row("poi-locale-path", "poi", 200, set={"payerLocale": "../../etc/passwd"}),
    _row("item-101", "item", 400, "item", set={"item": [{"sku": "X", "unitPrice": "1.00"}] * 101}),
    _row("item-empty", "item", 400, "item", "MISSING", set={"item": []}),
]

_TARGET = "transaction.targetTransactionId"
MONEY_ROWS = [
    _row("capture-too-much", "capture", 400, "transaction.amount", set={"transaction.amount": "1200.01"}),
    _row(
        "capture-greatest", "capture", 400, "transaction.amount", set={"transaction.amount": "99999999999.99"}
    ),
    _row("capture-currency", "capture", 400, "transaction.currency", set={"transaction.currency": "USD"}),
    _row(
        "capture-currency-none",
        "capture",
        400,
        "transaction.currency",
        "MISSING",
        set={"transaction.currency": None},
    ),
    _row("capture-with-card", "capture", 400, set={NUMBER: PAN}),
    _row("capture-unknown-order", "capture", 400, order="UNKNOWN", transaction="2"),
    _row("capture-voided", "capture", 400, "apiOperation", precondition="its target voided"),
    _row("capture-declined", "capture", 400, "apiOperation", precondition="a declined order"),
    _row(
        "capture-plan-in-parts",
        "capture",
        400,
        "transaction.amount",
        set={"transaction.amount": "600.00"},
        precondition="an authorization with a plan",
    ),
    _row("capture-plan-whole", "capture", 201, result="SUCCESS", precondition="an authorization with a plan"),
    _row(
        "capture-steps",
        "capture",
        201,
        also=[400],
        steps=["50%", "50%", "1%"],
        expect_sequence=[201, 201, 400],
        state="any",
    ),
    _row(
        "capture-of-nothing",
        "capture",
        201,
        also=[400],
        steps=["100%", "0.01"],
        expect_sequence=[201, 400],
        state="any",
    ),
    _row(
        "refund-steps",
        "refund",
        201,
        also=[400],
        steps=["60%", "40%", "0.01"],
        expect_sequence=[201, 201, 400],
        state="any",
    ),
    _row(
        "refund-too-much",
        "refund",
        400,
        set={"transaction.amount": "1200.01"},
        text="Missing merchant privilege 'EXCESSIVE_REFUNDS'",
    ),
    _row("refund-decimals", "refund", 400, "transaction.amount", set={"transaction.amount": "1.001"}),
    _row("refund-currency", "refund", 400, "transaction.currency", set={"transaction.currency": "USD"}),
    _row("refund-voided", "refund", 400, precondition="its target voided"),
    _row("refund-declined", "refund", 400, precondition="a declined order"),
    _row("void-itself", "void", 400, _TARGET, set={_TARGET: "2"}),
    _row("void-41", "void", 400, _TARGET, set={_TARGET: "t*41"}),
    _row("void-control", "void", 400, _TARGET, set={_TARGET: "1\n"}),
    _row("void-sql", "void", 400, _TARGET, set={_TARGET: "1' OR '1'='1"}),
    _row("void-twice", "void", 400, "apiOperation", precondition="its target voided"),
    _row("void-declined", "void", 400, "apiOperation", precondition="a declined order"),
    _row("void-unknown-order", "void", 400, order="UNKNOWN", transaction="2"),
    _row("pay-again", "pay", 400, "transaction.id", precondition="the same ids, other content"),
    _row("order-of-another-merchant", "capture", 400, shop="TESTPARCELA02"),
    _row("repeat-3", "pay", 201, repeat=3, equal=True, state="one_charge"),
    _row("verify-amount-negative", "verify", 400, AMOUNT, set={AMOUNT: "-1"}),
    _row("verify", "verify", 201, result="SUCCESS"),
]

_LIMIT = "session.authenticationLimit"
SESSION_ROWS = [
    _row("session-limit-0", "session.create", 400, _LIMIT, set={_LIMIT: 0}),
    _row("session-limit-10000", "session.create", 400, _LIMIT, set={_LIMIT: 10_000}),
    _row("session-limit-26-old", "session.create", 400, _LIMIT, set={_LIMIT: 26}, version="79"),
    _row("session-limit-text", "session.create", 400, _LIMIT, set={_LIMIT: "many"}),
    _row("session-limit-exponent", "session.create", 400, _LIMIT, set={_LIMIT: "<raw>1e3"}),
    _row("session-unknown", "session.pay", 400, "session.id", set={"session.id": "SESSION" + "0" * 24}),
    _row("session-sql", "session.pay", 400, "session.id", set={"session.id": "' OR 1=1--"}),
    _row("session-65", "session.pay", 400, "session.id", set={"session.id": "S*65"}),
    _row("session-number", "session.pay", 400, "session.id", set={"session.id": 1}),
    _row("session-old-version", "session.pay", 400, "session.version", set={"session.version": "0000000001"}),
    _row("session-expired", "session.pay", 400, "session.id", precondition="an expired session"),
    _row(
        "session-update-old", "session.update", 400, "session.version", set={"session.version": "0000000001"}
    ),
    _row("session-update-unexpected", "session.update", 400, "order.x", set={"order.x": "1"}),
    _row(
        "session-update-token",
        "session.update",
        400,
        "sourceOfFunds.token",
        "UNSUPPORTED",
        set={"sourceOfFunds.token": "x"},
    ),
    _row("session-update-code", "session.update", 400, CODE, set={CODE: "12345"}),
    _row("session-update-huge", "session.update", 413, set={"order.custom": "x*300000"}),
    _row("session-of-another-merchant", "session.pay", 400, "session.id", shop="TESTPARCELA02"),
    _row("session-get-of-another", "session.get", 400, "session.id", shop="TESTPARCELA02"),
    _row("session-pay", "session.pay", 201, result="SUCCESS"),
]

RACE_ROWS = [
    _row("race-pay-64", "pay", 201, concurrency=64, equal=True, state="one_charge", max_ms=30_000),
    _row(
        "race-authorize-32", "authorize", 201, concurrency=32, equal=True, state="one_charge", max_ms=20_000
    ),
    _row("race-capture-32", "capture", 201, concurrency=32, equal=True, state="any", max_ms=20_000),
    _row("race-refund-32", "refund", 201, concurrency=32, equal=True, state="any", max_ms=20_000),
    _row("race-void-32", "void", 201, concurrency=32, equal=True, state="any", max_ms=20_000),
    _row("race-nvp-pay-32", "nvp.pay", 200, concurrency=32, equal=True, state="one_charge", max_ms=20_000),
    _row("race-plan-32", "pay", 201, concurrency=32, equal=True, precondition=ACCEPTED, max_ms=20_000),
    _row("race-update-32", "update_offer", 200, concurrency=32, equal=True, max_ms=20_000),
    _row("race-wrong-login-32", "pay", 401, concurrency=32, auth=["merchant.TESTPARCELA01", "x"]),
]

JOURNEY_ROWS: list[Row] = [*PLAN_ROWS, *MONEY_ROWS, *SESSION_ROWS, *RACE_ROWS]
