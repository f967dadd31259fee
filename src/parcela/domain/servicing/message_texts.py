"""Texts and times that others wrote into a card message: short, printable, and without its card number."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from parcela.domain.cards import mask_digits
from parcela.domain.errors import InvalidInput
from parcela.domain.ids import Identifier
from parcela.domain.plans import Merchant
from parcela.domain.servicing.records import TransactionFacts

MAX_NAME = 256
MAX_IDENTIFIER = 64
"""Well above what ISO 8583 has room for; a longer text was never an identifier."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_YEARS = range(1900, 3000)
"""Schedules are counted from these times, and no calendar ends in the middle of one."""


def check_texts(merchant: Merchant, facts: TransactionFacts, others: Mapping[str, str | None]) -> None:
    """Refuse what could not be kept, compared or shown. `others` are further identifiers by their names.

    Raises InvalidInput, which repeats nothing, for a misplaced value may be a card number.
    """
    names = {"merchant_name": merchant.name, "merchant_url": merchant.url}
    identifiers = {
        "merchant_country": merchant.country,
        "mcc": _read_text(merchant.mcc),
        "acquirer_id": _read_text(merchant.acquirer_id),
        "merchant_id": _read_text(merchant.merchant_id),
        "stan": facts.stan,
        "rrn": facts.rrn,
        "authorization_code": facts.authorization_code,
        "transaction_link_id": facts.transaction_link_id,
        **others,
    }
    for member, text in names.items():
        _check_text(member, text, MAX_NAME)
    for member, text in identifiers.items():
        _check_text(member, text, MAX_IDENTIFIER)
    _check_year("local_at", facts.local_at)
    _check_year("transmitted_at", facts.transmitted_at)


def _check_text(member: str, text: str | None, longest: int) -> None:
    if text is not None and (len(text) > longest or _CONTROL.search(text)):
        raise InvalidInput(member, f"at most {longest} characters, none of them a control character")


def _check_year(member: str, at: datetime | None) -> None:
    # The earliest of all times stands for "not told" in messages that have none of their own.
    if at is not None and at != datetime.min and at.year not in _YEARS:
        raise InvalidInput(member, f"a year from {_YEARS.start} to {_YEARS.stop - 1}", came=str(at.year))


def hide_card(
    merchant: Merchant, facts: TransactionFacts, numbers: Collection[str]
) -> tuple[Merchant, TransactionFacts]:
    """Mask the purchase's own card number in every text that is kept, wherever somebody wrote it."""

    def mask(text: str | None) -> str | None:
        for number in numbers:
            text = None if text is None else text.replace(number, mask_digits(number))
        return text

    def mask_identifier(found: Identifier | None) -> Identifier | None:
        hidden = None if found is None else mask(found.text)
        return found if found is None or hidden is None else replace(found, text=hidden)

    hidden_merchant = replace(
        merchant,
        name=mask(merchant.name),
        url=mask(merchant.url),
        country=mask(merchant.country),
        mcc=mask_identifier(merchant.mcc),
        acquirer_id=mask_identifier(merchant.acquirer_id),
        merchant_id=mask_identifier(merchant.merchant_id),
    )
    hidden_facts = replace(
        facts,
        stan=mask(facts.stan),
        rrn=mask(facts.rrn),
        authorization_code=mask(facts.authorization_code),
        transaction_link_id=mask(facts.transaction_link_id),
    )
    return hidden_merchant, hidden_facts


def _read_text(found: Identifier | None) -> str | None:
    return None if found is None else found.text
