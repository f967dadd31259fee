"""What shops advertise about plans, in Brazilian Portuguese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    "promo_title": "Pague em parcelas",
    "promo_from": {
        "one": "A partir de {amount} por mês, em {count} parcela",
        "other": "A partir de {amount} por mês, em {count} parcelas",
    },
    "promo_free": {
        "one": "{count} parcela sem juros de {amount}",
        "other": "{count} parcelas mensais sem juros de {amount}",
    },
    "promo_free_from": {
        "one": "{count} parcela sem juros a partir de {amount}",
        "other": "{count} parcelas mensais sem juros a partir de {amount}",
    },
    "promo_button": "Ver todos os planos",
    "promo_close": "Fechar",
    "promo_example": "Exemplo representativo: {facts}.",
    "promo_fact": "{label}: {text}",
    "promo_separator": "; ",
    "promo_intro": "Os planos disponíveis dependem do seu cartão e do credor. Você escolhe na hora de pagar.",
    "promo_unavailable": "Não foi possível mostrar os planos agora. Tente de novo mais tarde.",
    "promo_price": "Compra",
    "promo_lender": "Credor",
}
