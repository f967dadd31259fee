"""Mails in German."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "Testmodus: Es fließt kein Geld.",
    "mail_order": "Bestellung: {reference}",
    "mail_footer": "Diese Nachricht wurde automatisch für {shop} versandt. Antworten werden nicht gelesen.",
    "mail_number": "Nr.",
    "mail_date": "Datum",
    "mail_amount": "Betrag",
    "mail_total": "Summe",
    "mail_plan_link": "Ihr Ratenplan, Ihre Raten und Ihre Unterlagen:",
    # The receipt.
    "mail_receipt_subject": "Ihr Beleg von {shop}: {amount}",
    "mail_receipt_title": "Vielen Dank für Ihren Einkauf bei {shop}",
    "mail_receipt_text": {
        "one": "Ihr Ratenplan bei {creditor} hat begonnen. Sie zahlen {amount} in {count} Rate.",
        "other": "Ihr Ratenplan bei {creditor} hat begonnen. Sie zahlen {amount} in {count} Raten.",
    },
    "mail_receipt_paper": "Der Beleg ist als PDF-Datei angehängt.",
    # A refund.
    "mail_refund_subject": "Ihre Erstattung von {shop}: {amount}",
    "mail_refund_title": "{shop} hat {amount} erstattet",
    "mail_refund_card": "Davon gehen {amount} auf Ihre Karte zurück.",
    "mail_refund_left": {
        "one": "Ihr Ratenplan hat jetzt noch {count} Rate, zusammen {amount}.",
        "other": "Ihr Ratenplan hat jetzt noch {count} Raten, zusammen {amount}.",
    },
    "mail_refund_over": "Ihr Ratenplan ist beendet. Sie müssen nichts mehr zahlen.",
    # A missed payment.
    "mail_overdue_subject": "Eine Rate für Ihren Einkauf bei {shop} konnte nicht eingezogen werden",
    "mail_overdue_title": "Wir konnten eine Rate nicht einziehen",
    "mail_overdue_text": "Rate Nr. {number} über {amount} für Ihren Einkauf bei {shop} war am {date} fällig. "
    "Ihre Karte konnte nicht belastet werden.",
    "mail_overdue_again": "Wir versuchen es am {date} noch einmal. Bitte sorgen Sie dafür, dass Ihre Karte "
    "an "
    "diesem Tag belastet werden kann.",
    "mail_overdue_last": "Wir versuchen es nicht noch einmal. Bitte wenden Sie sich an {creditor}, um die "
    "Rate "
    "zu begleichen.",
    "mail_overdue_help": "Wenn Ihnen die Zahlung schwerfällt, sprechen Sie früh mit {creditor}. Welche "
    "Folgen "
    "eine ausgebliebene Zahlung hat, steht in Ihrem Vertrag.",
    # The right to withdraw.
    "mail_withdrawal_subject": "Sie können Ihren Ratenplan bis zum {date} widerrufen",
    "mail_withdrawal_title": "Ihr Widerrufsrecht",
    "mail_withdrawal_text": "Am {accepted} haben Sie für Ihren Einkauf bei {shop} einen Ratenplan mit "
    "{creditor} vereinbart. Sie können diesen Kreditvertrag bis einschließlich {date} widerrufen. Gründe "
    "müssen Sie nicht nennen.",
    "mail_withdrawal_how": "Teilen Sie den Widerruf {creditor} schriftlich mit, bevor dieser Tag endet.",
    "mail_withdrawal_address": "Anschrift: {address}",
    "mail_withdrawal_effect": "Danach zahlen Sie innerhalb von 30 Tagen zurück, was noch offen ist, mit den "
    "Zinsen bis zum Tag der Zahlung. Der Kauf selbst bleibt bestehen.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "Ein Ereignis konnte nicht an {host} zugestellt werden",
    "mail_webhook_title": "Ein Webhook wurde aufgegeben",
    "mail_webhook_text": {
        "one": "Das Ereignis {event} ({topic}) hat Ihren Endpunkt {endpoint} bei {host} nicht erreicht. Nach "
        "{count} Versuch wird es nicht mehr gesendet.",
        "other": "Das Ereignis {event} ({topic}) hat Ihren Endpunkt {endpoint} bei {host} nicht erreicht. "
        "Nach "
        "{count} Versuchen wird es nicht mehr gesendet.",
    },
    "mail_webhook_reason": "Letztes Ergebnis: {reason}",
    "mail_webhook_next": "Sobald Ihr Endpunkt wieder antwortet, lassen Sie das Ereignis noch einmal senden: "
    "POST /v1/events/{event}/resend",
}
