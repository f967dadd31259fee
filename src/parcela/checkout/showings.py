"""What the hosted page can prove of how a plan was shown and agreed to (`disclosures.md` §6)."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from parcela.checkout.views import PageView
from parcela.domain.payments.accounts import ProgramModel
from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.showings import Channel, Consent, Showing, name_browser, shorten_address

_NAMES: Mapping[str, str] = {"terms": "terms", "differs": "other_count"}


def describe_showing(request: Request, page: PageView, asked: Sequence[str]) -> Showing:
    """The review that is being sent; `asked` are its ticks, which all were given."""
    client = request.client
    return Showing(
        channel=Channel.HOSTED,
        language=page.words.language,
        consents=_list_consents(page, asked),
        address=shorten_address(None if client is None else client.host),
        browser=name_browser(request.headers.get("user-agent")),
    )


def _list_consents(page: PageView, asked: Sequence[str]) -> tuple[Consent, ...]:
    """The questions as they stood on the page; a lender's check was agreed to on the page before."""
    offer, now = page.checkout.offer, page.checkout.moment.now
    if offer is None:
        return ()
    questions = {"plan": page.words.say("pay_plan", count=offer.count)}
    questions |= {_NAMES[name]: _find_question(page, offer, name) for name in asked}
    if offer.model is ProgramModel.LENDER:
        questions["credit_check"] = _find_question(page, offer, "credit_check")
    return tuple(
        Consent(to=to, question=question, is_given=True, answered_at=now)
        for to, question in questions.items()
    )


def _find_question(page: PageView, offer: PaymentOffer, name: str) -> str:
    if name == "terms":
        return offer.terms.acceptance_text or ""
    if name == "differs":
        return page.words.say("differs_consent", count=offer.count)
    moment = page.checkout.moment
    issuer = moment.world.catalogue(moment.owner.tenant_id).find_issuer(offer.provider_id)
    lender = offer.provider_id if issuer is None else issuer.name
    return page.words.say("details_consent", lender=lender)
