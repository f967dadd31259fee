"""The pages' texts in German. `{name}` is filled in; nothing here is markup.

The last button says that the order binds to pay, as § 312j (3) BGB asks.
"""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    # Around every page.
    "shop_asks": "Zahlung an {shop}",
    "order": "Bestellung",
    "test_mode": "Testmodus: Es fließt kein Geld.",
    "cancel": "Abbrechen und zurück zu {shop}",
    "to_shop": "Zurück zu {shop}",
    "step": "Schritt {number} von 3",
    "problem": "Bitte prüfen Sie Ihre Angaben",
    # Step 1.
    "card_title": "Ihre Karte",
    "card_number": "Kartennummer",
    "card_expiry": "Gültig bis (Monat / Jahr)",
    "card_expiry_hint": "Wie auf der Karte, zum Beispiel 09\u00a0/\u00a031",
    "card_code": "Prüfnummer",
    "card_code_hint": "3 oder 4 Ziffern auf der Karte",
    "card_name": "Name auf der Karte",
    "card_next": "Weiter zu den Zahlungsarten",
    "card_next_in_full": "Weiter zur Übersicht",
    "nothing_yet": "Es wird noch nichts abgebucht.",
    "wrong_number": "Geben Sie die ganze Kartennummer ein, nur Ziffern.",
    "wrong_expiry": (
        "Geben Sie einen Monat und ein Jahr ein, die noch nicht vorbei sind, zum Beispiel 09\u00a0/\u00a031."
    ),
    "wrong_code": "Geben Sie die 3 oder 4 Ziffern der Prüfnummer ein.",
    "wrong_name": "Geben Sie den Namen auf der Karte ein, ohne Ziffern der Karte.",
    # Step 2.
    "choice_title": "Wählen Sie, wie Sie zahlen",
    "choice_legend": "Zahlungsarten mit {card}",
    "choice_next": "Weiter zur Übersicht",
    "wrong_choice": "Wählen Sie eine der Zahlungsarten.",
    "in_full": "Auf einmal zahlen",
    "in_full_fact": "Eine Zahlung von {amount} jetzt, ohne Raten.",
    "suggested": "Vorschlag des Shops",
    "plan_title": "{count} × {amount}",
    "plan_title_between": "{count} × {lowest} bis {highest}",
    "plan_by": "Ratenplan von {lender}",
    "ends": "Dieses Angebot gilt bis {time}.",
    "no_plans": "Für diese Karte gibt es keinen Ratenplan",
    "no_plans_in_full": "Sie können auf einmal zahlen oder eine andere Karte verwenden.",
    "no_plans_required": (
        "Der Shop nimmt diese Bestellung nur mit Ratenplan an: Verwenden Sie eine andere Karte."
    ),
    "other_card": "Andere Karte verwenden",
    "other_plan": "Zahlungsart ändern",
    # The ten facts of a plan.
    "first_payment": "Erste Rate",
    "last_payment": "Letzte Rate",
    "total": "Gesamtbetrag",
    "cost": "Kreditkosten",
    "interest": "Sollzins im Jahr",
    "fees": "Gebühren",
    "no_fees": "Keine",
    "fee_first_payment": "{amount} mit der ersten Rate",
    "fee_every_payment": "{amount} insgesamt, auf die Raten verteilt",
    "fee_iof": "{amount} IOF (Steuer), in den Raten enthalten",
    "fee_vat": "{amount} Mehrwertsteuer, in den Raten enthalten",
    "tax_iof": "IOF (Steuer)",
    "tax_vat": "Mehrwertsteuer",
    "first_due": "Erste Rate am",
    "schedule": "Alle Raten und Termine",
    "schedule_number": "Nr.",
    "schedule_date": "Datum",
    "schedule_amount": "Betrag",
    "schedule_total": "Summe",
    "named": "{name}:",
    "returns": "Wenn Sie etwas zurückgeben",
    "terms": "Bedingungen",
    "terms_link": "Alle Bedingungen lesen",
    "credit_check": "{lender} prüft Ihre Bonität, bevor der Ratenplan vereinbart wird.",
    # One more answer.
    "details_title": "Angaben zu Ihnen",
    "details_lender": "{lender} leiht Ihnen den Betrag und muss wissen, wer Sie sind.",
    "details_issuer": "Die Bank Ihrer Karte braucht für diesen Ratenplan noch eine Angabe.",
    "details_more": "{lender} hat noch eine Frage.",
    "details_name": "Vor- und Nachname",
    "details_email": "E-Mail-Adresse",
    "details_phone": "Telefon",
    "details_line1": "Straße und Hausnummer",
    "details_postal_code": "Postleitzahl",
    "details_city": "Ort",
    "details_country": "Land",
    "details_pick": "Land wählen",
    "details_consent": "Ich stimme zu, dass {lender} mit diesen Angaben eine einfache Bonitätsprüfung macht.",
    "details_check": "Prüfen und weiter",
    "details_next": "Weiter zur Übersicht",
    "wrong_consent": "Für die Prüfung ist Ihre Zustimmung nötig. Wählen Sie sonst eine andere Zahlungsart.",
    "wrong_full_name": "Geben Sie Ihren Vor- und Nachnamen ein.",
    "wrong_line1": "Geben Sie Straße und Hausnummer ein.",
    "wrong_postal_code": "Geben Sie Ihre Postleitzahl ein.",
    "wrong_city": "Geben Sie Ihren Ort ein.",
    "wrong_phone": "Geben Sie Ihre Telefonnummer ein.",
    "wrong_email": "Geben Sie eine E-Mail-Adresse wie ana@example.com ein.",
    "wrong_country": "Wählen Sie Ihr Land.",
    # Step 3.
    "review_title": "Prüfen und bezahlen",
    "review_card": "Karte",
    "review_way": "Zahlungsart",
    "card_facts": "{brand} mit den Endziffern {last_four}, gültig bis {expiry}",
    "approved": "{lender} hat diesem Ratenplan zugestimmt.",
    "differs_nearest": (
        "Der Shop hat {wanted} Raten vorgeschlagen; am nächsten kommt das Angebot mit {count}."
    ),
    "differs_chosen": "Der Shop hat {wanted} Raten vorgeschlagen; Sie haben {count} gewählt.",
    "differs_consent": {
        "one": "Ja, ich möchte {count} Rate.",
        "other": "Ja, ich möchte {count} Raten.",
    },
    "wrong_differs": "Bestätigen Sie diese Anzahl von Raten oder ändern Sie die Zahlungsart.",
    "wrong_terms": "Bitte stimmen Sie den Bedingungen dieses Ratenplans zu.",
    "pay_plan": {
        "one": "Zahlungspflichtig bestellen: {count} Rate",
        "other": "Zahlungspflichtig bestellen: {count} Raten",
    },
    "pay_in_full": "Zahlungspflichtig bestellen: {amount}",
    # What came of the form before.
    "lapsed": (
        "Das Angebot ist abgelaufen, während Sie überlegt haben. Das sind die Ratenpläne, wie sie jetzt sind."
    ),
    "lapsed_review": "Das Angebot ist abgelaufen, während Sie überlegt haben. Es wurde nichts abgebucht.",
    "lapsed_next": "Aktuelle Ratenpläne zeigen",
    "plan_declined": "Die Bank Ihrer Karte hat diesen Ratenplan nicht gewährt. Es wurde nichts abgebucht.",
    "credit_declined": (
        "Der Kreditgeber gewährt diesen Ratenplan nicht. Es wurde nichts abgebucht; Sie können anders zahlen."
    ),
    "plan_unavailable": "Zu diesem Ratenplan gibt es im Moment keine Antwort. Es wurde nichts abgebucht.",
    "failed": (
        "Das hat nicht geklappt. Es wurde nichts abgebucht; "
        "versuchen Sie es noch einmal oder zahlen Sie anders."
    ),
    "declined_title": "Die Zahlung hat nicht geklappt",
    "declined_insufficient_funds": "Die Bank hat den Betrag für diese Karte nicht freigegeben.",
    "declined_incorrect_cvc": "Die Prüfnummer war nicht richtig.",
    "declined_expired_card": "Die Karte ist abgelaufen.",
    "declined_issuer_unavailable": "Die Bank der Karte war nicht zu erreichen.",
    "declined_authentication": "Die Bank konnte nicht sicherstellen, dass Sie es waren.",
    "declined_other": "Die Bank der Karte hat die Zahlung nicht freigegeben.",
    "declined_next": (
        "Es wurde nichts abgebucht. Versuchen Sie eine andere Karte oder Zahlungsart. "
        "Verbleibende Versuche: {count}."
    ),
    "declined_end": "Es wurde nichts abgebucht. Gehen Sie zurück zum Shop, um neu zu beginnen.",
    # Where the purchase stands.
    "challenge_title": "Ihre Bank bittet um Bestätigung",
    "challenge_text": "Gehen Sie weiter zur Seite Ihrer Bank und bestätigen Sie, dass Sie es sind.",
    "challenge_next": "Weiter zu meiner Bank",
    "waiting_title": "Ihre Bank wird gefragt",
    "waiting_text": (
        "Das kann einen Moment dauern. Zahlen Sie nicht noch einmal: "
        "Sehen Sie in einigen Sekunden wieder nach."
    ),
    "waiting_next": "Noch einmal nachsehen",
    "completed_title": "Vielen Dank, Sie haben bezahlt",
    "completed_plan_title": "Vielen Dank, Ihr Ratenplan ist vereinbart",
    "authorized_title": "Vielen Dank, der Betrag ist reserviert",
    "authorized_text": "Der Shop bucht das Geld ab, wenn er Ihre Bestellung versendet.",
    "receipt": "Ihr Beleg",
    "receipt_print": "Drucken oder speichern Sie diese Seite als Beleg.",
    "receipt_payment": "Zahlung",
    "receipt_date": "Datum",
    "receipt_shop": "Händler",
    "receipt_amount": "Betrag der Bestellung",
    "receipt_plan": "Ratenplan",
    "calendar": "Termine in meinen Kalender eintragen",
    "calendar_payment": "Rate {number} von {count}: {amount} für {shop}",
    "already_paid_title": "Diese Zahlung ist erledigt",
    "already_paid_text": "Hier ist nichts mehr zu zahlen. Der Shop weiß Bescheid.",
    "cancelled_title": "Diese Zahlung wurde abgebrochen",
    "cancelled_text": "Es wurde nichts abgebucht.",
    "expired_title": "Die Zeit zum Bezahlen ist vorbei",
    "expired_text": "Es wurde nichts abgebucht. Gehen Sie zurück zum Shop, um neu zu beginnen.",
    # The simulated 3-D Secure page.
    "simulated_title": "Bestätigen Sie Ihre Zahlung",
    "simulated_text": "Das ist eine simulierte 3-D-Secure-Seite: Wählen Sie, was der Karteninhaber tut.",
    "simulated_pass": "Zahlung bestätigen",
    "simulated_fail": "Bestätigung scheitern lassen",
    # Pages without a payment.
    "missing_title": "Hier gibt es nichts zu bezahlen",
    "missing_text": (
        "Diese Adresse führt zu keiner Zahlung. Gehen Sie zurück zum Shop und versuchen Sie es noch einmal."
    ),
    "stale_title": "Dieses Formular ist veraltet",
    "stale_text": (
        "Es wurde nichts geändert. "
        "Gehen Sie zurück zur Seite, erlauben Sie ihr Cookie und versuchen Sie es noch einmal."
    ),
    "foreign_title": "Dieses Formular kam von einer anderen Website",
    "foreign_text": (
        "Es wurde nichts geändert. Öffnen Sie die Seite vom Shop aus und versuchen Sie es noch einmal."
    ),
    "unreadable_title": "Etwas fehlt",
    "unreadable_text": (
        "Es wurde nichts geändert. Laden Sie die Seite neu und verwenden Sie dann ihre Schaltflächen."
    ),
    "too_many_title": "Zu viele Versuche",
    "too_many_text": "Es wurde nichts geändert. Gehen Sie zurück zum Shop, um neu zu beginnen.",
    "unavailable_title": "Im Moment nicht verfügbar",
    "unavailable_text": "Es wurde nichts geändert. Versuchen Sie es in einigen Sekunden noch einmal.",
    "not_here_title": "Diese Adresse nimmt nur Formulare an",
    "not_here_text": (
        "Es wurde nichts geändert. Öffnen Sie die Seite vom Shop aus und verwenden Sie ihre Schaltflächen."
    ),
    "to_page": "Zurück zur Zahlung",
}
