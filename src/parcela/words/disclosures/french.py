"""What is said of a plan beyond the ten facts, in French. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "Prêteur",
    "fact_label_cash_price": "Prix au comptant",
    "fact_label_amount_financed": "Montant financé",
    "fact_label_finance_charge": "Frais de financement",
    "fact_label_total_of_payments": "Total des paiements",
    "fact_label_total_sale_price": "Prix de vente total",
    "fact_label_duration": "Durée",
    "fact_label_borrowing_rate": "Taux débiteur",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "Composition du total",
    "fact_label_late_payment": "En cas de retard de paiement",
    "fact_label_prepayment": "Remboursement anticipé",
    "fact_label_withdrawal": "Droit de rétractation",
    "fact_label_complaints": "Réclamations",
    "fact_label_credit_bureau": "Fichiers de crédit",
    "fact_label_credit_warning": "Avertissement",
    "fact_label_personalised": "Offre personnalisée",
    "fact_label_creditworthiness": "Examen de solvabilité",
    "fact_label_informative": "À propos de ce taux",
    "fact_label_card_account": "Votre compte de carte",
    "fact_label_further_information": "Informations complémentaires",
    "fact_label_continuous_authority": "Autorisation de prélèvement continu",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "\u202f; ",
    "fact_duration": {
        "one": "{count} mois, dernier paiement le {date}",
        "other": "{count} mois, dernier paiement le {date}",
    },
    "fact_rate_a_year": "{percent} par an, fixe",
    "fact_rate_with_fees": "{percent} par an, fixe\u202f; avec les frais, cela revient à {rate} ({label})",
    "fact_component": "{name}\u00a0: {amount} ({share})",
    "fact_component_financed": "achat",
    "fact_component_interest": "intérêts",
    "fact_component_fees": "frais",
    "fact_component_tax": "IOF (taxe)",
    "fact_component_total": "somme des paiements",
    # A sentence of ours for each that the creditor’s counsel has not given.
    "fact_late_payment": (
        "Payez à temps\u00a0: les conditions du plan indiquent ce que coûte un retard et quelles en sont les "
        "conséquences."
    ),
    "fact_prepayment": (
        "Adressez-vous à {creditor} si vous voulez payer par anticipation. Les conditions du plan indiquent "
        "ce que cela change."
    ),
    "fact_withdrawal": (
        "Les conditions du plan indiquent si et comment vous pouvez vous rétracter ou l’annuler."
    ),
    "fact_withdrawal_eu": (
        "Vous pouvez vous rétracter du crédit dans un délai de 14 jours, sans donner de motif. Prévenez "
        "{creditor}."
    ),
    "fact_complaints": (
        "Écrivez d’abord à {creditor}. Les conditions du plan indiquent qui peut trancher en cas de "
        "désaccord."
    ),
    "fact_complaints_uk": (
        "Écrivez d’abord à {creditor}. Si la réponse ne vous satisfait pas, vous pouvez saisir le "
        "Financial Ombudsman Service."
    ),
    "fact_credit_bureau": (
        "{creditor} peut consulter des fichiers de crédit à votre sujet et y signaler ce plan."
    ),
    "fact_personalised": "Cette offre a été établie pour vous par des moyens automatisés.",
    "fact_creditworthiness": "{creditor} vérifie avant l’accord que vous pouvez assumer le plan.",
    "fact_further_information": (
        "Vos droits de vous rétracter ou de résilier, de payer par anticipation et de réclamer "
        "figurent dans les informations que vous pouvez lire et conserver avant d’accepter."
    ),
    "fact_continuous_authority": (
        "{creditor} prélève chaque paiement sur votre carte : vous lui donnez une autorisation "
        "de prélèvement continu. Vous pouvez y mettre fin à tout moment : prévenez {creditor} ou "
        "la banque de votre carte. Vous payez alors le reste par un autre moyen."
    ),
    "fact_credit_warning": "Attention\u202f! Emprunter de l’argent coûte de l’argent.",
    "fact_informative": "{label} hors TVA, à titre d’information et de comparaison. Calculé le {date}.",
    "fact_card_account": (
        "Les conditions de votre compte de carte chez {creditor} s’appliquent. Le taux indiqué ({label}) "
        "sert à comparer."
    ),
}
