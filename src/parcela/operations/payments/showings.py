"""How plans were shown, for the pages that show them; the records are the domain's."""

from parcela.domain.payments.showings import (
    BY_MERCHANT,
    CREDIT_CHECK,
    ON_HOSTED_PAGE,
    Channel,
    Consent,
    Showing,
    name_browser,
    shorten_address,
)

__all__ = [
    "BY_MERCHANT",
    "CREDIT_CHECK",
    "ON_HOSTED_PAGE",
    "Channel",
    "Consent",
    "Showing",
    "name_browser",
    "shorten_address",
]
