"""What shops advertise about plans, in English."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    "promo_title": "Pay in installments",
    "promo_from": {
        "one": "From {amount} a month with {count} payment",
        "other": "From {amount} a month with {count} payments",
    },
    "promo_free": {
        "one": "{count} interest-free payment of {amount}",
        "other": "{count} interest-free monthly payments of {amount}",
    },
    "promo_free_from": {
        "one": "{count} interest-free payment from {amount}",
        "other": "{count} interest-free monthly payments from {amount}",
    },
    "promo_button": "See all plans",
    "promo_close": "Close",
    "promo_example": "Representative example: {facts}.",
    "promo_fact": "{label}: {text}",
    "promo_separator": "; ",
    "promo_intro": "Which plans you get depends on your card and on the lender. You choose when you pay.",
    "promo_unavailable": "The plans cannot be shown right now. Please try again later.",
    "promo_price": "Purchase",
    "promo_lender": "Lender",
}
