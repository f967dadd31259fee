"""The sentences of papers in Mexican Spanish."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "Su plan de pagos de un vistazo, antes de aceptar",
    "paper_sheet_intro": (
        "Esta hoja describe el plan de pagos que se le ofreció el {date} a las {time} para su compra "
        "en {shop}. Leerla no lo compromete a nada."
    ),
    "paper_agreement_title": "Contrato de su plan de pagos",
    "paper_agreement_intro": "Usted aceptó este plan para su compra en {shop} el {date} a las {time}.",
    "paper_receipt_title": "Comprobante",
    "paper_receipt_intro": "Su compra en {shop} el {date} a las {time}, pagada con un plan.",
    "paper_sample": "Muestra: modo de prueba. No se mueve dinero.",
    "paper_page": "Página {number} de {count}",
    # Headings.
    "paper_parties": "Quiénes intervienen",
    "paper_key_facts": "Lo más importante",
    "paper_more_facts": "Más sobre este plan",
    "paper_terms": "Términos y condiciones",
    "paper_terms_shown": "Los términos, tal como se mostraron",
    "paper_accepted": "Lo que usted aceptó",
    # Parties.
    "paper_shop": "Tienda (intermediaria)",
    "paper_order": "Pedido",
    "paper_payment": "Pago",
    "paper_plan": "Plan",
    "paper_card": "Tarjeta",
    # Key facts.
    "paper_credit": "Monto total del crédito",
    "paper_cost": "Costo del crédito",
    "paper_total_to_pay": "Total a pagar",
    "paper_payments": "Pagos",
    "paper_fees": "Comisiones",
    "paper_no_fees": "Ninguna",
    "paper_returns": "Si devuelve algo",
    "paper_not_set": "No se ha definido el texto del área jurídica del acreedor.",
    "paper_line": "{label}: {text}",
    # Schedule.
    "paper_schedule": "Todos los pagos y fechas",
    "paper_number": "Núm.",
    "paper_date": "Fecha",
    "paper_amount": "Monto",
    "paper_total": "Total",
    # Terms and agreement.
    "paper_terms_version": "{id}, versión {version}",
    "paper_confirmed": "Usted confirmó este plan el {date} a las {time}.",
    "paper_ticked": "Usted marcó la casilla con este texto:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "Este archivo no se puede crear en este momento",
    "paper_unavailable_text": "No se cambió nada. Puede abrir el mismo texto como página e imprimirlo.",
}
