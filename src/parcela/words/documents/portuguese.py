"""The sentences of papers in Brazilian Portuguese."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    # Titles and first lines.
    "paper_sheet_title": "Seu plano em resumo, antes de você aceitar",
    "paper_sheet_intro": (
        "Esta ficha descreve o plano oferecido a você em {date}, às {time}, para sua compra "
        "em {shop}. A leitura não gera nenhum compromisso."
    ),
    "paper_agreement_title": "Contrato do seu plano de pagamento",
    "paper_agreement_intro": "Você aceitou este plano para sua compra em {shop} em {date}, às {time}.",
    "paper_receipt_title": "Recibo",
    "paper_receipt_intro": "Sua compra em {shop} em {date}, às {time}, paga com um parcelamento.",
    "paper_sample": "Amostra: modo de teste. Nenhum valor é movimentado.",
    "paper_page": "Página {number} de {count}",
    # Headings.
    "paper_parties": "Quem participa",
    "paper_key_facts": "O mais importante",
    "paper_more_facts": "Mais sobre este plano",
    "paper_terms": "Condições",
    "paper_terms_shown": "As condições, exatamente como foram mostradas",
    "paper_accepted": "O que você aceitou",
    # Parties.
    "paper_shop": "Loja (intermediária)",
    "paper_order": "Pedido",
    "paper_payment": "Pagamento",
    "paper_plan": "Plano",
    "paper_card": "Cartão",
    # Key facts.
    "paper_credit": "Valor total do crédito",
    "paper_cost": "Custo do crédito",
    "paper_total_to_pay": "Total a pagar",
    "paper_payments": "Parcelas",
    "paper_fees": "Tarifas",
    "paper_no_fees": "Nenhuma",
    "paper_returns": "Se você devolver algo",
    "paper_not_set": "O texto do jurídico do credor não foi definido.",
    "paper_line": "{label}: {text}",
    # Schedule.
    "paper_schedule": "Todas as parcelas e datas",
    "paper_number": "Nº",
    "paper_date": "Data",
    "paper_amount": "Valor",
    "paper_total": "Total",
    # Terms and agreement.
    "paper_terms_version": "{id}, versão {version}",
    "paper_confirmed": "Você confirmou este plano em {date}, às {time}.",
    "paper_ticked": "Você marcou a caixa com este texto:",
    # The page in place of a file that cannot be made.
    "paper_unavailable_title": "Este arquivo não pode ser criado no momento",
    "paper_unavailable_text": "Nada foi alterado. Você pode abrir o mesmo texto como página e imprimir.",
}
