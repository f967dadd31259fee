"""The cardholder's own page in English."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    "plan_page_link": "Your payment plan",
    "plan_page_title": "Your payment plan",
    "plan_page_purchase": "Purchase at {shop}",
    "plan_page_card": "{brand} ending in {last_four}",
    # Where the plan stands.
    "plan_page_state_created": "The plan begins when the shop charges your card.",
    "plan_page_state_active": {
        "one": "{count} payment is still to come.",
        "other": "{count} payments are still to come.",
    },
    "plan_page_state_completed": "Everything is paid. Nothing is left to pay.",
    "plan_page_state_cancelled": "This plan was cancelled. Nothing more is collected.",
    "plan_page_overdue": "A payment could not be collected. Please make sure that your card can be charged.",
    "plan_page_held": (
        "A refund is on its way. Until it has arrived nothing is collected, and the amounts to come"
        " may change."
    ),
    "plan_page_progress": "Payments made: {paid} of {all}",
    "plan_page_paid": "Paid so far",
    "plan_page_remaining": "Still to pay",
    "plan_page_next": "Next payment",
    "plan_page_next_fact": "{amount} on {date}",
    "plan_page_runs_from_card": "The payments are collected from your card: {card}.",
    # The rows.
    "plan_page_rows": "All payments",
    "plan_page_row_status": "Status",
    "plan_page_row_paid": "Paid",
    "plan_page_row_due": "To\u00a0come",
    "plan_page_row_overdue": "Overdue",
    "plan_page_row_cancelled": "Cancelled",
    # Refunds.
    "plan_page_refunds": "Refunds",
    "plan_page_refund_pending": "{amount}, on its way. It should arrive between {start} and {end}.",
    "plan_page_refund_succeeded": "{amount}, made on {date}.",
    "plan_page_refund_failed": "{amount}: this refund did not go through. The shop knows about it.",
    "plan_page_refund_cancelled": "{amount}: the shop has withdrawn this refund.",
    "plan_page_refund_changes": "What you still have to pay: {before} before, {after} after.",
    "plan_page_refund_cash": "Back to your card: {amount}.",
    # Paying early.
    "plan_page_early": "Pay early",
    "plan_page_early_by_issuer": "Your card's bank runs this plan. Ask {lender} if you want to pay early.",
    "plan_page_early_not_allowed": (
        "Each payment is collected on its date. Ask {lender} if you want to pay early."
    ),
    "plan_page_early_under_way": "A payment is being collected right now. Look again in a few minutes.",
    "plan_page_early_refund_pending": "You can pay early again when the refund has arrived.",
    "plan_page_early_refused_too_often": "Early payments were refused several times. Please ask {lender}.",
    "plan_page_early_next": "Pay the next payment now",
    "plan_page_early_rest": "Pay all that remains now",
    "plan_page_early_amount": "{amount} from your card",
    "plan_page_early_saves": "You save {amount} of interest.",
    "plan_page_early_paid": "You paid {amount} early on {date}. Thank you.",
    "plan_page_early_asked": "Your early payment of {amount} is being processed. You need not do anything.",
    "plan_page_early_refused": (
        "Your early payment of {amount} was refused. Nothing was charged, and your plan goes on as before."
    ),
    "plan_page_check_title": "Check and pay early",
    "plan_page_check_principal": "Part of the purchase",
    "plan_page_check_interest": "Interest",
    "plan_page_check_fee": "Fees",
    "plan_page_check_tax": "of which {tax}",
    "plan_page_check_amount": "You pay now",
    "plan_page_check_saved": "Interest that you save",
    "plan_page_check_left": "Left to pay after that",
    "plan_page_check_day": "These figures hold today, {date}.",
    "plan_page_check_pay": "Pay {amount} now",
    "plan_page_back": "Back to the plan",
    # What there is to keep and to know.
    "plan_page_papers": "Documents",
    "plan_page_agreement": "Agreement",
    "plan_page_receipt": "Receipt",
    "plan_page_record": "What was shown and agreed (data file)",
    "plan_page_as_pdf": "{paper} (PDF)",
    "plan_page_rights": "Good to know",
    "plan_page_lender": "Who lends you the amount",
    "plan_page_keep": "Whoever has the address of this page can see your plan: keep it to yourself.",
    # In place of the page.
    "plan_page_missing_title": "There is no plan here",
    "plan_page_missing_text": (
        "This address does not lead to a plan, or it was replaced. Ask the shop for a new one."
    ),
    "plan_page_stale_title": "The figures have changed",
    "plan_page_stale_text": "Nothing was charged. Go back to the plan to see the figures as they are now.",
    "plan_page_paper_missing_title": "This document cannot be made at the moment",
    "plan_page_paper_missing_text": "Please choose it as a web page, or try again later.",
}
