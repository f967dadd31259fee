"""The error group and its texts (`spec/gateway.md` §4), in both protocols, and against the samples."""

import json
from pathlib import Path

import pytest

from parcela.dialects.gateway.answers import answer_error
from parcela.dialects.gateway.errors import (
    GatewayError,
    answer_fault,
    refuse_busy,
    refuse_credentials,
    refuse_foreign,
    refuse_invalid,
    refuse_method,
    refuse_missing,
    refuse_operation,
    refuse_path,
    refuse_session_gone,
    refuse_throttled,
    refuse_too_large,
    refuse_unexpected,
    refuse_unsupported,
    refuse_without_field,
)
from parcela.dialects.gateway.wire_values import mask_text, quote_value

SAMPLES = Path(__file__).parents[2] / "data" / "gateway"
NVP_SAMPLES = ("credentials", "missing-field", "operation")

DOCUMENTED: list[tuple[str, GatewayError, int]] = [
    ("error-credentials", refuse_credentials(), 401),
    ("error-missing-field", refuse_missing("order.currency"), 400),
    ("error-operation", refuse_operation("PAY", is_known=True), 400),
    ("error-unexpected-field", refuse_unexpected("merchantField"), 400),
    ("error-session-gone", refuse_session_gone(), 400),
    ("error-busy", refuse_busy(), 503),
    ("error-server", answer_fault("PARC-7F3A21C09E"), 500),
    (
        "error-wrong-path",
        refuse_path(
            "After url path /api/rest/version/100/merchant/TESTPARCELA01/order/ORD-1042,"
            " expected /transaction"
        ),
        404,
    ),
    (
        "error-unknown-order",
        refuse_without_field("Unable to find order 3451-5454545-5454-8766 for merchant 20230211"),
        400,
    ),
    (
        "error-nothing-to-void",
        refuse_invalid("apiOperation", "VOID", "There is no transaction to void."),
        400,
    ),
    (
        "error-plan-card",
        refuse_unsupported(
            "sourceOfFunds.provided.card.number",
            "345678901234564",
            "The card type is not supported on the payment plan.",
        ),
        400,
    ),
    ("item-missing-price", refuse_missing("item[0].unitPrice"), 400),
]


@pytest.mark.parametrize(("sample", "error", "status"), DOCUMENTED, ids=[row[0] for row in DOCUMENTED])
def test_errors_as_the_samples_have_them(sample: str, error: GatewayError, status: int) -> None:
    response = answer_error(error, is_nvp=False)
    assert response.status_code == status
    assert json.loads(response.body) == json.loads((SAMPLES / f"{sample}.response.json").read_bytes())


@pytest.mark.parametrize("name", NVP_SAMPLES)
def test_errors_as_the_nvp_samples_have_them(name: str) -> None:
    error = next(error for sample, error, _ in DOCUMENTED if sample == f"error-{name}")
    response = answer_error(error, is_nvp=True)
    assert response.body == (SAMPLES / f"error-{name}.response.nvp").read_bytes().strip()
    assert response.headers["content-type"] == "text/plain;charset=UTF-8"


OTHERS: list[tuple[str, GatewayError, int, str, str, dict[str, str]]] = [
    (
        "another merchant's address",
        refuse_foreign(),
        401,
        "INVALID_REQUEST",
        "Authenticated entity is not authorized for the target entity.",
        {},
    ),
    (
        "method",
        refuse_method("GET, PUT"),
        405,
        "INVALID_REQUEST",
        "Expected the method GET, PUT",
        {"Allow": "GET, PUT"},
    ),
    (
        "too large",
        refuse_too_large(262144),
        413,
        "INVALID_REQUEST",
        "The request body exceeds the limit of 262144 bytes",
        {},
    ),
    (
        "throttled",
        refuse_throttled(7),
        429,
        "REQUEST_REJECTED",
        "Too many failed attempts.  Try again in 7 seconds.",
        {"Retry-After": "7"},
    ),
    (
        "busy",
        refuse_busy(),
        503,
        "SERVER_BUSY",
        "Operation temporarily rejected because the system is busy.  Try again in 10 seconds.",
        {"Retry-After": "10"},
    ),
]


@pytest.mark.parametrize(
    ("error", "status", "cause", "told", "headers"),
    [row[1:] for row in OTHERS],
    ids=[row[0] for row in OTHERS],
)
def test_other_errors(
    error: GatewayError, status: int, cause: str, told: str, headers: dict[str, str]
) -> None:
    response = answer_error(error, is_nvp=False)
    assert response.status_code == status
    assert json.loads(response.body) == {"error": {"cause": cause, "explanation": told}, "result": "ERROR"}
    assert {name: response.headers[name] for name in headers} == headers


def test_operations_that_are_known_are_named_in_words() -> None:
    assert refuse_operation("UPDATE_AUTHORIZATION", is_known=True).explanation == (
        "Value 'UPDATE_AUTHORIZATION' is invalid."
        " Update authorization request not permitted for this merchant."
    )
    assert refuse_operation("Nope").explanation == (
        "Value 'Nope' is invalid. Nope request not permitted for this merchant."
    )


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("sourceOfFunds.provided.card.number", "5123450000000008", "512345xxxxxx0008"),
        ("sourceOfFunds.provided.card.number", "5123-4500-0000-0008", "xxxx-xxxx-xxxx-0008"),
        ("sourceOfFunds.provided.card.number", "12345678", "xxxxxxxx"),
        ("sourceOfFunds.provided.card.number", "abc", "abc"),
        ("sourceOfFunds.provided.card.securityCode", "98765", "xxx"),
        ("apiPassword", "secret", "xxx"),
        ("order.reference", "card 5123450000000008!", "card 512345xxxxxx0008!"),
        ("order.reference", "x" * 300, "x" * 100),
        ("order.id", "ORD-1", "ORD-1"),
    ],
)
def test_what_an_error_text_quotes(field: str, value: str, shown: str) -> None:
    assert quote_value(field, value) == shown


def test_long_names_and_texts_are_cut() -> None:
    error = refuse_unexpected("a" * 300)
    assert error.field == "a" * 100
    assert len(refuse_without_field("x" * 2000).explanation) == 1000


def test_a_card_number_in_a_field_name_is_masked() -> None:
    error = refuse_unexpected("f5123450000000008")
    assert (error.field, error.explanation) == (
        "f512345xxxxxx0008",
        "Unexpected parameter 'f512345xxxxxx0008'",
    )
    assert mask_text("a*b") == "a*b"
