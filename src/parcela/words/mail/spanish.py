"""Mails in Spanish of Mexico."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "Modo de prueba: no se mueve dinero.",
    "mail_order": "Pedido: {reference}",
    "mail_footer": "Este mensaje se envió automáticamente en nombre de {shop}. Nadie lee las respuestas.",
    "mail_number": "Núm.",
    "mail_date": "Fecha",
    "mail_amount": "Monto",
    "mail_total": "Total",
    "mail_plan_link": "Su plan, sus pagos y sus documentos:",
    # The receipt.
    "mail_receipt_subject": "Su comprobante de {shop}: {amount}",
    "mail_receipt_title": "Gracias por su compra en {shop}",
    "mail_receipt_text": {
        "one": "Su plan con {creditor} ya empezó. Paga {amount} en {count} pago.",
        "other": "Su plan con {creditor} ya empezó. Paga {amount} en {count} pagos.",
    },
    "mail_receipt_paper": "El comprobante va adjunto como archivo PDF.",
    # A refund.
    "mail_refund_subject": "Su reembolso de {shop}: {amount}",
    "mail_refund_title": "{shop} reembolsó {amount}",
    "mail_refund_card": "De ese monto, {amount} regresan a su tarjeta.",
    "mail_refund_left": {
        "one": "A su plan le queda {count} pago, {amount} en total.",
        "other": "A su plan le quedan {count} pagos, {amount} en total.",
    },
    "mail_refund_over": "Su plan terminó. Ya no tiene nada que pagar.",
    # A missed payment.
    "mail_overdue_subject": "No se pudo cobrar un pago de su compra en {shop}",
    "mail_overdue_title": "No pudimos cobrar un pago",
    "mail_overdue_text": "El pago núm. {number} de {amount} por su compra en {shop} vencía el {date}. No se "
    "pudo "
    "cargar a su tarjeta.",
    "mail_overdue_again": "Lo intentaremos de nuevo el {date}. Asegúrese de que ese día se pueda cargar a su "
    "tarjeta.",
    "mail_overdue_last": "No lo intentaremos de nuevo. Comuníquese con {creditor} para liquidar este pago.",
    "mail_overdue_help": "Si se le dificulta pagar, hable pronto con {creditor}. Lo que implica no pagar a "
    "tiempo está en su contrato.",
    # The right to withdraw.
    "mail_withdrawal_subject": "Puede desistir de su plan hasta el {date}",
    "mail_withdrawal_title": "Su derecho de desistimiento",
    "mail_withdrawal_text": "El {accepted} usted aceptó un plan con {creditor} por su compra en {shop}. "
    "Puede desistir de este contrato de crédito hasta el {date}, ese día incluido, sin dar ningún motivo.",
    "mail_withdrawal_how": "Para hacerlo, avise por escrito a {creditor} antes de que termine ese día.",
    "mail_withdrawal_address": "Dirección: {address}",
    "mail_withdrawal_effect": "Después devuelve en un plazo de 30 días lo que quede pendiente, con los "
    "intereses "
    "hasta el día del pago. La compra sigue en pie.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "No se pudo entregar un evento a {host}",
    "mail_webhook_title": "Se dejó de enviar un webhook",
    "mail_webhook_text": {
        "one": "El evento {event} ({topic}) no llegó a su endpoint {endpoint} en {host}. Después de {count} "
        "intento ya no se envía.",
        "other": "El evento {event} ({topic}) no llegó a su endpoint {endpoint} en {host}. Después de "
        "{count} "
        "intentos ya no se envía.",
    },
    "mail_webhook_reason": "Último resultado: {reason}",
    "mail_webhook_next": "Cuando su endpoint responda, pida que se envíe de nuevo el evento: POST "
    "/v1/events/{event}/resend",
}
