"""Refusals in the form of this door (`spec/payments.md` §13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from parcela.dialects.payments.codes import CODES
from parcela.domain.cards import mask_card_numbers
from parcela.domain.payments.refusals import DeclineCode

MAX_SHOWN_CHARACTERS = 100
DOC_PAGE = "/docs/errors"
RETRY_S = 1


@dataclass(eq=False)
class PaymentsError(Exception):
    """A refusal as it is sent; its code decides status and type. `headers` go beside it."""

    code: str
    message: str
    param: str | None = field(default=None, kw_only=True)
    decline: DeclineCode | None = field(default=None, kw_only=True)
    resource: str | None = field(default=None, kw_only=True)
    details: Mapping[str, object] = field(default_factory=dict, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return CODES[self.code].status


def write_error(error: PaymentsError, *, request_id: str) -> bytes:
    """The body; all members are always there."""
    members: dict[str, Any] = {
        "type": CODES[error.code].type,
        "code": error.code,
        "message": mask_text(error.message),
        "param": None if error.param is None else show_text(error.param),
        "doc_url": f"{DOC_PAGE}#{error.code}",
        "request_id": request_id,
        "decline_code": error.decline,
        "resource": error.resource,
        "details": error.details,
    }
    return msgspec.json.encode({"error": members})


def mask_text(text: str) -> str:
    """A text in which every card number is masked in the form of the documents, `512345xxxxxx0008`."""
    masked = mask_card_numbers(text)
    return text if masked == text else masked.replace("*", "x")


def show_text(text: str) -> str:
    """What a caller sent, fit to be told: no card numbers, nothing unprintable, not too long."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in mask_text(text))
    return shown[:MAX_SHOWN_CHARACTERS]


def refuse_unknown(path: str, *, nearest: str | None, known: Sequence[str]) -> PaymentsError:
    """A member or a part of the query that there is not. Where no name is near, all are told."""
    names = f" Known are: {', '.join(known)}." if known else " Nothing is taken here: leave it out."
    hint = f" Did you mean '{nearest}'?" if nearest else names
    message = f"'{show_text(path)}' is not known here.{hint}"
    return PaymentsError("parameter_unknown", message, param=path)
