"""Why there is no plan, in the language of the payment (`spec/payments.md` §6.2)."""

from collections.abc import Callable

from parcela.domain.money import Money
from parcela.domain.payments.records import UnavailableCode, UnavailableReason

LANGUAGES = ("en", "de", "fr", "es-MX", "pt-BR", "ar", "ja")
_ENGLISH = "en"

AmountWriter = Callable[[Money, str], str]
"""How an amount is written for people, from the amount and a locale: as on pages, papers and in letters."""

_Code = UnavailableCode

# One sentence for each of LANGUAGES, in their order. `{bound}` is an amount as the language writes it.
_SENTENCES: dict[UnavailableCode, tuple[str, ...]] = {
    _Code.MARKET_NOT_SUPPORTED: (
        "Installment plans are not offered in the merchant's country.",
        "Im Land des Händlers werden keine Ratenpläne angeboten.",
        "Le paiement en plusieurs fois n’est pas proposé dans le pays du marchand.",
        "No se ofrecen planes de pago en el país del comercio.",
        "Não há planos de parcelamento no país do lojista.",
        "خطط التقسيط غير متاحة في بلد التاجر.",
        "加盟店の国では分割払いをご利用いただけません。",
    ),
    _Code.CURRENCY_NOT_SUPPORTED: (
        "Installment plans are not offered in this currency.",
        "In dieser Währung werden keine Ratenpläne angeboten.",
        "Le paiement en plusieurs fois n’est pas proposé dans cette devise.",
        "No se ofrecen planes de pago en esta moneda.",
        "Não há planos de parcelamento nesta moeda.",
        "خطط التقسيط غير متاحة بهذه العملة.",
        "この通貨では分割払いをご利用いただけません。",
    ),
    _Code.BRAND_NOT_PARTICIPATING: (
        "Cards of this brand have no installment plans here.",
        "Für Karten dieser Marke gibt es hier keine Ratenpläne.",
        "Les cartes de cette marque ne permettent pas ici le paiement en plusieurs fois.",
        "Las tarjetas de esta marca no tienen aquí planes de pago.",
        "Cartões desta bandeira não têm parcelamento aqui.",
        "لا توجد خطط تقسيط هنا لبطاقات هذه العلامة.",
        "このブランドのカードでは分割払いをご利用いただけません。",
    ),
    _Code.ISSUER_NOT_PARTICIPATING: (
        "The bank of this card offers no installment plans.",
        "Die Bank dieser Karte bietet keine Ratenpläne an.",
        "La banque de cette carte ne propose pas le paiement en plusieurs fois.",
        "El banco de esta tarjeta no ofrece planes de pago.",
        "O banco deste cartão não oferece parcelamento.",
        "البنك المصدر لهذه البطاقة لا يقدم خطط تقسيط.",
        "このカードの会社は分割払いに対応していません。",
    ),
    _Code.CARD_NOT_ELIGIBLE: (
        "This card cannot be used for an installment plan.",
        "Diese Karte kann nicht für einen Ratenplan verwendet werden.",
        "Cette carte ne permet pas le paiement en plusieurs fois.",
        "Esta tarjeta no puede usarse para un plan de pagos.",
        "Este cartão não pode ser usado para parcelamento.",
        "لا يمكن استخدام هذه البطاقة لخطة تقسيط.",
        "このカードでは分割払いをご利用いただけません。",
    ),
    _Code.AMOUNT_BELOW_MINIMUM: (
        "The amount is too small: installment plans begin at {bound}.",
        "Der Betrag ist zu klein: Ratenpläne gibt es ab {bound}.",
        "Le montant est trop faible\u00a0: le paiement en plusieurs fois commence à {bound}.",
        "El monto es muy bajo: los planes de pago empiezan en {bound}.",
        "O valor é baixo demais: o parcelamento começa em {bound}.",
        "المبلغ صغير جدًا: تبدأ خطط التقسيط من {bound}.",
        "金額が不足しています。分割払いは{bound}からご利用いただけます。",
    ),
    _Code.AMOUNT_ABOVE_MAXIMUM: (
        "The amount is too large: installment plans end at {bound}.",
        "Der Betrag ist zu groß: Ratenpläne gibt es bis {bound}.",
        "Le montant est trop élevé\u00a0: le paiement en plusieurs fois s’arrête à {bound}.",
        "El monto es muy alto: los planes de pago llegan hasta {bound}.",
        "O valor é alto demais: o parcelamento vai até {bound}.",
        "المبلغ كبير جدًا: تنتهي خطط التقسيط عند {bound}.",
        "金額が上限を超えています。分割払いは{bound}までご利用いただけます。",
    ),
    _Code.MERCHANT_NOT_ENABLED: (
        "This merchant does not offer installment plans.",
        "Dieser Händler bietet keine Ratenpläne an.",
        "Ce marchand ne propose pas le paiement en plusieurs fois.",
        "Este comercio no ofrece planes de pago.",
        "Este lojista não oferece parcelamento.",
        "هذا التاجر لا يقدم خطط تقسيط.",
        "この加盟店では分割払いをご利用いただけません。",
    ),
    _Code.CATEGORY_BLOCKED: (
        "Installment plans are not offered for this kind of purchase.",
        "Für diese Art von Kauf gibt es keine Ratenpläne.",
        "Le paiement en plusieurs fois n’est pas proposé pour ce type d’achat.",
        "No se ofrecen planes de pago para este tipo de compra.",
        "Não há parcelamento para este tipo de compra.",
        "خطط التقسيط غير متاحة لهذا النوع من المشتريات.",
        "この種類のお買い物では分割払いをご利用いただけません。",
    ),
    _Code.CROSS_BORDER_NOT_ALLOWED: (
        "The card's country is not the merchant's, and the plan does not allow that.",
        "Karte und Händler sind in verschiedenen Ländern; das lässt der Ratenplan nicht zu.",
        "La carte et le marchand sont dans des pays différents\u202f; ce plan ne le permet pas.",
        "La tarjeta y el comercio están en países distintos; el plan no lo permite.",
        "O cartão e o lojista são de países diferentes; o plano não permite isso.",
        "بلد البطاقة يختلف عن بلد التاجر، والخطة لا تسمح بذلك.",
        "カードと加盟店の国が異なるため、分割払いをご利用いただけません。",
    ),
    _Code.PROGRAM_EXCLUDED: (
        "There are plans, but the payment asks for programs of another kind.",
        "Es gibt Ratenpläne, aber die Zahlung verlangt Programme anderer Art.",
        "Il existe des plans, mais le paiement demande des programmes d’un autre type.",
        "Hay planes, pero el pago pide programas de otro tipo.",
        "Há planos, mas o pagamento pede programas de outro tipo.",
        "توجد خطط، لكن عملية الدفع تطلب برامج من نوع آخر.",
        "ご利用可能なプランはありますが、指定された種類のものではありません。",
    ),
    _Code.ALREADY_ON_PLAN: (
        "This purchase already has an installment plan.",
        "Dieser Kauf hat bereits einen Ratenplan.",
        "Cet achat est déjà payé en plusieurs fois.",
        "Esta compra ya tiene un plan de pagos.",
        "Esta compra já tem um parcelamento.",
        "هذه المشتريات لديها خطة تقسيط بالفعل.",
        "このお買い物には既に分割払いが設定されています。",
    ),
    _Code.PLANS_ENDING: (
        "The plans for this purchase have ended or end within a day.",
        "Die Ratenpläne für diesen Kauf sind beendet oder enden innerhalb eines Tages.",
        "Les plans pour cet achat sont terminés ou se terminent dans la journée.",
        "Los planes para esta compra terminaron o terminan en menos de un día.",
        "Os planos para esta compra terminaram ou terminam em menos de um dia.",
        "انتهت خطط هذه المشتريات أو ستنتهي خلال يوم.",
        "このお買い物のプランは終了したか、一日以内に終了します。",
    ),
    _Code.INTERVAL_NOT_SUPPORTED: (
        "The only plans for this purchase are not monthly.",
        "Die einzigen Ratenpläne für diesen Kauf sind nicht monatlich.",
        "Les seuls plans pour cet achat ne sont pas mensuels.",
        "Los únicos planes para esta compra no son mensuales.",
        "Os únicos planos para esta compra não são mensais.",
        "الخطط الوحيدة لهذه المشتريات ليست شهرية.",
        "このお買い物でご利用可能なプランは月払いではありません。",
    ),
    _Code.ISSUER_UNAVAILABLE: (
        "The bank of this card does not answer at the moment.",
        "Die Bank dieser Karte antwortet im Moment nicht.",
        "La banque de cette carte ne répond pas pour le moment.",
        "El banco de esta tarjeta no responde por el momento.",
        "O banco deste cartão não responde no momento.",
        "البنك المصدر لهذه البطاقة لا يستجيب حاليًا.",
        "現在、カード会社から応答がありません。",
    ),
    _Code.LENDER_UNAVAILABLE: (
        "The lender does not answer at the moment.",
        "Der Kreditgeber antwortet im Moment nicht.",
        "Le prêteur ne répond pas pour le moment.",
        "La entidad de crédito no responde por el momento.",
        "O credor não responde no momento.",
        "جهة التمويل لا تستجيب حاليًا.",
        "現在、貸主から応答がありません。",
    ),
    _Code.CREDIT_DECLINED: (
        "The lender does not offer a plan for this purchase.",
        "Der Kreditgeber bietet für diesen Kauf keinen Ratenplan an.",
        "Le prêteur ne propose pas de plan pour cet achat.",
        "La entidad de crédito no ofrece un plan para esta compra.",
        "O credor não oferece um plano para esta compra.",
        "جهة التمويل لا تقدم خطة لهذه المشتريات.",
        "貸主はこのお買い物に分割払いを提供していません。",
    ),
}
# For rows that come out below one minor unit and totals beyond what can be said: no bound is known then.
_UNBOUNDED: dict[UnavailableCode, tuple[str, ...]] = {
    _Code.AMOUNT_BELOW_MINIMUM: (
        "The amount is too small to be split.",
        "Der Betrag ist zu klein, um geteilt zu werden.",
        "Le montant est trop faible pour être divisé.",
        "El monto es muy bajo para dividirse.",
        "O valor é baixo demais para ser dividido.",
        "المبلغ صغير جدًا ولا يمكن تقسيمه.",
        "金額が少ないため分割できません。",
    ),
    _Code.AMOUNT_ABOVE_MAXIMUM: (
        "The amount is too large to be split.",
        "Der Betrag ist zu groß, um geteilt zu werden.",
        "Le montant est trop élevé pour être divisé.",
        "El monto es muy alto para dividirse.",
        "O valor é alto demais para ser dividido.",
        "المبلغ كبير جدًا ولا يمكن تقسيمه.",
        "金額が大きいため分割できません。",
    ),
}


def find_language(locale: str) -> str:
    """The one of our languages that serves a locale: itself, else one of the same tongue, else English."""
    wanted = locale.replace("_", "-").lower()
    tongue = wanted.partition("-")[0]
    for language in LANGUAGES:
        if language.lower() == wanted:
            return language
    return next((language for language in LANGUAGES if language.partition("-")[0] == tongue), _ENGLISH)


def explain(
    code: UnavailableCode, locale: str, *, program: str | None = None, bound: str | None = None
) -> UnavailableReason:
    """A reason in words; `bound` is the least or the greatest amount that would do, as people read it."""
    sentences = _SENTENCES[code]
    if bound is None and code in _UNBOUNDED:
        sentences = _UNBOUNDED[code]
    sentence = sentences[LANGUAGES.index(find_language(locale))]
    if bound is not None:
        sentence = sentence.replace("{bound}", bound)
    return UnavailableReason(code=code, message=sentence, program=program)
