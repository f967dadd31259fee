"""What each code of this door means, an example of its message, and how to mend it: the pages of the docs."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from parcela.dialects.payments.codes import CODES
from parcela.dialects.payments.errors import PaymentsError, write_error
from parcela.domain.payments.refusals import DeclineCode


class ErrorText(NamedTuple):
    """A code in words. `param` is the member that the example names."""

    meaning: str
    example: str
    mend: str
    param: str | None = None


_STATE = "Read the object again and act on the status that it has by now."
_OTHER_CARD = "Ask the shopper for another card. A declined payment is over: create a new one."
_KEY = "Idempotency-Key"

TEXTS: Mapping[str, ErrorText] = {
    "parameter_missing": ErrorText(
        "A member that the call needs was not sent, or was null.",
        "'amount' is required.",
        "Send the member that param names.",
        "amount",
    ),
    "parameter_invalid": ErrorText(
        "A member has a value that it cannot have.",
        "'limit' must be a whole number from 1 to 100.",
        "The message says what is expected of the member that param names.",
        "limit",
    ),
    "parameter_unknown": ErrorText(
        "A member or a part of the query is not known. Nothing is ignored in silence.",
        "'amuont' is not known here. Did you mean 'amount'?",
        "Check the spelling: names are camelCase, but for starting_after and ending_before of lists.",
        "amuont",
    ),
    "amount_invalid": ErrorText(
        "An amount is not a JSON integer of minor units within its bounds: 60000 is 600.00 EUR.",
        "'amount' must be a whole number from 1 to 999999999999.",
        "Send minor units as a JSON integer, neither text nor decimals.",
        "amount",
    ),
    "currency_invalid": ErrorText(
        "The currency is none of ISO 4217.",
        "'currency' must be the three letters of an ISO 4217 currency, such as EUR.",
        "Send a code such as EUR, GBP or BRL.",
        "currency",
    ),
    "url_invalid": ErrorText(
        "An address cannot be used: shoppers and webhooks are sent to https addresses only.",
        "'returnUrl' must be an https address such as https://shop.example/done.",
        "Send an absolute https address. In test mode http to localhost will do for returnUrl.",
        "returnUrl",
    ),
    "invalid_json": ErrorText(
        "The body is not one JSON object in UTF-8, or two readers could read it differently.",
        "The body must be one JSON object: a member name stands twice in one object.",
        "Write the body with a JSON library. Duplicate names, NaN, U+0000 and a BOM are refused.",
    ),
    "cursor_conflict": ErrorText(
        "A list was asked for in both directions at once.",
        "'starting_after' and 'ending_before' exclude each other: send one of them.",
        "Send starting_after for older objects, or ending_before for newer ones.",
        "ending_before",
    ),
    "version_invalid": ErrorText(
        "Parcela-Version (or Vinr-Version) names no version, or the two differ.",
        "There is no version '2026-01-01'. The versions are: 2026-04-01.",
        "Send a version of the list, or none: then the account's own applies.",
        "Parcela-Version",
    ),
    "idempotency_key_invalid": ErrorText(
        "The idempotency key is empty, too long, or not printable ASCII.",
        "'Idempotency-Key' must be one text of 1 to 255 printable ASCII characters, such as a UUID.",
        "Make a new UUID for each thing that you want done, and send it with every try of it.",
        _KEY,
    ),
    "installments_not_enabled": ErrorText(
        "Wishes for a plan came without installments.enabled, or the payment was made without it.",
        "'installments.count' needs 'installments.enabled': true.",
        "Send enabled: true beside the other members of installments.",
        "installments.enabled",
    ),
    "interval_unsupported": ErrorText(
        "Plans are paid monthly.",
        "'installments.interval' must be month.",
        "Leave interval out, or send month.",
        "installments.interval",
    ),
    "first_payment_date_past": ErrorText(
        "The wished first date of payment is past by the account's time zone.",
        "'installments.firstPaymentDate' must be today or later.",
        "Send today or a later date.",
        "installments.firstPaymentDate",
    ),
    "missing_api_key": ErrorText(
        "The request came without an API key.",
        "Send your API key as 'Authorization: Bearer sk_test_…' or as 'X-Api-Key: sk_test_…'.",
        "Send the key with every request, in one of the two headers.",
    ),
    "invalid_api_key": ErrorText(
        "The key is not known, its account may not call, or two different keys came.",
        "This API key is not known. Use a secret key of your account, such as sk_test_…",
        "Compare the key with the one you were given. A live key works once live mode is open.",
    ),
    "expired_api_key": ErrorText(
        "The key has expired or was revoked.",
        "This API key has expired or was revoked. Use another key of your account.",
        "Use another key. An administrator can issue one.",
    ),
    "key_type_not_allowed": ErrorText(
        "A publishable key was used where a server's key is needed, or the other way round.",
        "This call takes restricted or secret keys, not a publishable one.",
        "Browsers make payment methods with pk_ keys; your server calls the rest with sk_ or rk_.",
    ),
    "card_declined": ErrorText(
        "The bank declined the card; decline_code says why. Nothing was charged.",
        "The card has insufficient funds.",
        _OTHER_CARD,
    ),
    "authentication_failed": ErrorText(
        "The cardholder did not pass 3-D Secure. Nothing was charged.",
        "The cardholder was not authenticated.",
        _OTHER_CARD,
    ),
    "plan_declined": ErrorText(
        "The issuer refused the plan. Nothing was charged, and the payment still waits.",
        "The issuer refused this plan.",
        "Offer another plan or payment in full, then confirm again: a refused plan is never charged whole.",
    ),
    "credit_declined": ErrorText(
        "The lender did not grant the credit. Nothing was charged, and the payment still waits.",
        "The lender cannot offer this plan.",
        "Offer another plan or payment in full. No further reason is ever told.",
    ),
    "no_plan_available": ErrorText(
        "installments.required was true, and the card gets no plan for this purchase. Nothing was charged.",
        "No plan is available for this card and amount.",
        "Show the reasons in details, then ask for another card, or confirm without required.",
    ),
    "processing_error": ErrorText(
        "The bank gave no answer that could be used; whatever it did was undone.",
        "The payment could not be processed.",
        "Create the payment again, or ask for another card.",
    ),
    "permission_missing": ErrorText(
        "The key lacks the scope of this call; the message and details name it.",
        "This key lacks the scope 'installments:read'. An administrator can grant it.",
        "Ask an administrator for the scope, or use a key that has it.",
    ),
    "ip_not_allowed": ErrorText(
        "The key is bound to a list of networks, and the request came from elsewhere.",
        "This API key may not be used from this address. An administrator can widen its list.",
        "Call from an address of the list. If you did not send this request, revoke the key.",
    ),
    "raw_pan_not_allowed": ErrorText(
        "A card number came with a server's key: it is taken with pk_ keys and on the hosted page alone.",
        "Card numbers are taken from publishable keys and the hosted page only: create the payment method in"
        " the browser, and send its id here as 'token'.",
        "Send the number from the shopper's browser with a pk_ key, and hand its pm_ id to your server.",
        "card",
    ),
    "test_only": ErrorText(
        "The call exists in test mode alone.",
        "This call is for test mode: use a test key, such as sk_test_…",
        "Use a test key.",
    ),
    "resource_missing": ErrorText(
        "There is no such object for this key: unknown, another account's and the other mode's look alike.",
        "There is no payment 'pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA'.",
        "Check the id, and that the key is of the account and the mode that made the object.",
    ),
    "method_not_allowed": ErrorText(
        "The address is right, the method is not.",
        "This address takes GET, POST.",
        "Use a method of the header Allow.",
    ),
    "body_too_large": ErrorText(
        "The body is larger than 1 MiB.",
        "The body must not be larger than 1048576 bytes (1 MiB).",
        "Send less in one request.",
    ),
    "unsupported_media_type": ErrorText(
        "The body is not JSON by its Content-Type, or it is packed.",
        "Send the body as 'Content-Type: application/json'.",
        "Send Content-Type: application/json and no Content-Encoding.",
    ),
    "idempotency_key_reused": ErrorText(
        "The idempotency key came with another request within the last 72 hours.",
        "This idempotency key came with another request before: use a new key for a new request.",
        "Use a new key for each new request, and the same key and body to repeat one.",
        _KEY,
    ),
    "idempotency_in_progress": ErrorText(
        "The first request with this key has no answer yet.",
        "The first request with this idempotency key is still being carried out: ask again in a second.",
        "Wait for Retry-After, then send the same request with the same key.",
    ),
    "resource_busy": ErrorText(
        "Another call holds this payment.",
        "Another call works on this payment. Send this one again.",
        "Wait for Retry-After, then send the same request with the same key.",
    ),
    "amount_too_large": ErrorText(
        "More than can be given back: a partial refund is bounded by what is not collected of the plan.",
        "The largest partial refund is 40000; the full remaining amount is 60000.",
        "Refund at most maximum of details, or everything that is left by leaving amount out.",
        "amount",
    ),
    "payment_not_confirmable": ErrorText(
        "Only a pending payment can be confirmed.",
        "This payment is completed; only one that is pending can be confirmed.",
        _STATE,
    ),
    "payment_not_capturable": ErrorText(
        "Only an authorized payment can be captured.",
        "This payment is completed; only one that is authorized can be captured.",
        _STATE,
    ),
    "payment_not_cancellable": ErrorText(
        "A payment that was captured, declined or cancelled cannot be cancelled.",
        "This payment is completed; only one that is pending, requires_authentication or authorized can be"
        " cancelled.",
        "Refund a captured payment.",
    ),
    "payment_not_refundable": ErrorText(
        "Only a captured payment of which something is left can be refunded.",
        "Only a completed or partially refunded payment can be refunded; this one is pending.",
        "Cancel a payment that was not captured.",
    ),
    "payment_method_unusable": ErrorText(
        "The payment method belongs to another customer than the payment, or than the one that was sent.",
        "The payment method belongs to another customer than the payment.",
        "Send the customer of the payment method, or ask for another card.",
        "paymentMethod",
    ),
    "partial_capture_with_plan": ErrorText(
        "A payment with a plan is captured whole: the plan was agreed for the full amount.",
        "The plan was agreed for the full amount: capture 60000, or cancel the payment.",
        "Capture all, and refund the part that you do not deliver.",
        "amount",
    ),
    "capture_amount_too_large": ErrorText(
        "More than was authorized cannot be captured.",
        "The most that can be captured is 60000.",
        "Capture at most amountCapturable.",
        "amount",
    ),
    "plan_changed": ErrorText(
        "The plan of this count is not the one that was listed last; details show the new one.",
        "The plan changed since it was listed.",
        "Show the new plan to the shopper, then confirm again.",
        "installments.count",
    ),
    "plan_expired": ErrorText(
        "The offer has lapsed.",
        "This offer has lapsed. List the plans again.",
        "List the plans again and let the shopper choose.",
        "installments.offer",
    ),
    "terms_acceptance_required": ErrorText(
        "The plan's terms must be accepted, and no acceptance was sent.",
        "The terms of this plan must be shown, and then accepted. Send termsAcceptance with termsId"
        " 'visa-eu-01', version '2', language 'en' and acceptedAt.",
        "Show terms.acceptanceText with an unticked box, and send termsAcceptance when it was ticked.",
        "termsAcceptance",
    ),
    "credit_information_required": ErrorText(
        "The lender or the issuer needs one more thing to know of the payer; param names it.",
        "The lender needs the payer's telephone number.",
        "Ask the shopper for what param names, and confirm again with it.",
        "billingDetails.phone",
    ),
    "preview_stale": ErrorText(
        "The payment changed since the preview: details show a fresh one.",
        "This preview is out of date.",
        "Show the fresh preview in details, and refund with its id.",
        "preview",
    ),
    "preview_mismatch": ErrorText(
        "The preview is of another payment or another amount.",
        "This preview is of another amount.",
        "Send the payment and the amount of the preview, or no preview.",
        "preview",
    ),
    "refund_not_cancellable": ErrorText(
        "A refund can be withdrawn while it is pending and not yet sent, within 60 minutes.",
        "A refund can be cancelled within 60 minutes, before it is sent; it is succeeded.",
        "Wait for its end; a sent refund cannot be called back.",
    ),
    "clock_backwards": ErrorText(
        "The test clock only moves forward.",
        "The clock only runs on: it shows 1790000000.",
        "Send a later instant.",
        "to",
    ),
    "rate_limited": ErrorText(
        "More requests came with this key than its account may send.",
        "More than 25 requests a second came with this key. "
        "Send this one again after the time in Retry-After.",
        "Wait for Retry-After, and spread requests: X-RateLimit-Remaining says what is left.",
    ),
    "internal_error": ErrorText(
        "A fault of the server.",
        "A fault of the server. Tell the operator the request id req_01K1B9Z6Q4T8V2X0M5R7S3W9YA.",
        "Send the same request with the same idempotency key; tell the operator the request id.",
    ),
    "upstream_error": ErrorText(
        "An outside service answered wrongly or not at all.",
        "The acquirer gave no usable answer.",
        "Send the same request again with the same idempotency key.",
    ),
    "service_unavailable": ErrorText(
        "The server cannot reach its database just now.",
        "The service is not available. Send the same request again, with the same idempotency key.",
        "Wait for Retry-After, then send the same request with the same key: nothing happens twice.",
    ),
}


_PAYMENT, _REFUND = "pay_01K1B9Z6Q4T8V2X0M5R7S3W9YA", "re_01K1B9Z6Q4T8V2X0M5R7S3W9YA"
_COMPLETED: Mapping[str, Any] = {"resource": _PAYMENT, "details": {"status": "completed"}}
_FACTS: Mapping[str, Mapping[str, Any]] = {
    "card_declined": {"decline": DeclineCode.INSUFFICIENT_FUNDS, "resource": _PAYMENT},
    "permission_missing": {"details": {"scope": "installments:read"}},
    "amount_too_large": {"resource": _PAYMENT, "details": {"maximum": 40000, "full_amount": 60000}},
    "payment_not_confirmable": _COMPLETED,
    "payment_not_capturable": _COMPLETED,
    "payment_not_cancellable": _COMPLETED,
    "payment_not_refundable": {"resource": _PAYMENT},
    "partial_capture_with_plan": {"resource": _PAYMENT, "details": {"amount": 60000}},
    "capture_amount_too_large": {"resource": _PAYMENT, "details": {"maximum": 60000}},
    "terms_acceptance_required": {
        "resource": _PAYMENT,
        "details": {"termsId": "visa-eu-01", "version": "2", "language": "en"},
    },
    "refund_not_cancellable": {"resource": _REFUND},
    "clock_backwards": {"details": {"now": 1790000000}},
}
"""What the examples of some codes tell beside message and param."""


def write_example(code: str) -> str:
    """An error of this code as it is sent, on several lines."""
    text = TEXTS[code]
    error = PaymentsError(code, text.example, param=text.param, **_FACTS.get(code, {}))
    written = json.loads(write_error(error, request_id="req_01K1B9Z6Q4T8V2X0M5R7S3W9YA"))
    return f"HTTP/1.1 {CODES[code].status}\n{json.dumps(written, indent=1, ensure_ascii=False)}"
