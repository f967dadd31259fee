"""The cardholder's own page in the Spanish of Mexico."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    "plan_page_link": "Su plan de pagos",
    "plan_page_title": "Su plan de pagos",
    "plan_page_purchase": "Compra en {shop}",
    "plan_page_card": "{brand} terminada en {last_four}",
    "plan_page_state_created": "El plan comienza cuando la tienda hace el cargo a su tarjeta.",
    "plan_page_state_active": {
        "one": "Falta {count} pago.",
        "other": "Faltan {count} pagos.",
    },
    "plan_page_state_completed": "Todo está pagado. No queda nada por pagar.",
    "plan_page_state_cancelled": "Este plan se canceló. Ya no se cobrará nada.",
    "plan_page_overdue": "No se pudo cobrar un pago. Revise que se puedan hacer cargos a su tarjeta.",
    "plan_page_held": (
        "Hay un reembolso en camino. Hasta que llegue no se cobra nada, y los montos por venir"
        " pueden cambiar."
    ),
    "plan_page_progress": "Pagos hechos: {paid} de {all}",
    "plan_page_paid": "Pagado hasta ahora",
    "plan_page_remaining": "Por pagar",
    "plan_page_next": "Próximo pago",
    "plan_page_next_fact": "{amount} el {date}",
    "plan_page_runs_from_card": "Los pagos se cobran a su tarjeta: {card}.",
    "plan_page_rows": "Todos los pagos",
    "plan_page_row_status": "Estado",
    "plan_page_row_paid": "Pagado",
    "plan_page_row_due": "Pendiente",
    "plan_page_row_overdue": "Vencido",
    "plan_page_row_cancelled": "Cancelado",
    "plan_page_refunds": "Reembolsos",
    "plan_page_refund_pending": "{amount}, en camino. Debe llegar entre el {start} y el {end}.",
    "plan_page_refund_succeeded": "{amount}, hecho el {date}.",
    "plan_page_refund_failed": "{amount}: este reembolso no se pudo hacer. La tienda ya lo sabe.",
    "plan_page_refund_cancelled": "{amount}: la tienda retiró este reembolso.",
    "plan_page_refund_changes": "Por pagar: {before} antes, {after} después.",
    "plan_page_refund_cash": "De regreso a su tarjeta: {amount}.",
    "plan_page_early": "Pago anticipado",
    "plan_page_early_by_issuer": (
        "El banco de su tarjeta administra este plan. Si quiere hacer un pago anticipado, "
        "consulte a {lender}."
    ),
    "plan_page_early_not_allowed": (
        "Cada pago se cobra en su fecha. Si quiere hacer un pago anticipado, consulte a {lender}."
    ),
    "plan_page_early_under_way": "En este momento se está cobrando un pago. Vuelva a ver en unos minutos.",
    "plan_page_early_refund_pending": "Podrá hacer pagos anticipados de nuevo cuando llegue el reembolso.",
    "plan_page_early_refused_too_often": (
        "Los pagos anticipados se rechazaron varias veces. Por favor, consulte a {lender}."
    ),
    "plan_page_early_next": "Hacer ahora el próximo pago",
    "plan_page_early_rest": "Pagar ahora todo lo que falta",
    "plan_page_early_amount": "{amount} con su tarjeta",
    "plan_page_early_saves": "Ahorra {amount} de intereses.",
    "plan_page_early_paid": "Usted hizo un pago anticipado de {amount} el {date}. Gracias.",
    "plan_page_early_asked": "Su pago anticipado de {amount} está en proceso. No tiene que hacer nada.",
    "plan_page_early_refused": (
        "Su pago anticipado de {amount} fue rechazado. No se hizo ningún cargo y su plan sigue como antes."
    ),
    "plan_page_check_title": "Revisar y pagar por anticipado",
    "plan_page_check_principal": "Parte de la compra",
    "plan_page_check_interest": "Intereses",
    "plan_page_check_fee": "Comisiones",
    "plan_page_check_tax": "de ellas, {tax}",
    "plan_page_check_amount": "Paga ahora",
    "plan_page_check_saved": "Intereses que ahorra",
    "plan_page_check_left": "Por pagar después",
    "plan_page_check_day": "Estas cifras valen hoy, {date}.",
    "plan_page_check_pay": "Pagar {amount} ahora",
    "plan_page_back": "Volver al plan",
    "plan_page_papers": "Documentos",
    "plan_page_agreement": "Contrato",
    "plan_page_receipt": "Comprobante",
    "plan_page_record": "Lo que se mostró y se acordó (archivo de datos)",
    "plan_page_as_pdf": "{paper} (PDF)",
    "plan_page_rights": "Conviene saberlo",
    "plan_page_lender": "Quién le presta el monto",
    "plan_page_keep": "Quien tenga la dirección de esta página puede ver su plan: no la comparta.",
    "plan_page_missing_title": "Aquí no hay ningún plan",
    "plan_page_missing_text": (
        "Esta dirección no lleva a ningún plan, o fue reemplazada. Pida una nueva a la tienda."
    ),
    "plan_page_stale_title": "Las cifras cambiaron",
    "plan_page_stale_text": "No se hizo ningún cargo. Vuelva al plan para ver las cifras actuales.",
    "plan_page_paper_missing_title": "Este documento no se puede crear en este momento",
    "plan_page_paper_missing_text": "Elíjalo como página web o inténtelo más tarde.",
}
