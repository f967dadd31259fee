"""Mails in Arabic."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ARABIC: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "وضع الاختبار: لا تُنقل أي أموال.",
    "mail_order": "الطلب: {reference}",
    "mail_footer": "أُرسلت هذه الرسالة آليًا نيابةً عن {shop}. لا يقرأ أحد الردود عليها.",
    "mail_number": "رقم",
    "mail_date": "التاريخ",
    "mail_amount": "المبلغ",
    "mail_total": "الإجمالي",
    "mail_plan_link": "خطتك وأقساطك ومستنداتك:",
    # The receipt.
    "mail_receipt_subject": "إيصالك من {shop}: {amount}",
    "mail_receipt_title": "شكرًا لشرائك من {shop}",
    "mail_receipt_text": {
        "zero": "بدأت خطتك مع {creditor}. تدفع {amount} من دون أقساط.",
        "one": "بدأت خطتك مع {creditor}. تدفع {amount} في قسط واحد.",
        "two": "بدأت خطتك مع {creditor}. تدفع {amount} على قسطين.",
        "few": "بدأت خطتك مع {creditor}. تدفع {amount} على {count} أقساط.",
        "many": "بدأت خطتك مع {creditor}. تدفع {amount} على {count} قسطًا.",
        "other": "بدأت خطتك مع {creditor}. تدفع {amount} على {count} قسط.",
    },
    "mail_receipt_paper": "الإيصال مرفق كملف PDF.",
    # A refund.
    "mail_refund_subject": "المبلغ المُسترد من {shop}: {amount}",
    "mail_refund_title": "أعاد {shop} مبلغ {amount}",
    "mail_refund_card": "يعود منه {amount} إلى بطاقتك.",
    "mail_refund_left": {
        "zero": "لم يبقَ في خطتك أي قسط، والإجمالي {amount}.",
        "one": "بقي في خطتك قسط واحد، والإجمالي {amount}.",
        "two": "بقي في خطتك قسطان، والإجمالي {amount}.",
        "few": "بقيت في خطتك {count} أقساط، والإجمالي {amount}.",
        "many": "بقي في خطتك {count} قسطًا، والإجمالي {amount}.",
        "other": "بقي في خطتك {count} قسط، والإجمالي {amount}.",
    },
    "mail_refund_over": "انتهت خطتك. لم يبقَ عليك شيء تدفعه.",
    # A missed payment.
    "mail_overdue_subject": "تعذّر تحصيل قسط عن شرائك من {shop}",
    "mail_overdue_title": "لم نتمكن من تحصيل قسط",
    "mail_overdue_text": "كان القسط رقم {number} بمبلغ {amount} عن شرائك من {shop} مستحقًا في {date}. "
    "تعذّر خصمه من بطاقتك.",
    "mail_overdue_again": "سنحاول مرة أخرى في {date}. يُرجى التأكد من إمكان الخصم من بطاقتك في ذلك اليوم.",
    "mail_overdue_last": "لن نحاول مرة أخرى. يُرجى التواصل مع {creditor} لسداد هذا القسط.",
    "mail_overdue_help": "إذا صعُب عليك الدفع فتحدّث مبكرًا مع {creditor}. ما يترتب على عدم الدفع في موعده "
    "مذكور في عقدك.",
    # The right to withdraw.
    "mail_withdrawal_subject": "يمكنك العدول عن خطتك حتى {date}",
    "mail_withdrawal_title": "حقك في العدول",
    "mail_withdrawal_text": "في {accepted} وافقت على خطة مع {creditor} لشرائك من {shop}. يمكنك العدول عن عقد "
    "الائتمان هذا حتى نهاية يوم {date} من دون ذكر سبب.",
    "mail_withdrawal_how": "للعدول، أبلغ {creditor} كتابةً قبل انتهاء ذلك اليوم.",
    "mail_withdrawal_address": "العنوان: {address}",
    "mail_withdrawal_effect": "بعد ذلك تردّ خلال 30 يومًا ما بقي عليك، مع الفائدة حتى يوم الدفع. أما الشراء "
    "نفسه "
    "فيبقى قائمًا.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "تعذّر تسليم حدث إلى {host}",
    "mail_webhook_title": "توقفت محاولات إرسال إشعار ويب",
    "mail_webhook_text": {
        "zero": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. لن نحاول إرساله.",
        "one": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. حاولنا مرة واحدة "
        "ولن "
        "نحاول مرة أخرى.",
        "two": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. حاولنا مرتين ولن "
        "نحاول "
        "مرة أخرى.",
        "few": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. حاولنا {count} "
        "مرات ولن "
        "نحاول مرة أخرى.",
        "many": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. حاولنا {count} "
        "مرة ولن "
        "نحاول مرة أخرى.",
        "other": "لم يصل الحدث {event} ({topic}) إلى نقطة الاستقبال {endpoint} لدى {host}. حاولنا {count} "
        "مرة ولن "
        "نحاول مرة أخرى.",
    },
    "mail_webhook_reason": "آخر نتيجة: {reason}",
    "mail_webhook_next": "عندما تستجيب نقطة الاستقبال، اطلب إرسال الحدث مرة أخرى: POST "
    "/v1/events/{event}/resend",
}
