"""The sentences of papers in Arabic."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ARABIC: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "خطة التقسيط باختصار، قبل أن توافق",
    "paper_sheet_intro": (
        "تصف هذه الورقة الخطة التي عُرضت عليك لعملية الشراء من {shop} بتاريخ {date} الساعة "
        "{time}. قراءتها لا تُلزمك بشيء."
    ),
    "paper_agreement_title": "عقد خطة التقسيط",
    "paper_agreement_intro": "وافقت على هذه الخطة لعملية الشراء من {shop} بتاريخ {date} الساعة {time}.",
    "paper_receipt_title": "إيصال",
    "paper_receipt_intro": "عملية الشراء من {shop} بتاريخ {date} الساعة {time}، مدفوعة بخطة تقسيط.",
    "paper_sample": "نموذج: وضع الاختبار. لا تُنقل أي أموال.",
    "paper_page": "صفحة {number} من {count}",
    # Headings.
    "paper_parties": "الأطراف",
    "paper_key_facts": "أهم المعلومات",
    "paper_more_facts": "المزيد عن هذه الخطة",
    "paper_terms": "الشروط",
    "paper_terms_shown": "الشروط كما عُرضت تمامًا",
    "paper_accepted": "ما وافقت عليه",
    # Parties.
    "paper_shop": "المتجر (وسيط الائتمان)",
    "paper_order": "الطلب",
    "paper_payment": "عملية الدفع",
    "paper_plan": "الخطة",
    "paper_card": "البطاقة",
    # Key facts.
    "paper_credit": "إجمالي مبلغ الائتمان",
    "paper_cost": "تكلفة الائتمان",
    "paper_total_to_pay": "إجمالي المبلغ المستحق",
    "paper_payments": "الأقساط",
    "paper_fees": "الرسوم",
    "paper_no_fees": "لا توجد",
    "paper_returns": "إذا أعدت شيئًا",
    "paper_not_set": "لم تُحدَّد بعد صياغة المستشار القانوني لجهة التمويل.",
    "paper_line": "{label}: {text}",
    # Schedule.
    "paper_schedule": "جميع الأقساط وتواريخها",
    "paper_number": "رقم",
    "paper_date": "التاريخ",
    "paper_amount": "المبلغ",
    "paper_total": "الإجمالي",
    # Terms and agreement.
    "paper_terms_version": "{id}، الإصدار {version}",
    "paper_confirmed": "أكّدت هذه الخطة بتاريخ {date} الساعة {time}.",
    "paper_ticked": "وضعت علامة في المربع بجوار هذا النص:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "لا يمكن إنشاء هذا الملف حاليًا",
    "paper_unavailable_text": "لم يتغير شيء. يمكنك فتح النص نفسه كصفحة وطباعته.",
}
