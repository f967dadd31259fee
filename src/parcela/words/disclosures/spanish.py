"""What is said of a plan beyond the ten facts, in the Spanish of Mexico. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "Acreedor",
    "fact_label_cash_price": "Precio de contado",
    "fact_label_amount_financed": "Monto financiado",
    "fact_label_finance_charge": "Costo del financiamiento",
    "fact_label_total_of_payments": "Suma de los pagos",
    "fact_label_total_sale_price": "Precio total de venta",
    "fact_label_duration": "Plazo",
    "fact_label_borrowing_rate": "Tasa de interés",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "Cómo se forma el total",
    "fact_label_late_payment": "Si paga tarde",
    "fact_label_prepayment": "Pago anticipado",
    "fact_label_withdrawal": "Derecho de desistimiento",
    "fact_label_complaints": "Quejas",
    "fact_label_credit_bureau": "Sociedades de información crediticia",
    "fact_label_credit_warning": "Advertencia",
    "fact_label_personalised": "Oferta personalizada",
    "fact_label_creditworthiness": "Evaluación de crédito",
    "fact_label_informative": "Sobre esta tasa",
    "fact_label_card_account": "Su cuenta de tarjeta",
    "fact_label_further_information": "Más información",
    "fact_label_continuous_authority": "Autorización de cobro continuo",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "; ",
    "fact_duration": {
        "one": "{count} mes, último pago el {date}",
        "other": "{count} meses, último pago el {date}",
    },
    "fact_rate_a_year": "{percent} anual, fija",
    "fact_rate_with_fees": "{percent} anual, fija; con las comisiones equivale a {rate} ({label})",
    "fact_component": "{name}: {amount} ({share})",
    "fact_component_financed": "compra",
    "fact_component_interest": "intereses",
    "fact_component_fees": "comisiones",
    "fact_component_tax": "IOF (impuesto)",
    "fact_component_total": "suma de los pagos",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": (
        "Pague a tiempo: los términos del plan indican cuánto cuesta un pago tardío y qué consecuencias "
        "tiene."
    ),
    "fact_prepayment": (
        "Consulte a {creditor} si quiere hacer un pago anticipado. Los términos del plan indican qué "
        "cambia con ello."
    ),
    "fact_withdrawal": "Los términos del plan indican si puede desistir de él o cancelarlo, y cómo.",
    "fact_withdrawal_eu": (
        "Puede desistir del crédito en un plazo de 14 días sin dar un motivo. Avise a {creditor}."
    ),
    "fact_complaints": (
        "Escriba primero a {creditor}. Los términos del plan indican quién puede decidir si no hay acuerdo."
    ),
    "fact_complaints_uk": (
        "Escriba primero a {creditor}. Si la respuesta no le satisface, puede acudir al Financial "
        "Ombudsman Service."
    ),
    "fact_credit_bureau": (
        "{creditor} puede consultar a las sociedades de información crediticia sobre usted e informarles "
        "de este plan."
    ),
    "fact_personalised": "Esta oferta se preparó para usted por medios automatizados.",
    "fact_creditworthiness": "{creditor} revisa antes de otorgar el plan si usted puede pagarlo.",
    "fact_further_information": (
        "Sus derechos a desistir o cancelar, a pagar antes y a presentar una queja están en la "
        "información que puede leer y conservar antes de aceptar."
    ),
    "fact_continuous_authority": (
        "{creditor} cobra cada pago de su tarjeta: usted le da una autorización de cobro "
        "continuo. Puede terminarla en cualquier momento: avise a {creditor} o al banco de su "
        "tarjeta. En ese caso paga lo que falta por otro medio."
    ),
    "fact_credit_warning": "¡Atención! Pedir dinero prestado cuesta dinero.",
    "fact_informative": (
        "{label} sin IVA, para fines informativos y de comparación. Fecha de cálculo: {date}."
    ),
    "fact_card_account": (
        "Se aplican los términos de su cuenta de tarjeta con {creditor}. La tasa mostrada ({label}) "
        "sirve para comparar."
    ),
}
