"""What shops advertise about plans, in Japanese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

JAPANESE: Mapping[str, Sentence] = {
    "promo_title": "分割払い",
    "promo_from": {
        "other": "月々{amount}から（全{count}回払い）",
    },
    "promo_free": {
        "other": "分割手数料なし：毎月{amount}×{count}回",
    },
    "promo_free_from": {
        "other": "分割手数料なし：毎月{amount}から×{count}回",
    },
    "promo_button": "すべてのお支払いプランを見る",
    "promo_close": "閉じる",
    "promo_example": "お支払い例：{facts}。",
    "promo_fact": "{label}：{text}",
    "promo_separator": "、",
    "promo_intro": "ご利用いただけるプランは、カードと貸主によって異なります。"
    "プランはお支払いの際にお選びいただけます。",
    "promo_unavailable": "ただいまプランを表示できません。しばらくしてからもう一度お試しください。",
    "promo_price": "ご購入額",
    "promo_lender": "貸主",
}
