"""What is said of a plan beyond the ten facts, in German. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

GERMAN: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "Kreditgeber",
    "fact_label_cash_price": "Barzahlungspreis",
    "fact_label_amount_financed": "Finanzierter Betrag",
    "fact_label_finance_charge": "Finanzierungskosten",
    "fact_label_total_of_payments": "Summe der Raten",
    "fact_label_total_sale_price": "Gesamtkaufpreis",
    "fact_label_duration": "Laufzeit",
    "fact_label_borrowing_rate": "Sollzinssatz",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "Woraus sich die Summe zusammensetzt",
    "fact_label_late_payment": "Wenn Sie verspätet zahlen",
    "fact_label_prepayment": "Vorzeitige Rückzahlung",
    "fact_label_withdrawal": "Widerrufsrecht",
    "fact_label_complaints": "Beschwerden",
    "fact_label_credit_bureau": "Auskunfteien",
    "fact_label_credit_warning": "Warnhinweis",
    "fact_label_personalised": "Persönliches Angebot",
    "fact_label_creditworthiness": "Bonitätsprüfung",
    "fact_label_informative": "Zu diesem Satz",
    "fact_label_card_account": "Ihr Kartenkonto",
    "fact_label_further_information": "Weitere Informationen",
    "fact_label_continuous_authority": "Dauerhafte Einzugsermächtigung",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "; ",
    "fact_duration": {
        "one": "{count} Monat, letzte Rate am {date}",
        "other": "{count} Monate, letzte Rate am {date}",
    },
    "fact_rate_a_year": "{percent} im Jahr, fest",
    "fact_rate_with_fees": "{percent} im Jahr, fest; mit den Gebühren ergibt sich {rate} ({label})",
    "fact_component": "{name}: {amount} ({share})",
    "fact_component_financed": "Kaufbetrag",
    "fact_component_interest": "Zinsen",
    "fact_component_fees": "Gebühren",
    "fact_component_tax": "IOF (Steuer)",
    "fact_component_total": "Summe der Raten",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": (
        "Zahlen Sie pünktlich: Was eine verspätete Rate kostet und welche Folgen sie hat, steht in den "
        "Bedingungen des Plans."
    ),
    "fact_prepayment": (
        "Wenden Sie sich an {creditor}, wenn Sie vorzeitig zahlen möchten. Was sich dadurch ändert, steht "
        "in den Bedingungen des Plans."
    ),
    "fact_withdrawal": (
        "Ob und wie Sie den Plan widerrufen oder kündigen können, steht in seinen Bedingungen."
    ),
    "fact_withdrawal_eu": (
        "Sie können den Kredit innerhalb von 14 Tagen ohne Angabe von Gründen widerrufen. Teilen Sie "
        "dies {creditor} mit."
    ),
    "fact_complaints": (
        "Wenden Sie sich zuerst an {creditor}. Wer entscheiden kann, wenn Sie sich nicht einigen, steht "
        "in den Bedingungen des Plans."
    ),
    "fact_complaints_uk": (
        "Wenden Sie sich zuerst an {creditor}. Sind Sie mit der Antwort nicht zufrieden, können Sie sich "
        "an den Financial Ombudsman Service wenden."
    ),
    "fact_credit_bureau": "{creditor} kann bei Auskunfteien nach Ihnen fragen und ihnen diesen Plan melden.",
    "fact_personalised": "Dieses Angebot wurde automatisiert für Sie erstellt.",
    "fact_creditworthiness": "{creditor} prüft vor der Zusage, ob Sie sich den Plan leisten können.",
    "fact_further_information": (
        "Ihre Rechte auf Widerruf oder Kündigung, auf vorzeitige Zahlung und auf Beschwerde "
        "stehen in den Informationen, die Sie vor der Zusage lesen und behalten können."
    ),
    "fact_continuous_authority": (
        "{creditor} zieht jede Rate selbst von Ihrer Karte ein: Dafür erteilen Sie eine "
        "dauerhafte Einzugsermächtigung. Sie können sie jederzeit beenden: Sagen Sie es "
        "{creditor} oder der Bank Ihrer Karte. Den Rest zahlen Sie dann auf anderem Weg."
    ),
    "fact_credit_warning": "Achtung! Kreditaufnahme kostet Geld.",
    "fact_informative": (
        "{label} ohne Mehrwertsteuer, nur zur Information und zum Vergleich. Berechnet am {date}."
    ),
    "fact_card_account": (
        "Es gelten die Bedingungen Ihres Kartenkontos bei {creditor}. Der angegebene Wert ({label}) "
        "dient dem Vergleich."
    ),
}
