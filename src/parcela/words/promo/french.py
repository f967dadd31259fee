"""What shops advertise about plans, in French."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    "promo_title": "Paiement en plusieurs fois",
    "promo_from": {
        "one": "À partir de {amount} par mois, en {count} paiement",
        "other": "À partir de {amount} par mois, en {count} paiements",
    },
    "promo_free": {
        "one": "{count} paiement sans intérêts de {amount}",
        "other": "{count} paiements mensuels sans intérêts de {amount}",
    },
    "promo_free_from": {
        "one": "{count} paiement sans intérêts à partir de {amount}",
        "other": "{count} paiements mensuels sans intérêts à partir de {amount}",
    },
    "promo_button": "Voir toutes les offres",
    "promo_close": "Fermer",
    "promo_example": "Exemple représentatif\u00a0: {facts}.",
    "promo_fact": "{label}\u00a0: {text}",
    "promo_separator": "\u202f; ",
    "promo_intro": "Les offres disponibles dépendent de votre carte et du prêteur. Vous "
    "choisissez au moment de payer.",
    "promo_unavailable": "Les offres ne peuvent pas être affichées pour le moment. Veuillez "
    "réessayer plus tard.",
    "promo_price": "Achat",
    "promo_lender": "Prêteur",
}
