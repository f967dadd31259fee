"""What is said of a plan beyond the ten facts, in Arabic. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ARABIC: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "الدائن",
    "fact_label_cash_price": "السعر النقدي",
    "fact_label_amount_financed": "المبلغ الممول",
    "fact_label_finance_charge": "تكلفة التمويل",
    "fact_label_total_of_payments": "مجموع الأقساط",
    "fact_label_total_sale_price": "سعر البيع الإجمالي",
    "fact_label_duration": "المدة",
    "fact_label_borrowing_rate": "سعر الفائدة",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "مكونات الإجمالي",
    "fact_label_late_payment": "إذا تأخرت في الدفع",
    "fact_label_prepayment": "السداد المبكر",
    "fact_label_withdrawal": "حق العدول",
    "fact_label_complaints": "الشكاوى",
    "fact_label_credit_bureau": "مكاتب الائتمان",
    "fact_label_credit_warning": "تنبيه",
    "fact_label_personalised": "عرض شخصي",
    "fact_label_creditworthiness": "فحص الجدارة الائتمانية",
    "fact_label_informative": "عن هذا المعدل",
    "fact_label_card_account": "حساب بطاقتك",
    "fact_label_further_information": "معلومات إضافية",
    "fact_label_continuous_authority": "تفويض الخصم المستمر",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "؛ ",
    "fact_duration": {
        "zero": "أقل من شهر، آخر قسط في {date}",
        "one": "شهر واحد، آخر قسط في {date}",
        "two": "شهران، آخر قسط في {date}",
        "few": "{count} أشهر، آخر قسط في {date}",
        "many": "{count} شهرًا، آخر قسط في {date}",
        "other": "{count} شهر، آخر قسط في {date}",
    },
    "fact_rate_a_year": "{percent} سنويًا، ثابت",
    "fact_rate_with_fees": "{percent} سنويًا، ثابت؛ ومع الرسوم يبلغ {label} {rate}",
    "fact_component": "{name}: {amount} ({share})",
    "fact_component_financed": "مبلغ الشراء",
    "fact_component_interest": "الفائدة",
    "fact_component_fees": "الرسوم",
    "fact_component_tax": "ضريبة IOF",
    "fact_component_total": "مجموع الأقساط",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": "ادفع في الموعد: توضح شروط الخطة تكلفة التأخر في الدفع وما يترتب عليه.",
    "fact_prepayment": "تواصل مع {creditor} إذا أردت السداد المبكر. توضح شروط الخطة ما يتغير بذلك.",
    "fact_withdrawal": "توضح شروط الخطة ما إذا كان بإمكانك العدول عنها أو إلغاؤها وكيفية ذلك.",
    "fact_withdrawal_eu": "يمكنك العدول عن الائتمان خلال 14 يومًا دون إبداء سبب. أبلغ {creditor} بذلك.",
    "fact_complaints": "راسل {creditor} أولًا. توضح شروط الخطة من يفصل في الأمر عند الخلاف.",
    "fact_complaints_uk": (
        "راسل {creditor} أولًا. إذا لم ترضَ عن الرد، يمكنك اللجوء إلى Financial Ombudsman Service."
    ),
    "fact_credit_bureau": "قد تستعلم {creditor} عنك لدى مكاتب الائتمان وقد تبلغها بهذه الخطة.",
    "fact_personalised": "أُعدّ هذا العرض لك بوسائل آلية.",
    "fact_creditworthiness": "تتحقق {creditor} قبل منح الخطة من قدرتك على سدادها.",
    "fact_further_information": (
        "حقوقك في الانسحاب أو الإلغاء وفي السداد المبكر وفي تقديم شكوى مبينة في المعلومات التي "
        "يمكنك قراءتها والاحتفاظ بها قبل الموافقة."
    ),
    "fact_continuous_authority": (
        "تخصم {creditor} كل دفعة من بطاقتك بنفسها: فأنت تمنحها تفويضا بالخصم المستمر. يمكنك "
        "إنهاؤه في أي وقت: أبلغ {creditor} أو البنك المصدر لبطاقتك. وعندها تدفع المبلغ المتبقي "
        "بطريقة أخرى."
    ),
    "fact_credit_warning": "تنبيه! اقتراض المال يكلّف مالًا.",
    "fact_informative": "{label} بدون ضريبة القيمة المضافة، لأغراض الإعلام والمقارنة. تاريخ الحساب: {date}.",
    "fact_card_account": "تسري شروط حساب بطاقتك لدى {creditor}. المعدل المبيَّن ({label}) للمقارنة.",
}
