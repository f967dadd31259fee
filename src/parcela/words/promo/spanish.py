"""What shops advertise about plans, in Mexican Spanish."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    "promo_title": "Pague a plazos",
    "promo_from": {
        "one": "Desde {amount} al mes, en {count} pago",
        "other": "Desde {amount} al mes, en {count} pagos",
    },
    "promo_free": {
        "one": "{count} pago sin intereses de {amount}",
        "other": "{count} pagos mensuales sin intereses de {amount}",
    },
    "promo_free_from": {
        "one": "{count} pago sin intereses desde {amount}",
        "other": "{count} pagos mensuales sin intereses desde {amount}",
    },
    "promo_button": "Ver todos los planes",
    "promo_close": "Cerrar",
    "promo_example": "Ejemplo representativo: {facts}.",
    "promo_fact": "{label}: {text}",
    "promo_separator": "; ",
    "promo_intro": "Los planes que puede tener dependen de su tarjeta y de la entidad de "
    "crédito. Usted elige al pagar.",
    "promo_unavailable": "Los planes no se pueden mostrar en este momento. Inténtelo de nuevo más tarde.",
    "promo_price": "Compra",
    "promo_lender": "Acreedor",
}
