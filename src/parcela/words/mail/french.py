"""Mails in French."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "Mode test\u00a0: aucun argent n’est transféré.",
    "mail_order": "Commande\u00a0: {reference}",
    "mail_footer": "Ce message a été envoyé automatiquement pour {shop}. Les réponses ne sont pas lues.",
    "mail_number": "N°",
    "mail_date": "Date",
    "mail_amount": "Montant",
    "mail_total": "Total",
    "mail_plan_link": "Votre plan, vos paiements et vos documents\u00a0:",
    # The receipt.
    "mail_receipt_subject": "Votre reçu de {shop}\u00a0: {amount}",
    "mail_receipt_title": "Merci pour votre achat chez {shop}",
    "mail_receipt_text": {
        "one": "Votre plan de paiement avec {creditor} a commencé. Vous payez {amount} en {count} paiement.",
        "other": "Votre plan de paiement avec {creditor} a commencé. Vous payez {amount} en {count} "
        "paiements.",
    },
    "mail_receipt_paper": "Le reçu est joint au format PDF.",
    # A refund.
    "mail_refund_subject": "Votre remboursement de {shop}\u00a0: {amount}",
    "mail_refund_title": "{shop} a remboursé {amount}",
    "mail_refund_card": "Sur ce montant, {amount} reviennent sur votre carte.",
    "mail_refund_left": {
        "one": "Il reste {count} paiement dans votre plan, soit {amount} au total.",
        "other": "Il reste {count} paiements dans votre plan, soit {amount} au total.",
    },
    "mail_refund_over": "Votre plan est terminé. Vous n’avez plus rien à payer.",
    # A missed payment.
    "mail_overdue_subject": "Un paiement pour votre achat chez {shop} n’a pas abouti",
    "mail_overdue_title": "Nous n’avons pas pu encaisser un paiement",
    "mail_overdue_text": "Le paiement n° {number} de {amount} pour votre achat chez {shop} était à payer le "
    "{date}. Votre carte n’a pas pu être débitée.",
    "mail_overdue_again": "Nous essaierons de nouveau le {date}. Veillez à ce que votre carte puisse être "
    "débitée ce jour-là.",
    "mail_overdue_last": "Nous n’essaierons plus. Veuillez contacter {creditor} pour régler ce paiement.",
    "mail_overdue_help": "Si vous avez du mal à payer, parlez-en sans attendre à {creditor}. Les "
    "conséquences "
    "d’un paiement manqué figurent dans votre contrat.",
    # The right to withdraw.
    "mail_withdrawal_subject": "Vous pouvez vous rétracter de votre plan jusqu’au {date}",
    "mail_withdrawal_title": "Votre droit de rétractation",
    "mail_withdrawal_text": "Le {accepted}, vous avez accepté un plan de paiement avec {creditor} pour votre "
    "achat chez {shop}. Vous pouvez vous rétracter de ce contrat de crédit jusqu’au {date} inclus, sans "
    "donner "
    "de raison.",
    "mail_withdrawal_how": "Pour vous rétracter, informez {creditor} par écrit avant la fin de cette "
    "journée.",
    "mail_withdrawal_address": "Adresse\u00a0: {address}",
    "mail_withdrawal_effect": "Vous remboursez ensuite sous 30 jours ce qui reste dû, avec les intérêts "
    "jusqu’au jour du paiement. L’achat lui-même est maintenu.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "Un événement n’a pas pu être remis à {host}",
    "mail_webhook_title": "Un webhook a été abandonné",
    "mail_webhook_text": {
        "one": "L’événement {event} ({topic}) n’a pas atteint votre point d’accès {endpoint} chez {host}. "
        "Après {count} essai, il n’est plus envoyé.",
        "other": "L’événement {event} ({topic}) n’a pas atteint votre point d’accès {endpoint} chez {host}. "
        "Après {count} essais, il n’est plus envoyé.",
    },
    "mail_webhook_reason": "Dernier résultat\u00a0: {reason}",
    "mail_webhook_next": "Dès que votre point d’accès répond, faites renvoyer l’événement\u00a0: POST "
    "/v1/events/{event}/resend",
}
