"""The cardholder's own page in German."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    "plan_page_link": "Ihr Ratenplan",
    "plan_page_title": "Ihr Ratenplan",
    "plan_page_purchase": "Einkauf bei {shop}",
    "plan_page_card": "{brand} mit den Endziffern {last_four}",
    "plan_page_state_created": "Der Plan beginnt, sobald der Shop Ihre Karte belastet.",
    "plan_page_state_active": {
        "one": "{count} Rate steht noch aus.",
        "other": "{count} Raten stehen noch aus.",
    },
    "plan_page_state_completed": "Alles ist bezahlt. Es ist nichts mehr offen.",
    "plan_page_state_cancelled": "Dieser Plan wurde aufgehoben. Es wird nichts mehr eingezogen.",
    "plan_page_overdue": (
        "Eine Rate konnte nicht eingezogen werden. Bitte sorgen Sie dafür, dass Ihre Karte"
        " belastet werden kann."
    ),
    "plan_page_held": (
        "Eine Erstattung ist unterwegs. Bis sie eingegangen ist, wird nichts eingezogen; die"
        " künftigen Beträge"
        " können sich ändern."
    ),
    "plan_page_progress": "Bezahlte Raten: {paid} von {all}",
    "plan_page_paid": "Bisher bezahlt",
    "plan_page_remaining": "Noch zu zahlen",
    "plan_page_next": "Nächste Rate",
    "plan_page_next_fact": "{amount} am {date}",
    "plan_page_runs_from_card": "Die Raten werden von Ihrer Karte eingezogen: {card}.",
    "plan_page_rows": "Alle Raten",
    "plan_page_row_status": "Stand",
    "plan_page_row_paid": "Bezahlt",
    "plan_page_row_due": "Offen",
    "plan_page_row_overdue": "Überfällig",
    "plan_page_row_cancelled": "Entfallen",
    "plan_page_refunds": "Erstattungen",
    "plan_page_refund_pending": (
        "{amount}, unterwegs. Sie sollte zwischen dem {start} und dem {end} eingehen."
    ),
    "plan_page_refund_succeeded": "{amount}, erfolgt am {date}.",
    "plan_page_refund_failed": "{amount}: Diese Erstattung ist nicht gelungen. Der Shop weiß davon.",
    "plan_page_refund_cancelled": "{amount}: Der Shop hat diese Erstattung zurückgenommen.",
    "plan_page_refund_changes": "Noch zu zahlen: vorher {before}, nachher {after}.",
    "plan_page_refund_cash": "Zurück auf Ihre Karte: {amount}.",
    "plan_page_early": "Vorzeitig zahlen",
    "plan_page_early_by_issuer": (
        "Die Bank Ihrer Karte führt diesen Plan. Wenn Sie vorzeitig zahlen möchten, fragen Sie {lender}."
    ),
    "plan_page_early_not_allowed": (
        "Jede Rate wird an ihrem Termin eingezogen. Wenn Sie vorzeitig zahlen möchten, fragen Sie {lender}."
    ),
    "plan_page_early_under_way": (
        "Gerade wird eine Rate eingezogen. Bitte sehen Sie in einigen Minuten noch einmal nach."
    ),
    "plan_page_early_refund_pending": (
        "Sie können wieder vorzeitig zahlen, wenn die Erstattung eingegangen ist."
    ),
    "plan_page_early_refused_too_often": (
        "Vorzeitige Zahlungen wurden mehrmals abgelehnt. Bitte fragen Sie {lender}."
    ),
    "plan_page_early_next": "Nächste Rate jetzt zahlen",
    "plan_page_early_rest": "Den ganzen Rest jetzt zahlen",
    "plan_page_early_amount": "{amount} von Ihrer Karte",
    "plan_page_early_saves": "Sie sparen {amount} Zinsen.",
    "plan_page_early_paid": "Sie haben am {date} vorzeitig {amount} gezahlt. Vielen Dank.",
    "plan_page_early_asked": "Ihre vorzeitige Zahlung von {amount} wird bearbeitet. Sie müssen nichts tun.",
    "plan_page_early_refused": (
        "Ihre vorzeitige Zahlung von {amount} wurde abgelehnt. Es wurde nichts abgebucht, und Ihr Plan läuft"
        " weiter wie zuvor."
    ),
    "plan_page_check_title": "Prüfen und vorzeitig zahlen",
    "plan_page_check_principal": "Anteil am Einkauf",
    "plan_page_check_interest": "Zinsen",
    "plan_page_check_fee": "Gebühren",
    "plan_page_check_tax": "davon {tax}",
    "plan_page_check_amount": "Sie zahlen jetzt",
    "plan_page_check_saved": "Zinsen, die Sie sparen",
    "plan_page_check_left": "Danach noch zu zahlen",
    "plan_page_check_day": "Diese Zahlen gelten heute, am {date}.",
    "plan_page_check_pay": "Jetzt {amount} zahlen",
    "plan_page_back": "Zurück zum Plan",
    "plan_page_papers": "Unterlagen",
    "plan_page_agreement": "Vertrag",
    "plan_page_receipt": "Beleg",
    "plan_page_record": "Was gezeigt und vereinbart wurde (Datei mit Daten)",
    "plan_page_as_pdf": "{paper} (PDF)",
    "plan_page_rights": "Gut zu wissen",
    "plan_page_lender": "Wer Ihnen den Betrag leiht",
    "plan_page_keep": "Wer die Adresse dieser Seite hat, sieht Ihren Plan: Geben Sie sie nicht weiter.",
    "plan_page_missing_title": "Hier ist kein Ratenplan",
    "plan_page_missing_text": (
        "Diese Adresse führt zu keinem Ratenplan, oder sie wurde ersetzt. Bitte fragen Sie den Shop nach"
        " einer neuen."
    ),
    "plan_page_stale_title": "Die Zahlen haben sich geändert",
    "plan_page_stale_text": (
        "Es wurde nichts abgebucht. Gehen Sie zurück zum Plan: Dort stehen die jetzigen Zahlen."
    ),
    "plan_page_paper_missing_title": "Dieses Dokument kann gerade nicht erstellt werden",
    "plan_page_paper_missing_text": (
        "Bitte wählen Sie es als Webseite, oder versuchen Sie es später noch einmal."
    ),
}
