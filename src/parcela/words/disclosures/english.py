"""What is said of a plan beyond the ten facts, in English. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "Creditor",
    "fact_label_cash_price": "Cash price",
    "fact_label_amount_financed": "Amount financed",
    "fact_label_finance_charge": "Finance charge",
    "fact_label_total_of_payments": "Total of payments",
    "fact_label_total_sale_price": "Total sale price",
    "fact_label_duration": "Duration",
    "fact_label_borrowing_rate": "Borrowing rate",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "What the total is made of",
    "fact_label_late_payment": "If you pay late",
    "fact_label_prepayment": "Paying early",
    "fact_label_withdrawal": "Right to withdraw",
    "fact_label_complaints": "Complaints",
    "fact_label_credit_bureau": "Credit reference agencies",
    "fact_label_credit_warning": "Warning",
    "fact_label_personalised": "Personal offer",
    "fact_label_creditworthiness": "Credit check",
    "fact_label_informative": "About this rate",
    "fact_label_card_account": "Your card account",
    "fact_label_further_information": "More information",
    "fact_label_continuous_authority": "Continuous payment authority",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "; ",
    "fact_duration": {
        "one": "{count} month, last payment on {date}",
        "other": "{count} months, last payment on {date}",
    },
    "fact_rate_a_year": "{percent} a year, fixed",
    "fact_rate_with_fees": "{percent} a year, fixed; with the fees it comes to {rate} ({label})",
    "fact_component": "{name}: {amount} ({share})",
    "fact_component_financed": "purchase",
    "fact_component_interest": "interest",
    "fact_component_fees": "fees",
    "fact_component_tax": "IOF (tax)",
    "fact_component_total": "sum of the payments",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": (
        "Pay on time: the terms of the plan say what a late payment costs and what follows from it."
    ),
    "fact_prepayment": (
        "Ask {creditor} if you want to pay early. The terms of the plan say what that changes."
    ),
    "fact_withdrawal": "The terms of the plan say whether and how you can withdraw from it or cancel it.",
    "fact_withdrawal_eu": (
        "You can withdraw from the credit within 14 days without giving a reason. Tell {creditor}."
    ),
    "fact_complaints": (
        "Write to {creditor} first. The terms of the plan say who can decide if you do not agree."
    ),
    "fact_complaints_uk": (
        "Write to {creditor} first. If you are not content with the answer, you can go to the Financial "
        "Ombudsman Service."
    ),
    "fact_credit_bureau": (
        "{creditor} may ask credit reference agencies about you and tell them about this plan."
    ),
    "fact_personalised": "This offer was made for you by automated means.",
    "fact_creditworthiness": "{creditor} checks whether you can afford the plan before it is granted.",
    "fact_further_information": (
        "Your rights to withdraw or cancel, to pay early and to complain are set out in the "
        "information that you can read and keep before you agree."
    ),
    "fact_continuous_authority": (
        "{creditor} collects each payment from your card by itself: you give it a continuous "
        "payment authority. You can end it at any time: tell {creditor} or the bank of your "
        "card. You then pay what is left in another way."
    ),
    "fact_credit_warning": "Caution! Borrowing money costs money.",
    "fact_informative": "{label} without VAT, for information and comparison only. Calculated on {date}.",
    "fact_card_account": (
        "The terms of your card account with {creditor} apply. The {label} shown is for comparison."
    ),
}
