"""Mails in English."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

ENGLISH: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "Test mode: no money moves.",
    "mail_order": "Order: {reference}",
    "mail_footer": "This message was sent automatically for {shop}. Nobody reads replies to it.",
    "mail_number": "No.",
    "mail_date": "Date",
    "mail_amount": "Amount",
    "mail_total": "Total",
    "mail_plan_link": "Your plan, your payments and your documents:",
    # The receipt.
    "mail_receipt_subject": "Your receipt from {shop}: {amount}",
    "mail_receipt_title": "Thank you for your purchase at {shop}",
    "mail_receipt_text": {
        "one": "Your plan with {creditor} has begun. You pay {amount} in {count} payment.",
        "other": "Your plan with {creditor} has begun. You pay {amount} in {count} payments.",
    },
    "mail_receipt_paper": "The receipt is attached as a PDF file.",
    # A refund.
    "mail_refund_subject": "Your refund from {shop}: {amount}",
    "mail_refund_title": "{shop} has refunded {amount}",
    "mail_refund_card": "{amount} of it goes back to your card.",
    "mail_refund_left": {
        "one": "Your plan now has {count} payment left, {amount} in all.",
        "other": "Your plan now has {count} payments left, {amount} in all.",
    },
    "mail_refund_over": "Your plan has ended. You have nothing left to pay.",
    # A missed payment.
    "mail_overdue_subject": "A payment for your purchase at {shop} did not go through",
    "mail_overdue_title": "We could not collect a payment",
    "mail_overdue_text": "Payment no. {number} of {amount} for your purchase at {shop} was due on {date}. "
    "It could not be charged to your card.",
    "mail_overdue_again": "We will try again on {date}. Please make sure that your card can be charged on "
    "that day.",
    "mail_overdue_last": "We will not try again. Please contact {creditor} to settle this payment.",
    "mail_overdue_help": "If paying is difficult for you, talk to {creditor} early. What a missed payment "
    "means is in your agreement.",
    # The right to withdraw.
    "mail_withdrawal_subject": "You can withdraw from your plan until {date}",
    "mail_withdrawal_title": "Your right to withdraw",
    "mail_withdrawal_text": "On {accepted} you agreed to a plan with {creditor} for your purchase at {shop}. "
    "You can withdraw from this credit agreement up to and including {date}. You need not give a reason.",
    "mail_withdrawal_how": "To withdraw, tell {creditor} in writing before that day is over.",
    "mail_withdrawal_address": "Address: {address}",
    "mail_withdrawal_effect": "After that you pay back what is still open, with the interest up to the day "
    "of "
    "payment, within 30 days. The purchase itself remains.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "An event could not be delivered to {host}",
    "mail_webhook_title": "A webhook was given up",
    "mail_webhook_text": {
        "one": "The event {event} ({topic}) did not reach your endpoint {endpoint} at {host}. We tried "
        "{count} time and will not try again.",
        "other": "The event {event} ({topic}) did not reach your endpoint {endpoint} at {host}. We tried "
        "{count} times and will not try again.",
    },
    "mail_webhook_reason": "Last result: {reason}",
    "mail_webhook_next": "Once your endpoint answers, have the event sent again: POST "
    "/v1/events/{event}/resend",
}
