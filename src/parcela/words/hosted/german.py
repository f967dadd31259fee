"""What the hosted page says around a payment, in German: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    "hosted_languages": "Sprache",
    "hosted_phone": "Auf dem Handy weitermachen",
    "hosted_phone_text": "Scannen Sie diesen Code mit der Kamera Ihres Handys: Die Zahlung öffnet sich "
    "dort. Was Sie hier eingegeben haben, bleibt hier.",
    "hosted_phone_code": "QR-Code mit der Adresse dieser Seite",
    "hosted_sheet": "Informationen vor dem Abschluss",
    "hosted_sheet_pdf": "Informationen vor dem Abschluss (PDF)",
    "hosted_papers": "Für Ihre Unterlagen",
    "hosted_agreement": "Ihr Vertrag",
    "hosted_agreement_pdf": "Ihr Vertrag (PDF)",
    "hosted_receipt_pdf": "Ihr Beleg (PDF)",
    "hosted_plan_page": "Diesen Ratenplan später ansehen: was bezahlt ist und was noch kommt",
    "hosted_new_window": "öffnet sich in einem neuen Fenster",
    "hosted_schedule_of": "Raten des Plans {title}",
    "hosted_more_facts": "Mehr zu diesem Ratenplan",
    "hosted_accessibility": "Barrierefreiheit",
    "hosted_accessibility_intro": "Alle sollen hier bezahlen können: mit der Maus, nur mit der "
    "Tastatur, mit einem Screenreader, mit vergrößerter Schrift und ohne Skripte.",
    "hosted_accessibility_standard": "Diese Seiten folgen den Web Content Accessibility Guidelines "
    "(WCAG) 2.2, Stufen A und AA.",
    "hosted_accessibility_tested": "Was geprüft wurde",
    "hosted_accessibility_date": "Datum",
    "hosted_accessibility_browser": "Browser",
    "hosted_accessibility_states": "Zustände der Seite",
    "hosted_accessibility_views": "Geprüfte Ansichten",
    "hosted_accessibility_widths": "Breiten in Pixeln",
    "hosted_accessibility_languages": "Sprachen",
    "hosted_accessibility_rules": "Bestandene automatische Regeln",
    "hosted_accessibility_violations": "Gefundene Fehler",
    "hosted_accessibility_purchases": "Durchgeführte Käufe",
    "hosted_accessibility_ways": "mit der Maus, nur mit der Tastatur, mit abgeschalteten Skripten",
    "hosted_accessibility_limits": "Bekannte Grenzen",
    "hosted_accessibility_limit_people": "Automatische Prüfungen finden nur einen Teil aller Barrieren. "
    "Eine Prüfung durch Menschen mit Behinderungen steht noch aus.",
    "hosted_accessibility_limit_readers": "Mit einem Screenreader wurde nicht geprüft.",
    "hosted_accessibility_limit_terms": "Die Bedingungen eines Ratenplans stehen in der Sprache, in der sie "
    "der Kreditgeber bereitstellt.",
    "hosted_accessibility_limit_others": "Die Seite Ihrer Bank und die vollständigen Bedingungen unter "
    "anderen Adressen gehören nicht zu dieser Erklärung.",
    "hosted_accessibility_help": "Wenn etwas nicht funktioniert",
    "hosted_accessibility_help_text": "Wenden Sie sich an den Shop. Er kann Ihre Bestellung auf anderem "
    "Weg annehmen.",
}
