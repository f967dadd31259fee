"""The cardholder's own page in French."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    "plan_page_link": "Votre plan de paiement",
    "plan_page_title": "Votre plan de paiement",
    "plan_page_purchase": "Achat chez {shop}",
    "plan_page_card": "{brand} se terminant par {last_four}",
    "plan_page_state_created": "Le plan commence quand la boutique débite votre carte.",
    "plan_page_state_active": {
        "one": "Il reste {count} paiement à venir.",
        "other": "Il reste {count} paiements à venir.",
    },
    "plan_page_state_completed": "Tout est payé. Il ne reste rien à payer.",
    "plan_page_state_cancelled": "Ce plan a été annulé. Plus rien ne sera prélevé.",
    "plan_page_overdue": (
        "Un paiement n’a pas pu être prélevé. Veuillez vérifier que votre carte peut être débitée."
    ),
    "plan_page_held": (
        "Un remboursement est en cours. Rien n’est prélevé avant son arrivée, et les montants à venir peuvent"
        " changer."
    ),
    "plan_page_progress": "Paiements effectués\u00a0: {paid} sur {all}",
    "plan_page_paid": "Déjà payé",
    "plan_page_remaining": "Reste à payer",
    "plan_page_next": "Prochain paiement",
    "plan_page_next_fact": "{amount} le {date}",
    "plan_page_runs_from_card": "Les paiements sont prélevés sur votre carte\u00a0: {card}.",
    "plan_page_rows": "Tous les paiements",
    "plan_page_row_status": "État",
    "plan_page_row_paid": "Payé",
    "plan_page_row_due": "À\u00a0venir",
    "plan_page_row_overdue": "En\u00a0retard",
    "plan_page_row_cancelled": "Annulé",
    "plan_page_refunds": "Remboursements",
    "plan_page_refund_pending": "{amount}, en cours. Il devrait arriver entre le {start} et le {end}.",
    "plan_page_refund_succeeded": "{amount}, effectué le {date}.",
    "plan_page_refund_failed": (
        "{amount}\u00a0: ce remboursement n’a pas abouti. La boutique en est informée."
    ),
    "plan_page_refund_cancelled": "{amount}\u00a0: la boutique a retiré ce remboursement.",
    "plan_page_refund_changes": "Reste à payer\u00a0: {before} avant, {after} après.",
    "plan_page_refund_cash": "Rendu sur votre carte\u00a0: {amount}.",
    "plan_page_early": "Payer par anticipation",
    "plan_page_early_by_issuer": (
        "La banque de votre carte gère ce plan. Pour payer par anticipation, adressez-vous à {lender}."
    ),
    "plan_page_early_not_allowed": (
        "Chaque paiement est prélevé à sa date. Pour payer par anticipation, adressez-vous à {lender}."
    ),
    "plan_page_early_under_way": (
        "Un paiement est en cours de prélèvement. Revenez voir dans quelques minutes."
    ),
    "plan_page_early_refund_pending": (
        "Vous pourrez de nouveau payer par anticipation quand le remboursement sera arrivé."
    ),
    "plan_page_early_refused_too_often": (
        "Des paiements anticipés ont été refusés plusieurs fois. Veuillez vous adresser à {lender}."
    ),
    "plan_page_early_next": "Régler maintenant le prochain paiement",
    "plan_page_early_rest": "Régler maintenant tout ce qui reste",
    "plan_page_early_amount": "{amount} sur votre carte",
    "plan_page_early_saves": "Vous économisez {amount} d’intérêts.",
    "plan_page_early_paid": "Vous avez payé {amount} par anticipation le {date}. Merci.",
    "plan_page_early_asked": (
        "Votre paiement anticipé de {amount} est en cours de traitement. Vous n’avez rien à faire."
    ),
    "plan_page_early_refused": (
        "Votre paiement anticipé de {amount} a été refusé. Rien n’a été débité, et votre plan"
        " continue comme avant."
    ),
    "plan_page_check_title": "Vérifier et payer par anticipation",
    "plan_page_check_principal": "Part de l’achat",
    "plan_page_check_interest": "Intérêts",
    "plan_page_check_fee": "Frais",
    "plan_page_check_tax": "dont {tax}",
    "plan_page_check_amount": "Vous payez maintenant",
    "plan_page_check_saved": "Intérêts économisés",
    "plan_page_check_left": "Reste à payer ensuite",
    "plan_page_check_day": "Ces chiffres sont valables aujourd’hui, le {date}.",
    "plan_page_check_pay": "Payer {amount} maintenant",
    "plan_page_back": "Revenir au plan",
    "plan_page_papers": "Documents",
    "plan_page_agreement": "Contrat",
    "plan_page_receipt": "Reçu",
    "plan_page_record": "Ce qui a été affiché et convenu (fichier de données)",
    "plan_page_as_pdf": "{paper} (PDF)",
    "plan_page_rights": "Bon à savoir",
    "plan_page_lender": "Qui vous prête le montant",
    "plan_page_keep": (
        "Toute personne qui a l’adresse de cette page peut voir votre plan\u00a0: gardez-la pour vous."
    ),
    "plan_page_missing_title": "Il n’y a pas de plan ici",
    "plan_page_missing_text": (
        "Cette adresse ne mène à aucun plan, ou elle a été remplacée. Demandez-en une nouvelle à la boutique."
    ),
    "plan_page_stale_title": "Les chiffres ont changé",
    "plan_page_stale_text": "Rien n’a été débité. Retournez au plan pour voir les chiffres actuels.",
    "plan_page_paper_missing_title": "Ce document ne peut pas être créé pour le moment",
    "plan_page_paper_missing_text": "Choisissez-le comme page web, ou réessayez plus tard.",
}
