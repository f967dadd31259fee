"""Idempotency keys on the wire (`spec/payments.md` §12): who has one, and what repeats are told."""

from dataclasses import dataclass, replace

from parcela.dialects.payments.answers import write_refusal
from parcela.dialects.payments.calls import Call, write_reply
from parcela.dialects.payments.errors import PaymentsError
from parcela.dialects.payments.faults import answer_refusal
from parcela.dialects.payments.routes import Endpoint
from parcela.domain.payments.refusals import PaymentRefused
from parcela.operations.engine import Engine
from parcela.operations.payments import idempotency
from parcela.operations.payments.idempotency import (
    Answer,
    AnswerKeeper,
    Bound,
    RequestKey,
    keep_found_answer,
)

METHODS = frozenset({"POST", "PATCH"})
MAX_KEY_CHARACTERS = 255
PAYMENT_REQUIRED = 402
_HEADER = b"idempotency-key"


@dataclass(frozen=True, slots=True)
class Once:
    """An answer, and whether it is that of an earlier request with the same key."""

    answer: Answer
    is_replayed: bool


def read_key(method: str, headers: list[tuple[bytes, bytes]]) -> str | None:
    """The key of a request; other methods than POST and PATCH have none. Raises PaymentsError."""
    if method not in METHODS:
        return None
    values = [value.decode("latin-1").strip(" \t") for name, value in headers if name == _HEADER]
    if not values:
        return None
    text = values[0]
    is_fit = text.isascii() and text.isprintable() and 1 <= len(text) <= MAX_KEY_CHARACTERS
    if len(values) > 1 or not is_fit:
        raise PaymentsError(
            "idempotency_key_invalid",
            f"'Idempotency-Key' must be one text of 1 to {MAX_KEY_CHARACTERS} printable ASCII characters, "
            "such as a UUID.",
            param="Idempotency-Key",
        )
    return text


async def answer_once(engine: Engine, endpoint: Endpoint, call: Call, key: RequestKey) -> Once:
    """Carry out a call under its key, or give its first answer. Raises PaymentsError, PaymentRefused."""
    try:
        found = await idempotency.claim(engine, key)
    except idempotency.KeyReused:
        raise PaymentsError(
            "idempotency_key_reused",
            "This idempotency key came with another request before: use a new key for a new request.",
            param="Idempotency-Key",
        ) from None
    except idempotency.InProgress:
        raise refuse_in_progress() from None
    if isinstance(found, Answer):
        return Once(found, is_replayed=True)
    if isinstance(found, Bound):
        return Once(await _recover(engine, endpoint, call, found), is_replayed=True)
    keeper = AnswerKeeper(engine, found)
    return Once(await _carry_out(endpoint, replace(call, keeping=keeper), keeper), is_replayed=False)


async def _carry_out(endpoint: Endpoint, call: Call, keeper: AnswerKeeper) -> Answer:
    """The operation keeps its answer; of one that wrote nothing it is kept here."""
    try:
        reply = await endpoint.handler(call)
        if keeper.answer is None:
            return await keeper.keep_unkept(write_reply(reply, call))
        return keeper.answer
    except PaymentRefused as refusal:
        error = answer_refusal(refusal)
        if error.status == PAYMENT_REQUIRED:
            return await keeper.keep_unkept(write_refusal(error, request_id=call.request_id))
        await keeper.release()
        raise
    except BaseException:
        await keeper.release()
        raise


async def _recover(engine: Engine, endpoint: Endpoint, call: Call, bound: Bound) -> Answer:
    assert endpoint.recover is not None, f"{endpoint.name} binds claims"
    try:
        reply = await endpoint.recover(call, bound.object_id)
    except PaymentRefused as refusal:
        error = answer_refusal(refusal)
        if error.status != PAYMENT_REQUIRED:
            raise
        answer = write_refusal(error, request_id=call.request_id)
    else:
        if reply is None:
            raise refuse_in_progress()
        answer = write_reply(reply, call)
    return await keep_found_answer(engine, bound, answer)


def refuse_in_progress() -> PaymentsError:
    """The first request with the key has no answer yet."""
    return PaymentsError(
        "idempotency_in_progress",
        "The first request with this idempotency key is still being carried out: ask again in a second.",
        headers={"Retry-After": "1"},
    )
