"""What shops advertise about plans, in German."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    "promo_title": "Zahlung in Raten",
    "promo_from": {
        "one": "Ab {amount} im Monat mit {count} Rate",
        "other": "Ab {amount} im Monat mit {count} Raten",
    },
    "promo_free": {
        "one": "{count} zinsfreie Rate von {amount}",
        "other": "{count} zinsfreie Monatsraten von {amount}",
    },
    "promo_free_from": {
        "one": "{count} zinsfreie Rate ab {amount}",
        "other": "{count} zinsfreie Monatsraten ab {amount}",
    },
    "promo_button": "Alle Ratenpläne ansehen",
    "promo_close": "Schließen",
    "promo_example": "Repräsentatives Beispiel: {facts}.",
    "promo_fact": "{label}: {text}",
    "promo_separator": "; ",
    "promo_intro": "Welche Ratenpläne Sie erhalten, hängt von Ihrer Karte und vom Kreditgeber "
    "ab. Sie wählen beim Bezahlen.",
    "promo_unavailable": "Die Ratenpläne können gerade nicht angezeigt werden. Bitte versuchen "
    "Sie es später noch einmal.",
    "promo_price": "Kauf",
    "promo_lender": "Kreditgeber",
}
