"""What the hosted page says around a payment, in French: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

FRENCH: Mapping[str, Sentence] = {
    "hosted_languages": "Langue",
    "hosted_phone": "Continuer sur votre téléphone",
    "hosted_phone_text": "Scannez ce code avec l’appareil photo de votre téléphone\u00a0: le paiement s’y "
    "ouvre. Ce que vous avez saisi ici reste ici.",
    "hosted_phone_code": "Code QR avec l’adresse de cette page",
    "hosted_sheet": "Informations avant votre accord",
    "hosted_sheet_pdf": "Informations avant votre accord (PDF)",
    "hosted_papers": "À conserver",
    "hosted_agreement": "Votre contrat",
    "hosted_agreement_pdf": "Votre contrat (PDF)",
    "hosted_receipt_pdf": "Votre reçu (PDF)",
    "hosted_plan_page": "Revoir ce plan plus tard\u00a0: ce qui est payé et ce qui reste à payer",
    "hosted_new_window": "s’ouvre dans une nouvelle fenêtre",
    "hosted_schedule_of": "Paiements du plan {title}",
    "hosted_more_facts": "En savoir plus sur ce plan",
    "hosted_accessibility": "Accessibilité",
    "hosted_accessibility_intro": "Chacun doit pouvoir payer ici\u00a0: à la souris, au clavier seul, avec "
    "un lecteur d’écran, avec un texte agrandi et sans script.",
    "hosted_accessibility_standard": "Ces pages suivent les règles WCAG 2.2 pour l’accessibilité des "
    "contenus web, niveaux A et AA.",
    "hosted_accessibility_tested": "Ce qui a été vérifié",
    "hosted_accessibility_date": "Date",
    "hosted_accessibility_browser": "Navigateur",
    "hosted_accessibility_states": "États de la page",
    "hosted_accessibility_views": "Vues vérifiées",
    "hosted_accessibility_widths": "Largeurs en pixels",
    "hosted_accessibility_languages": "Langues",
    "hosted_accessibility_rules": "Règles automatiques respectées",
    "hosted_accessibility_violations": "Défauts trouvés",
    "hosted_accessibility_purchases": "Achats réalisés",
    "hosted_accessibility_ways": "à la souris, au clavier seul, sans script",
    "hosted_accessibility_limits": "Limites connues",
    "hosted_accessibility_limit_people": "Les contrôles automatiques ne trouvent qu’une partie des "
    "obstacles. Aucun test n’a encore été fait par des personnes handicapées.",
    "hosted_accessibility_limit_readers": "Aucun test n’a été fait avec un lecteur d’écran.",
    "hosted_accessibility_limit_terms": "Les conditions d’un plan sont affichées dans la langue dans "
    "laquelle le prêteur les fournit.",
    "hosted_accessibility_limit_others": "La page de votre banque et les conditions complètes à "
    "d’autres adresses ne font pas partie de cette déclaration.",
    "hosted_accessibility_help": "Si quelque chose ne fonctionne pas",
    "hosted_accessibility_help_text": "Contactez la boutique. Elle peut prendre votre commande d’une "
    "autre façon.",
}
