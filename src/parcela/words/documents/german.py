"""The sentences of papers in German."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "Ihr Ratenplan auf einen Blick, bevor Sie zustimmen",
    "paper_sheet_intro": (
        "Dieses Blatt beschreibt den Ratenplan, der Ihnen am {date} um {time} für Ihren Kauf bei "
        "{shop} angeboten wurde. Es verpflichtet Sie zu nichts."
    ),
    "paper_agreement_title": "Vertrag über Ihren Ratenplan",
    "paper_agreement_intro": (
        "Sie haben diesem Ratenplan für Ihren Kauf bei {shop} am {date} um {time} zugestimmt."
    ),
    "paper_receipt_title": "Beleg",
    "paper_receipt_intro": "Ihr Kauf bei {shop} am {date} um {time}, bezahlt mit einem Ratenplan.",
    "paper_sample": "Muster: Testmodus. Es fließt kein Geld.",
    "paper_page": "Seite {number} von {count}",
    # Headings.
    "paper_parties": "Wer beteiligt ist",
    "paper_key_facts": "Das Wichtigste",
    "paper_more_facts": "Mehr zu diesem Ratenplan",
    "paper_terms": "Bedingungen",
    "paper_terms_shown": "Die Bedingungen, genau wie sie gezeigt wurden",
    "paper_accepted": "Was Sie vereinbart haben",
    # Parties.
    "paper_shop": "Händler (Kreditvermittler)",
    "paper_order": "Bestellung",
    "paper_payment": "Zahlung",
    "paper_plan": "Ratenplan",
    "paper_card": "Karte",
    # Key facts.
    "paper_credit": "Gesamtkreditbetrag",
    "paper_cost": "Kreditkosten",
    "paper_total_to_pay": "Gesamtbetrag",
    "paper_payments": "Raten",
    "paper_fees": "Gebühren",
    "paper_no_fees": "Keine",
    "paper_returns": "Wenn Sie etwas zurückgeben",
    "paper_not_set": "Der Wortlaut der Rechtsabteilung des Kreditgebers ist nicht hinterlegt.",
    "paper_line": "{label}: {text}",
    # Schedule.
    "paper_schedule": "Alle Raten und Termine",
    "paper_number": "Nr.",
    "paper_date": "Datum",
    "paper_amount": "Betrag",
    "paper_total": "Summe",
    # Terms and agreement.
    "paper_terms_version": "{id}, Version {version}",
    "paper_confirmed": "Sie haben diesen Ratenplan am {date} um {time} bestätigt.",
    "paper_ticked": "Sie haben das Feld mit diesem Text angekreuzt:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "Diese Datei kann gerade nicht erstellt werden",
    "paper_unavailable_text": (
        "Es wurde nichts geändert. Sie können denselben Text als Seite öffnen und drucken."
    ),
}
