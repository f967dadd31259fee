"""Header rules of the network dialect (`spec/network.md` §2.2)."""

import re

from starlette.datastructures import Headers

from parcela.dialects.network.errors import refuse_accept, refuse_accept_language, refuse_content_type
from parcela.dialects.network.wire_values import is_uuid
from parcela.domain.cards import mask_card_numbers

_CORRELATION_ID = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")
_ACCEPTED = frozenset({"application/json", "application/*", "*/*"})
_LANGUAGE = re.compile(r"\*|en(?:-[A-Za-z0-9]{1,8})*", re.IGNORECASE)


def check_content_type(headers: Headers, source: str) -> None:
    """JSON, with or without parameters, not compressed; else 415."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if media_type != "application/json" or encoding != "identity":
        raise refuse_content_type(source)


def check_accept(headers: Headers, source: str) -> None:
    """At least one media range admits JSON; else 406."""
    for values in headers.getlist("accept"):
        for media_range in values.split(","):
            if media_range.partition(";")[0].strip().lower() in _ACCEPTED:
                return
    raise refuse_accept(source)


def check_accept_language(headers: Headers) -> None:
    """The first language range is English or any; the header may be absent."""
    value = headers.get("accept-language")
    if value is not None and not _LANGUAGE.fullmatch(value.partition(",")[0].partition(";")[0].strip()):
        raise refuse_accept_language()


def choose_correlation_id(sent: str | None, *, needs_uuid: bool, fresh: str) -> str:
    """The caller's id if it fits, else a fresh one: an unfit id is replaced, never refused."""
    if sent is None or not _CORRELATION_ID.fullmatch(sent):
        return fresh
    # The digits of a UUID are parted as no card number's are, though a mask may take them for one.
    if is_uuid(sent):
        return sent
    return fresh if needs_uuid or mask_card_numbers(sent) != sent else sent
