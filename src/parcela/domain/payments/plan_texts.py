"""Short texts of plans in the payment's language: the rate's name, and what a return does."""

from parcela.domain.payments.accounts import PaymentsMarket
from parcela.domain.payments.unavailability import LANGUAGES, find_language
from parcela.domain.refund_strategy import RefundStrategy

# In the order of LANGUAGES.
_REFUND_EFFECTS: dict[RefundStrategy, tuple[str, ...]] = {
    RefundStrategy.SPREAD: (
        "A return lowers the payments still to come, spread evenly.",
        "Eine Rückgabe senkt alle noch offenen Raten gleichmäßig.",
        "Un retour réduit également tous les paiements à venir.",
        "Una devolución reduce por igual los pagos pendientes.",
        "Uma devolução reduz por igual as parcelas a vencer.",
        "يخفض الإرجاع الدفعات المتبقية بالتساوي.",
        "返品の場合、残りのお支払い額が均等に減額されます。",
    ),
    RefundStrategy.LAST_FIRST: (
        "A return shortens the plan: the last payments are lowered first.",
        "Eine Rückgabe verkürzt den Plan: die letzten Raten sinken zuerst.",
        "Un retour raccourcit le plan : les derniers paiements sont réduits en premier.",
        "Una devolución acorta el plan: primero se reducen los últimos pagos.",
        "Uma devolução encurta o plano: as últimas parcelas são reduzidas primeiro.",
        "يقصر الإرجاع مدة الخطة: تخفض الدفعات الأخيرة أولا.",
        "返品の場合、最後のお支払いから順に減額されます。",
    ),
    RefundStrategy.NEXT_FIRST: (
        "A return lowers the next payments first.",
        "Eine Rückgabe senkt zuerst die nächsten Raten.",
        "Un retour réduit d'abord les prochains paiements.",
        "Una devolución reduce primero los próximos pagos.",
        "Uma devolução reduz primeiro as próximas parcelas.",
        "يخفض الإرجاع الدفعات القادمة أولا.",
        "返品の場合、次回のお支払いから順に減額されます。",
    ),
}
_EUROPEAN_REGIME = "eu_ccd2"
_EUROPEAN_LABELS = {"de": "effektiver Jahreszins", "fr": "TAEG"}


def find_refund_effect(strategy: RefundStrategy, locale: str) -> str:
    """What a return does to the plan, in one sentence."""
    return _REFUND_EFFECTS[strategy][LANGUAGES.index(find_language(locale))]


def find_rate_label(market: PaymentsMarket, locale: str) -> str:
    """The rate's name on the plan: the country's, in the European Union that of the payer's language.

    `disclosures.md` §5.
    """
    if market.rate_regime == _EUROPEAN_REGIME:
        return _EUROPEAN_LABELS.get(find_language(locale), market.rate_label)
    return market.rate_label
