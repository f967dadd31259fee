"""The pages' texts in French. `{name}` is filled in; nothing here is markup.

A no-break space stands before the double marks, and before the exclamation and question marks.
"""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    # Around every page.
    "shop_asks": "Paiement à {shop}",
    "order": "Commande",
    "test_mode": "Mode test\u00a0: aucun argent n’est transféré.",
    "cancel": "Annuler et revenir à {shop}",
    "to_shop": "Revenir à {shop}",
    "step": "Étape {number} sur 3",
    "problem": "Veuillez vérifier vos réponses",
    # Step 1.
    "card_title": "Votre carte",
    "card_number": "Numéro de carte",
    "card_expiry": "Date d’expiration (mois / année)",
    "card_expiry_hint": "Comme sur la carte, par exemple 09\u00a0/\u00a031",
    "card_code": "Cryptogramme",
    "card_code_hint": "3 ou 4 chiffres inscrits sur la carte",
    "card_name": "Nom inscrit sur la carte",
    "card_next": "Continuer vers les modes de paiement",
    "card_next_in_full": "Continuer vers la vérification",
    "nothing_yet": "Rien n’est encore débité.",
    "wrong_number": "Saisissez le numéro de carte complet, en chiffres uniquement.",
    "wrong_expiry": "Saisissez un mois et une année qui ne sont pas passés, par exemple 09\u00a0/\u00a031.",
    "wrong_code": "Saisissez les 3 ou 4 chiffres du cryptogramme.",
    "wrong_name": "Saisissez le nom inscrit sur la carte, sans les chiffres de la carte.",
    # Step 2.
    "choice_title": "Choisissez comment payer",
    "choice_legend": "Modes de paiement avec {card}",
    "choice_next": "Continuer vers la vérification",
    "wrong_choice": "Choisissez l’un des modes de paiement.",
    "in_full": "Payer en une fois",
    "in_full_fact": "Un seul paiement de {amount} maintenant, sans échelonnement.",
    "suggested": "Suggéré par la boutique",
    "plan_title": "{count} × {amount}",
    "plan_title_between": "{count} × {lowest} à {highest}",
    "plan_by": "Paiement en plusieurs fois proposé par {lender}",
    "ends": "Cette offre prend fin à {time}.",
    "no_plans": "Le paiement en plusieurs fois n’est pas possible avec cette carte",
    "no_plans_in_full": "Vous pouvez payer en une fois ou essayer une autre carte.",
    "no_plans_required": (
        "La boutique n’accepte cette commande qu’en plusieurs fois\u00a0: essayez une autre carte."
    ),
    "other_card": "Utiliser une autre carte",
    "other_plan": "Changer de mode de paiement",
    # The ten facts of a plan.
    "first_payment": "Premier paiement",
    "last_payment": "Dernier paiement",
    "total": "Montant total à payer",
    "cost": "Coût du crédit",
    "interest": "Taux débiteur annuel",
    "fees": "Frais",
    "no_fees": "Aucun",
    "fee_first_payment": "{amount} avec le premier paiement",
    "fee_every_payment": "{amount} au total, répartis sur les paiements",
    "fee_iof": "{amount} d’IOF (taxe), compris dans les paiements",
    "fee_vat": "{amount} de TVA, compris dans les paiements",
    "tax_iof": "IOF (taxe)",
    "tax_vat": "TVA",
    "first_due": "Premier paiement le",
    "schedule": "Tous les paiements et leurs dates",
    "schedule_number": "N°",
    "schedule_date": "Date d’échéance",
    "schedule_amount": "Montant",
    "schedule_total": "Somme",
    "named": "{name}\u00a0:",
    "returns": "Si vous retournez un article",
    "terms": "Conditions",
    "terms_link": "Lire toutes les conditions",
    "credit_check": "{lender} vérifie votre solvabilité avant d’accorder ce paiement en plusieurs fois.",
    # One more answer.
    "details_title": "Vos coordonnées",
    "details_lender": "{lender} vous prête ce montant et doit savoir qui vous êtes.",
    "details_issuer": (
        "La banque de votre carte a besoin d’une information de plus pour ce paiement en plusieurs fois."
    ),
    "details_more": "{lender} a encore une question.",
    "details_name": "Prénom et nom",
    "details_email": "Adresse e-mail",
    "details_phone": "Téléphone",
    "details_line1": "Numéro et rue",
    "details_postal_code": "Code postal",
    "details_city": "Ville",
    "details_country": "Pays",
    "details_pick": "Choisissez un pays",
    "details_consent": (
        "J’accepte que {lender} procède à une vérification simple de ma solvabilité avec ces réponses."
    ),
    "details_check": "Vérifier et continuer",
    "details_next": "Continuer vers la vérification",
    "wrong_consent": "La vérification demande votre accord. Sans lui, choisissez un autre mode de paiement.",
    "wrong_full_name": "Saisissez votre prénom et votre nom.",
    "wrong_line1": "Saisissez le numéro et la rue.",
    "wrong_postal_code": "Saisissez votre code postal.",
    "wrong_city": "Saisissez votre ville.",
    "wrong_phone": "Saisissez votre numéro de téléphone.",
    "wrong_email": "Saisissez une adresse e-mail comme ana@example.com.",
    "wrong_country": "Choisissez votre pays.",
    # Step 3.
    "review_title": "Vérifier et payer",
    "review_card": "Carte",
    "review_way": "Mode de paiement",
    "card_facts": "{brand} se terminant par {last_four}, valable jusqu’au {expiry}",
    "approved": "{lender} a accordé ce paiement en plusieurs fois.",
    "differs_nearest": (
        "La boutique a suggéré {wanted} paiements\u202f; l’offre la plus proche en compte {count}."
    ),
    "differs_chosen": "La boutique a suggéré {wanted} paiements\u202f; vous en avez choisi {count}.",
    "differs_consent": {
        "one": "Oui, je veux {count} paiement.",
        "other": "Oui, je veux {count} paiements.",
    },
    "wrong_differs": "Confirmez ce nombre de paiements ou changez de mode de paiement.",
    "wrong_terms": "Veuillez accepter les conditions de ce paiement en plusieurs fois.",
    "pay_plan": {
        "one": "Commander avec obligation de paiement\u00a0: {count} paiement",
        "other": "Commander avec obligation de paiement\u00a0: {count} paiements",
    },
    "pay_in_full": "Payer {amount}",
    # What came of the form before.
    "lapsed": "L’offre a pris fin pendant votre réflexion. Voici les offres actuelles.",
    "lapsed_review": "L’offre a pris fin pendant votre réflexion. Rien n’a été débité.",
    "lapsed_next": "Voir les offres actuelles",
    "plan_declined": (
        "La banque de votre carte n’a pas accordé ce paiement en plusieurs fois. Rien n’a été débité."
    ),
    "credit_declined": (
        "Le prêteur n’accorde pas ce paiement en plusieurs fois. "
        "Rien n’a été débité\u202f; vous pouvez payer autrement."
    ),
    "plan_unavailable": (
        "Il n’y a pas de réponse pour ce paiement en plusieurs fois pour le moment. Rien n’a été débité."
    ),
    "failed": "Cela n’a pas fonctionné. Rien n’a été débité\u202f; réessayez ou payez autrement.",
    "declined_title": "Le paiement n’a pas abouti",
    "declined_insufficient_funds": "La banque n’a pas autorisé ce montant sur cette carte.",
    "declined_incorrect_cvc": "Le cryptogramme n’était pas correct.",
    "declined_expired_card": "La carte a expiré.",
    "declined_issuer_unavailable": "La banque de la carte n’a pas pu être jointe.",
    "declined_authentication": "La banque n’a pas pu s’assurer que c’était bien vous.",
    "declined_other": "La banque de la carte n’a pas autorisé le paiement.",
    "declined_next": (
        "Rien n’a été débité. Essayez une autre carte ou un autre mode de paiement. "
        "Essais restants\u00a0: {count}."
    ),
    "declined_end": "Rien n’a été débité. Revenez à la boutique pour recommencer.",
    # Where the purchase stands.
    "challenge_title": "Votre banque vous demande une confirmation",
    "challenge_text": "Allez sur la page de votre banque et confirmez que c’est bien vous.",
    "challenge_next": "Aller à ma banque",
    "waiting_title": "Votre banque est interrogée",
    "waiting_text": (
        "Cela peut prendre un moment. Ne payez pas une seconde fois\u00a0: "
        "revenez voir cette page dans quelques secondes."
    ),
    "waiting_next": "Regarder à nouveau",
    "completed_title": "Merci, vous avez payé",
    "completed_plan_title": "Merci, votre paiement en plusieurs fois est conclu",
    "authorized_title": "Merci, le montant est réservé",
    "authorized_text": "La boutique prélève l’argent au moment où elle expédie votre commande.",
    "receipt": "Votre reçu",
    "receipt_print": "Imprimez ou conservez cette page comme reçu.",
    "receipt_payment": "Paiement",
    "receipt_date": "Date du paiement",
    "receipt_shop": "Boutique",
    "receipt_amount": "Montant de la commande",
    "receipt_plan": "Paiement en plusieurs fois",
    "calendar": "Ajouter les dates à mon agenda",
    "calendar_payment": "Paiement {number} sur {count}\u00a0: {amount} pour {shop}",
    "already_paid_title": "Ce paiement est fait",
    "already_paid_text": "Il n’y a plus rien à payer ici. La boutique en est informée.",
    "cancelled_title": "Ce paiement a été annulé",
    "cancelled_text": "Rien n’a été débité.",
    "expired_title": "Le délai de paiement est dépassé",
    "expired_text": "Rien n’a été débité. Revenez à la boutique pour recommencer.",
    # The simulated 3-D Secure page.
    "simulated_title": "Confirmez votre paiement",
    "simulated_text": (
        "Ceci est une page 3-D Secure simulée\u00a0: choisissez ce que fait le titulaire de la carte."
    ),
    "simulated_pass": "Confirmer le paiement",
    "simulated_fail": "Faire échouer l’authentification",
    # Pages without a payment.
    "missing_title": "Il n’y a rien à payer ici",
    "missing_text": "Cette adresse ne mène à aucun paiement. Revenez à la boutique et réessayez.",
    "stale_title": "Ce formulaire n’est plus à jour",
    "stale_text": "Rien n’a été modifié. Revenez à la page, autorisez son cookie, puis réessayez.",
    "foreign_title": "Ce formulaire vient d’un autre site",
    "foreign_text": "Rien n’a été modifié. Ouvrez la page depuis la boutique, puis réessayez.",
    "unreadable_title": "Il manque quelque chose",
    "unreadable_text": "Rien n’a été modifié. Rechargez la page, puis utilisez ses boutons.",
    "too_many_title": "Trop d’essais",
    "too_many_text": "Rien n’a été modifié. Revenez à la boutique pour recommencer.",
    "unavailable_title": "Indisponible pour le moment",
    "unavailable_text": "Rien n’a été modifié. Réessayez dans quelques secondes.",
    "not_here_title": "Cette adresse n’accepte que des formulaires",
    "not_here_text": "Rien n’a été modifié. Ouvrez la page depuis la boutique, puis utilisez ses boutons.",
    "to_page": "Revenir au paiement",
}
