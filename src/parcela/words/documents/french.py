"""The sentences of papers in French."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "Votre plan de paiement en bref, avant votre accord",
    "paper_sheet_intro": (
        "Cette fiche décrit le plan de paiement qui vous a été proposé le {date} à {time} pour votre "
        "achat chez {shop}. Elle ne vous engage à rien."
    ),
    "paper_agreement_title": "Contrat de votre plan de paiement",
    "paper_agreement_intro": "Vous avez accepté ce plan pour votre achat chez {shop} le {date} à {time}.",
    "paper_receipt_title": "Reçu",
    "paper_receipt_intro": "Votre achat chez {shop} le {date} à {time}, payé avec un plan.",
    "paper_sample": "Spécimen\u00a0: mode test. Aucun argent n’est transféré.",
    "paper_page": "Page {number} sur {count}",
    # Headings.
    "paper_parties": "Les parties",
    "paper_key_facts": "L’essentiel",
    "paper_more_facts": "En savoir plus sur ce plan",
    "paper_terms": "Conditions",
    "paper_terms_shown": "Les conditions, telles qu’elles ont été affichées",
    "paper_accepted": "Ce que vous avez accepté",
    # Parties.
    "paper_shop": "Boutique (intermédiaire de crédit)",
    "paper_order": "Commande",
    "paper_payment": "Paiement",
    "paper_plan": "Plan",
    "paper_card": "Carte",
    # Key facts.
    "paper_credit": "Montant total du crédit",
    "paper_cost": "Coût du crédit",
    "paper_total_to_pay": "Montant total à payer",
    "paper_payments": "Paiements",
    "paper_fees": "Frais",
    "paper_no_fees": "Aucun",
    "paper_returns": "Si vous retournez un article",
    "paper_not_set": "Le texte du conseil juridique du prêteur n’est pas renseigné.",
    "paper_line": "{label}\u00a0: {text}",
    # Schedule.
    "paper_schedule": "Tous les paiements et leurs dates",
    "paper_number": "N°",
    "paper_date": "Date",
    "paper_amount": "Montant",
    "paper_total": "Total",
    # Terms and agreement.
    "paper_terms_version": "{id}, version {version}",
    "paper_confirmed": "Vous avez confirmé ce plan le {date} à {time}.",
    "paper_ticked": "Vous avez coché la case avec ce texte\u00a0:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "Ce fichier ne peut pas être créé pour le moment",
    "paper_unavailable_text": (
        "Rien n’a été modifié. Vous pouvez ouvrir le même texte en page web et l’imprimer."
    ),
}
