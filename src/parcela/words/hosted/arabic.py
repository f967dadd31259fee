"""What the hosted page says around a payment, in Arabic: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ARABIC: Mapping[str, Sentence] = {
    "hosted_languages": "اللغة",
    "hosted_phone": "المتابعة على هاتفك",
    "hosted_phone_text": "امسح هذا الرمز بكاميرا هاتفك: ستفتح صفحة الدفع هناك. ما كتبته هنا يبقى هنا.",
    "hosted_phone_code": "رمز QR يحمل عنوان هذه الصفحة",
    "hosted_sheet": "معلومات قبل الموافقة",
    "hosted_sheet_pdf": "معلومات قبل الموافقة (PDF)",
    "hosted_papers": "للاحتفاظ بها",
    "hosted_agreement": "عقدك",
    "hosted_agreement_pdf": "عقدك (PDF)",
    "hosted_receipt_pdf": "إيصالك (PDF)",
    "hosted_plan_page": "عرض هذه الخطة لاحقًا: ما دُفع وما تبقى",
    "hosted_new_window": "يفتح في نافذة جديدة",
    "hosted_schedule_of": "أقساط الخطة {title}",
    "hosted_more_facts": "المزيد عن هذه الخطة",
    "hosted_accessibility": "إمكانية الوصول",
    "hosted_accessibility_intro": "ينبغي أن يتمكن الجميع من الدفع هنا: بالفأرة، أو بلوحة المفاتيح "
    "وحدها، أو بقارئ الشاشة، أو بنص مكبَّر، أو من دون برامج نصية.",
    "hosted_accessibility_standard": "تتبع هذه الصفحات إرشادات الوصول إلى محتوى الويب WCAG 2.2 "
    "بالمستويين A وAA.",
    "hosted_accessibility_tested": "ما جرى اختباره",
    "hosted_accessibility_date": "التاريخ",
    "hosted_accessibility_browser": "المتصفح",
    "hosted_accessibility_states": "حالات الصفحة",
    "hosted_accessibility_views": "العروض التي فُحصت",
    "hosted_accessibility_widths": "العرض بالبكسل",
    "hosted_accessibility_languages": "اللغات",
    "hosted_accessibility_rules": "القواعد الآلية المستوفاة",
    "hosted_accessibility_violations": "الأخطاء المكتشفة",
    "hosted_accessibility_purchases": "عمليات الشراء المنفذة",
    "hosted_accessibility_ways": "بالفأرة، وبلوحة المفاتيح وحدها، ومع إيقاف البرامج النصية",
    "hosted_accessibility_limits": "قيود معروفة",
    "hosted_accessibility_limit_people": "لا تكشف الاختبارات الآلية إلا جزءًا من العوائق. ولم يُجرَ بعد "
    "اختبار مع أشخاص ذوي إعاقة.",
    "hosted_accessibility_limit_readers": "لم يُجرَ اختبار بقارئ الشاشة.",
    "hosted_accessibility_limit_terms": "تُعرض شروط الخطة باللغة التي تقدمها بها جهة التمويل.",
    "hosted_accessibility_limit_others": "صفحة بنكك والشروط الكاملة على عناوين أخرى ليست جزءًا من هذا البيان.",
    "hosted_accessibility_help": "إذا تعذّر عليك شيء",
    "hosted_accessibility_help_text": "أخبر المتجر، فيمكنه استلام طلبك بطريقة أخرى.",
}
