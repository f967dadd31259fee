"""The sentences of papers in English."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "Your plan at a glance, before you agree",
    "paper_sheet_intro": (
        "This sheet describes the plan that was offered to you for your purchase at {shop} on "
        "{date} at {time}. Reading it does not bind you."
    ),
    "paper_agreement_title": "Agreement on your payment plan",
    "paper_agreement_intro": "You agreed to this plan for your purchase at {shop} on {date} at {time}.",
    "paper_receipt_title": "Receipt",
    "paper_receipt_intro": "Your purchase at {shop} on {date} at {time}, paid with a plan.",
    "paper_sample": "Sample: test mode. No money moves.",
    "paper_page": "Page {number} of {count}",
    # Headings.
    "paper_parties": "Who is involved",
    "paper_key_facts": "Key facts",
    "paper_more_facts": "More about this plan",
    "paper_terms": "Terms",
    "paper_terms_shown": "The terms, exactly as they were shown",
    "paper_accepted": "What you agreed to",
    # Parties.
    "paper_shop": "Shop (credit intermediary)",
    "paper_order": "Order",
    "paper_payment": "Payment",
    "paper_plan": "Plan",
    "paper_card": "Card",
    # Key facts.
    "paper_credit": "Total amount of credit",
    "paper_cost": "Cost of credit",
    "paper_total_to_pay": "Total to pay",
    "paper_payments": "Payments",
    "paper_fees": "Fees",
    "paper_no_fees": "None",
    "paper_returns": "If you return something",
    "paper_not_set": "Wording of the lender’s counsel is not set.",
    "paper_line": "{label}: {text}",
    # Schedule.
    "paper_schedule": "All payments and dates",
    "paper_number": "No.",
    "paper_date": "Date",
    "paper_amount": "Amount",
    "paper_total": "Total",
    # Terms and agreement.
    "paper_terms_version": "{id}, version {version}",
    "paper_confirmed": "You confirmed this plan on {date} at {time}.",
    "paper_ticked": "You ticked the box with this text:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "This file cannot be made at the moment",
    "paper_unavailable_text": "Nothing was changed. You can open the same text as a page and print it.",
}
