"""What is said of a plan beyond the ten facts, in the Portuguese of Brazil. `{name}` is filled in."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    # The names of the facts.
    "fact_label_creditor": "Credor",
    "fact_label_cash_price": "Preço à vista",
    "fact_label_amount_financed": "Valor financiado",
    "fact_label_finance_charge": "Custo do financiamento",
    "fact_label_total_of_payments": "Soma das parcelas",
    "fact_label_total_sale_price": "Preço total da venda",
    "fact_label_duration": "Prazo",
    "fact_label_borrowing_rate": "Taxa de juros",
    "fact_label_second_rate": "TEA",
    "fact_label_components": "Composição do total",
    "fact_label_late_payment": "Se você atrasar o pagamento",
    "fact_label_prepayment": "Pagamento antecipado",
    "fact_label_withdrawal": "Direito de desistência",
    "fact_label_complaints": "Reclamações",
    "fact_label_credit_bureau": "Birôs de crédito",
    "fact_label_credit_warning": "Aviso",
    "fact_label_personalised": "Oferta personalizada",
    "fact_label_creditworthiness": "Análise de crédito",
    "fact_label_informative": "Sobre esta taxa",
    "fact_label_card_account": "Sua conta de cartão",
    "fact_label_further_information": "Mais informações",
    "fact_label_continuous_authority": "Autorização de cobrança contínua",
    "fact_label_rate": "{label} ({country})",
    # What they say.
    "fact_separator": "; ",
    "fact_duration": {
        "one": "{count} mês, última parcela em {date}",
        "other": "{count} meses, última parcela em {date}",
    },
    "fact_rate_a_year": "{percent} a.a., fixa",
    "fact_rate_with_fees": "{percent} a.a., fixa; com as tarifas chega a {rate} ({label})",
    "fact_component": "{name}: {amount} ({share})",
    "fact_component_financed": "compra",
    "fact_component_interest": "juros",
    "fact_component_fees": "tarifas",
    "fact_component_tax": "IOF",
    "fact_component_total": "soma das parcelas",
    # A sentence of ours for each that the creditor's counsel has not given.
    "fact_late_payment": (
        "Pague em dia: as condições do plano dizem quanto custa um atraso e quais são as consequências."
    ),
    "fact_prepayment": (
        "Fale com {creditor} se quiser pagar antecipadamente. As condições do plano dizem o que "
        "muda com isso."
    ),
    "fact_withdrawal": "As condições do plano dizem se e como você pode desistir dele ou cancelá-lo.",
    "fact_withdrawal_eu": (
        "Você pode desistir do crédito em até 14 dias, sem dar um motivo. Avise {creditor}."
    ),
    "fact_complaints": (
        "Escreva primeiro para {creditor}. As condições do plano dizem quem pode decidir se não houver "
        "acordo."
    ),
    "fact_complaints_uk": (
        "Escreva primeiro para {creditor}. Se a resposta não for satisfatória, você pode recorrer ao "
        "Financial Ombudsman Service."
    ),
    "fact_credit_bureau": (
        "{creditor} pode consultar birôs de crédito sobre você e informar a eles este plano."
    ),
    "fact_personalised": "Esta oferta foi feita para você por meios automatizados.",
    "fact_creditworthiness": "{creditor} verifica, antes de conceder o plano, se você pode pagá-lo.",
    "fact_further_information": (
        "Seus direitos de desistir ou cancelar, de pagar antes e de reclamar estão nas "
        "informações que você pode ler e guardar antes de aceitar."
    ),
    "fact_continuous_authority": (
        "{creditor} cobra cada parcela no seu cartão: você dá a {creditor} uma autorização de "
        "cobrança contínua. Você pode encerrá-la a qualquer momento: avise {creditor} ou o banco "
        "do seu cartão. Nesse caso, o restante é pago de outra forma."
    ),
    "fact_credit_warning": "Cuidado! Pedir dinheiro emprestado custa dinheiro.",
    "fact_informative": "{label} sem IVA, para fins de informação e comparação. Calculado em {date}.",
    "fact_card_account": (
        "Valem as condições da sua conta de cartão com {creditor}. A taxa mostrada ({label}) serve para "
        "comparar."
    ),
}
