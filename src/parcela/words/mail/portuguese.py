"""Mails in Portuguese of Brazil."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    # In every mail.
    "mail_test": "Modo de teste: nenhum dinheiro é movimentado.",
    "mail_order": "Pedido: {reference}",
    "mail_footer": "Esta mensagem foi enviada automaticamente em nome de {shop}. As respostas não são lidas.",
    "mail_number": "Nº",
    "mail_date": "Data",
    "mail_amount": "Valor",
    "mail_total": "Total",
    "mail_plan_link": "Seu plano, suas parcelas e seus documentos:",
    # The receipt.
    "mail_receipt_subject": "Seu recibo de {shop}: {amount}",
    "mail_receipt_title": "Obrigado pela sua compra em {shop}",
    "mail_receipt_text": {
        "one": "Seu plano com {creditor} começou. Você paga {amount} em {count} parcela.",
        "other": "Seu plano com {creditor} começou. Você paga {amount} em {count} parcelas.",
    },
    "mail_receipt_paper": "O recibo está anexado em PDF.",
    # A refund.
    "mail_refund_subject": "Seu reembolso de {shop}: {amount}",
    "mail_refund_title": "{shop} reembolsou {amount}",
    "mail_refund_card": "Desse valor, {amount} voltam para o seu cartão.",
    "mail_refund_left": {
        "one": "Seu plano agora tem {count} parcela a pagar, {amount} no total.",
        "other": "Seu plano agora tem {count} parcelas a pagar, {amount} no total.",
    },
    "mail_refund_over": "Seu plano terminou. Você não tem mais nada a pagar.",
    # A missed payment.
    "mail_overdue_subject": "Não foi possível cobrar uma parcela da sua compra em {shop}",
    "mail_overdue_title": "Não conseguimos cobrar uma parcela",
    "mail_overdue_text": "A parcela nº {number}, de {amount}, da sua compra em {shop} venceu em {date}. Não "
    "foi "
    "possível fazer a cobrança no seu cartão.",
    "mail_overdue_again": "Vamos tentar de novo em {date}. Verifique se o seu cartão poderá ser cobrado "
    "nesse "
    "dia.",
    "mail_overdue_last": "Não vamos tentar de novo. Fale com {creditor} para pagar esta parcela.",
    "mail_overdue_help": "Se está difícil pagar, fale logo com {creditor}. O que acontece quando uma "
    "parcela não "
    "é paga está no seu contrato.",
    # The right to withdraw.
    "mail_withdrawal_subject": "Você pode desistir do seu plano até {date}",
    "mail_withdrawal_title": "Seu direito de desistir",
    "mail_withdrawal_text": "Em {accepted} você aceitou um plano com {creditor} para a sua compra em {shop}. "
    "Você pode desistir deste contrato de crédito até {date}, inclusive, sem precisar dizer o motivo.",
    "mail_withdrawal_how": "Para desistir, avise {creditor} por escrito antes do fim desse dia.",
    "mail_withdrawal_address": "Endereço: {address}",
    "mail_withdrawal_effect": "Depois você devolve em até 30 dias o que ainda estiver em aberto, com os "
    "juros até "
    "o dia do pagamento. A compra em si continua valendo.",
    # Webhooks that failed for good.
    "mail_webhook_subject": "Não foi possível entregar um evento a {host}",
    "mail_webhook_title": "Um webhook deixou de ser enviado",
    "mail_webhook_text": {
        "one": "O evento {event} ({topic}) não chegou ao seu endpoint {endpoint} em {host}. Depois de "
        "{count} "
        "tentativa, ele não é mais enviado.",
        "other": "O evento {event} ({topic}) não chegou ao seu endpoint {endpoint} em {host}. Depois de "
        "{count} "
        "tentativas, ele não é mais enviado.",
    },
    "mail_webhook_reason": "Último resultado: {reason}",
    "mail_webhook_next": "Quando o seu endpoint responder, peça o reenvio do evento: POST "
    "/v1/events/{event}/resend",
}
