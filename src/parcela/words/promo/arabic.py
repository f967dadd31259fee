"""What shops advertise about plans, in Arabic."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ARABIC: Mapping[str, Sentence] = {
    "promo_title": "الدفع بالتقسيط",
    "promo_from": {
        "one": "ابتداءً من {amount} شهريًا في قسط واحد",
        "two": "ابتداءً من {amount} شهريًا على قسطين",
        "few": "ابتداءً من {amount} شهريًا على {count} أقساط",
        "many": "ابتداءً من {amount} شهريًا على {count} قسطًا",
        "other": "ابتداءً من {amount} شهريًا على {count} قسط",
    },
    "promo_free": {
        "one": "قسط واحد بدون فوائد بقيمة {amount}",
        "two": "قسطان شهريان بدون فوائد، كل منهما {amount}",
        "few": "{count} أقساط شهرية بدون فوائد، كل منها {amount}",
        "many": "{count} قسطًا شهريًا بدون فوائد، كل منها {amount}",
        "other": "{count} قسط شهري بدون فوائد، كل منها {amount}",
    },
    "promo_free_from": {
        "one": "قسط واحد بدون فوائد ابتداءً من {amount}",
        "two": "قسطان شهريان بدون فوائد ابتداءً من {amount}",
        "few": "{count} أقساط شهرية بدون فوائد ابتداءً من {amount}",
        "many": "{count} قسطًا شهريًا بدون فوائد ابتداءً من {amount}",
        "other": "{count} قسط شهري بدون فوائد ابتداءً من {amount}",
    },
    "promo_button": "عرض كل خطط التقسيط",
    "promo_close": "إغلاق",
    "promo_example": "مثال توضيحي: {facts}.",
    "promo_fact": "{label}: {text}",
    "promo_separator": "؛ ",
    "promo_intro": "تعتمد خطط التقسيط المتاحة لك على بطاقتك وعلى جهة التمويل. يمكنك الاختيار عند الدفع.",
    "promo_unavailable": "لا يمكن عرض خطط التقسيط الآن. يرجى المحاولة لاحقًا.",
    "promo_price": "المشتريات",
    "promo_lender": "جهة التمويل",
}
