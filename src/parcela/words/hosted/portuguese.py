"""What the hosted page says around a payment, in Brazilian Portuguese: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

PORTUGUESE: Mapping[str, Sentence] = {
    "hosted_languages": "Idioma",
    "hosted_phone": "Continuar no celular",
    "hosted_phone_text": "Leia este código com a câmera do celular: o pagamento abre nele. O que você "
    "digitou aqui fica aqui.",
    "hosted_phone_code": "Código QR com o endereço desta página",
    "hosted_sheet": "Informações antes de contratar",
    "hosted_sheet_pdf": "Informações antes de contratar (PDF)",
    "hosted_papers": "Para guardar",
    "hosted_agreement": "Seu contrato",
    "hosted_agreement_pdf": "Seu contrato (PDF)",
    "hosted_receipt_pdf": "Seu recibo (PDF)",
    "hosted_plan_page": "Ver este parcelamento depois: o que foi pago e o que falta",
    "hosted_new_window": "abre em uma nova janela",
    "hosted_schedule_of": "Parcelas do plano {title}",
    "hosted_more_facts": "Mais sobre este parcelamento",
    "hosted_accessibility": "Acessibilidade",
    "hosted_accessibility_intro": "Todas as pessoas devem poder pagar aqui: com o mouse, só com o "
    "teclado, com leitor de tela, com texto ampliado e sem scripts.",
    "hosted_accessibility_standard": "Estas páginas seguem as diretrizes de acessibilidade WCAG 2.2, "
    "níveis A e AA.",
    "hosted_accessibility_tested": "O que foi testado",
    "hosted_accessibility_date": "Data",
    "hosted_accessibility_browser": "Navegador",
    "hosted_accessibility_states": "Estados da página",
    "hosted_accessibility_views": "Telas verificadas",
    "hosted_accessibility_widths": "Larguras em pixels",
    "hosted_accessibility_languages": "Idiomas",
    "hosted_accessibility_rules": "Regras automáticas atendidas",
    "hosted_accessibility_violations": "Falhas encontradas",
    "hosted_accessibility_purchases": "Compras feitas",
    "hosted_accessibility_ways": "com o mouse, só com o teclado, com os scripts desligados",
    "hosted_accessibility_limits": "Limites conhecidos",
    "hosted_accessibility_limit_people": "Testes automáticos encontram só uma parte das barreiras. "
    "Ainda não foi feito um teste com pessoas com deficiência.",
    "hosted_accessibility_limit_readers": "Nenhum teste foi feito com leitor de tela.",
    "hosted_accessibility_limit_terms": "As condições de um parcelamento aparecem no idioma em que o credor "
    "as fornece.",
    "hosted_accessibility_limit_others": "A página do seu banco e as condições completas em outros "
    "endereços não fazem parte desta declaração.",
    "hosted_accessibility_help": "Se algo não funcionar",
    "hosted_accessibility_help_text": "Fale com a loja. Ela pode receber seu pedido de outra forma.",
}
