"""The cardholder's own page in the Portuguese of Brazil."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    "plan_page_link": "Seu plano de pagamento",
    "plan_page_title": "Seu plano de pagamento",
    "plan_page_purchase": "Compra em {shop}",
    "plan_page_card": "{brand} com final {last_four}",
    "plan_page_state_created": "O plano começa quando a loja cobrar o seu cartão.",
    "plan_page_state_active": {
        "one": "Falta {count} parcela.",
        "other": "Faltam {count} parcelas.",
    },
    "plan_page_state_completed": "Tudo está pago. Não há mais nada a pagar.",
    "plan_page_state_cancelled": "Este plano foi cancelado. Nada mais será cobrado.",
    "plan_page_overdue": (
        "Não foi possível cobrar uma parcela. Verifique se o seu cartão pode receber cobranças."
    ),
    "plan_page_held": (
        "Há um reembolso a caminho. Até ele chegar, nada é cobrado, e os próximos valores podem mudar."
    ),
    "plan_page_progress": "Parcelas pagas: {paid} de {all}",
    "plan_page_paid": "Pago até agora",
    "plan_page_remaining": "Falta pagar",
    "plan_page_next": "Próxima parcela",
    "plan_page_next_fact": "{amount} em {date}",
    "plan_page_runs_from_card": "As parcelas são cobradas no seu cartão: {card}.",
    "plan_page_rows": "Todas as parcelas",
    "plan_page_row_status": "Situação",
    "plan_page_row_paid": "Paga",
    "plan_page_row_due": "A\u00a0vencer",
    "plan_page_row_overdue": "Em\u00a0atraso",
    "plan_page_row_cancelled": "Cancelada",
    "plan_page_refunds": "Reembolsos",
    "plan_page_refund_pending": "{amount}, a caminho. Deve chegar entre {start} e {end}.",
    "plan_page_refund_succeeded": "{amount}, feito em {date}.",
    "plan_page_refund_failed": "{amount}: este reembolso não foi concluído. A loja já sabe.",
    "plan_page_refund_cancelled": "{amount}: a loja retirou este reembolso.",
    "plan_page_refund_changes": "Falta pagar: {before} antes, {after} depois.",
    "plan_page_refund_cash": "De volta para o seu cartão: {amount}.",
    "plan_page_early": "Pagamento antecipado",
    "plan_page_early_by_issuer": (
        "O banco do seu cartão cuida deste plano. Se quiser pagar antecipadamente, fale com {lender}."
    ),
    "plan_page_early_not_allowed": (
        "Cada parcela é cobrada na sua data. Se quiser pagar antecipadamente, fale com {lender}."
    ),
    "plan_page_early_under_way": ("Uma parcela está sendo cobrada neste momento. Volte em alguns minutos."),
    "plan_page_early_refund_pending": "Você poderá pagar antecipadamente de novo quando o reembolso chegar.",
    "plan_page_early_refused_too_often": (
        "Os pagamentos antecipados foram recusados várias vezes. Por favor, fale com {lender}."
    ),
    "plan_page_early_next": "Pagar a próxima parcela agora",
    "plan_page_early_rest": "Pagar agora tudo o que falta",
    "plan_page_early_amount": "{amount} no seu cartão",
    "plan_page_early_saves": "Você economiza {amount} de juros.",
    "plan_page_early_paid": "Você pagou {amount} antecipadamente em {date}. Obrigado.",
    "plan_page_early_asked": (
        "Seu pagamento antecipado de {amount} está em processamento. Você não precisa fazer nada."
    ),
    "plan_page_early_refused": (
        "Seu pagamento antecipado de {amount} foi recusado. Nada foi cobrado, e o seu plano"
        " continua como antes."
    ),
    "plan_page_check_title": "Conferir e pagar antecipadamente",
    "plan_page_check_principal": "Parte da compra",
    "plan_page_check_interest": "Juros",
    "plan_page_check_fee": "Tarifas",
    "plan_page_check_tax": "sendo {tax}",
    "plan_page_check_amount": "Você paga agora",
    "plan_page_check_saved": "Juros que você economiza",
    "plan_page_check_left": "Falta pagar depois",
    "plan_page_check_day": "Estes valores valem hoje, {date}.",
    "plan_page_check_pay": "Pagar {amount} agora",
    "plan_page_back": "Voltar ao plano",
    "plan_page_papers": "Documentos",
    "plan_page_agreement": "Contrato",
    "plan_page_receipt": "Recibo",
    "plan_page_record": "O que foi mostrado e combinado (arquivo de dados)",
    "plan_page_as_pdf": "{paper} (PDF)",
    "plan_page_rights": "É bom saber",
    "plan_page_lender": "Quem empresta o valor",
    "plan_page_keep": "Quem tem o endereço desta página pode ver o seu plano: não o compartilhe.",
    "plan_page_missing_title": "Não há nenhum plano aqui",
    "plan_page_missing_text": (
        "Este endereço não leva a nenhum plano, ou foi substituído. Peça um novo à loja."
    ),
    "plan_page_stale_title": "Os valores mudaram",
    "plan_page_stale_text": "Nada foi cobrado. Volte ao plano para ver os valores de agora.",
    "plan_page_paper_missing_title": "Este documento não pode ser criado no momento",
    "plan_page_paper_missing_text": "Escolha a versão em página da web ou tente mais tarde.",
}
