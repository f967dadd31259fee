"""What the hosted page says around a payment, in Mexican Spanish: languages, papers, help."""

from collections.abc import Mapping

from parcela.words.sentences import Sentence

SPANISH: Mapping[str, Sentence] = {
    "hosted_languages": "Idioma",
    "hosted_phone": "Continuar en su teléfono",
    "hosted_phone_text": "Escanee este código con la cámara de su teléfono: el pago se abre ahí. Lo que "
    "escribió aquí se queda aquí.",
    "hosted_phone_code": "Código QR con la dirección de esta página",
    "hosted_sheet": "Información antes de aceptar",
    "hosted_sheet_pdf": "Información antes de aceptar (PDF)",
    "hosted_papers": "Para guardar",
    "hosted_agreement": "Su contrato",
    "hosted_agreement_pdf": "Su contrato (PDF)",
    "hosted_receipt_pdf": "Su comprobante (PDF)",
    "hosted_plan_page": "Ver este plan más tarde: lo que ya se pagó y lo que falta",
    "hosted_new_window": "se abre en una ventana nueva",
    "hosted_schedule_of": "Pagos del plan {title}",
    "hosted_more_facts": "Más sobre este plan",
    "hosted_accessibility": "Accesibilidad",
    "hosted_accessibility_intro": "Cualquier persona debe poder pagar aquí: con el mouse, solo con el "
    "teclado, con un lector de pantalla, con texto ampliado y sin scripts.",
    "hosted_accessibility_standard": "Estas páginas siguen las pautas de accesibilidad WCAG 2.2, "
    "niveles A y AA.",
    "hosted_accessibility_tested": "Qué se probó",
    "hosted_accessibility_date": "Fecha",
    "hosted_accessibility_browser": "Navegador",
    "hosted_accessibility_states": "Estados de la página",
    "hosted_accessibility_views": "Vistas revisadas",
    "hosted_accessibility_widths": "Anchos en pixeles",
    "hosted_accessibility_languages": "Idiomas",
    "hosted_accessibility_rules": "Reglas automáticas aprobadas",
    "hosted_accessibility_violations": "Fallas encontradas",
    "hosted_accessibility_purchases": "Compras realizadas",
    "hosted_accessibility_ways": "con el mouse, solo con el teclado, con los scripts desactivados",
    "hosted_accessibility_limits": "Límites conocidos",
    "hosted_accessibility_limit_people": "Las pruebas automáticas solo encuentran una parte de las "
    "barreras. Todavía no se ha hecho una prueba con personas con discapacidad.",
    "hosted_accessibility_limit_readers": "No se hizo ninguna prueba con un lector de pantalla.",
    "hosted_accessibility_limit_terms": "Los términos de un plan se muestran en el idioma en que los "
    "entrega la entidad de crédito.",
    "hosted_accessibility_limit_others": "La página de su banco y los términos completos en otras "
    "direcciones no forman parte de esta declaración.",
    "hosted_accessibility_help": "Si algo no funciona",
    "hosted_accessibility_help_text": "Avise a la tienda. Puede tomar su pedido de otra forma.",
}
