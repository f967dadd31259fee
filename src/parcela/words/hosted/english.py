"""What the hosted page says around a payment, in English: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    "hosted_languages": "Language",
    "hosted_phone": "Go on with your phone",
    "hosted_phone_text": "Scan this code with the camera of your phone: the payment opens there. What "
    "you typed here stays here.",
    "hosted_phone_code": "QR code with the address of this page",
    "hosted_sheet": "Information before you agree",
    "hosted_sheet_pdf": "Information before you agree (PDF)",
    "hosted_papers": "To keep",
    "hosted_agreement": "Your agreement",
    "hosted_agreement_pdf": "Your agreement (PDF)",
    "hosted_receipt_pdf": "Your receipt (PDF)",
    "hosted_plan_page": "See this plan later: what is paid and what is to come",
    "hosted_new_window": "opens in a new window",
    "hosted_schedule_of": "Payments of the plan {title}",
    "hosted_more_facts": "More about this plan",
    "hosted_accessibility": "Accessibility",
    "hosted_accessibility_intro": "Everybody should be able to pay here: with a mouse, with the "
    "keyboard alone, with a screen reader, with enlarged text and without script.",
    "hosted_accessibility_standard": "These pages follow the Web Content Accessibility Guidelines "
    "(WCAG) 2.2, levels A and AA.",
    "hosted_accessibility_tested": "What was tested",
    "hosted_accessibility_date": "Date",
    "hosted_accessibility_browser": "Browser",
    "hosted_accessibility_states": "States of the page",
    "hosted_accessibility_views": "Views checked",
    "hosted_accessibility_widths": "Widths in pixels",
    "hosted_accessibility_languages": "Languages",
    "hosted_accessibility_rules": "Automatic rules passed",
    "hosted_accessibility_violations": "Faults found",
    "hosted_accessibility_purchases": "Purchases made",
    "hosted_accessibility_ways": "with a mouse, with the keyboard alone, with scripting off",
    "hosted_accessibility_limits": "Known limits",
    "hosted_accessibility_limit_people": "Automatic tests find only some of all barriers. A test by "
    "people with disabilities has not been made yet.",
    "hosted_accessibility_limit_readers": "No test was made with a screen reader.",
    "hosted_accessibility_limit_terms": "The terms of a plan are shown in the language in which the "
    "lender gives them.",
    "hosted_accessibility_limit_others": "The page of your bank and the full terms at other addresses "
    "are not part of this statement.",
    "hosted_accessibility_help": "If something does not work",
    "hosted_accessibility_help_text": "Tell the shop. It can take your order in another way.",
}
