"""What the hosted page can prove of how a plan was shown and agreed to (`disclosures.md` §6)."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from parcela.checkout.views import PageView
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.showings import (
    CREDIT_CHECK,
    Channel,
    Consent,
    Showing,
    name_browser,
    shorten_address,
)

_NAMES: Mapping[str, str] = {"terms": "terms", "differs": "other_count"}


def describe_showing(request: Request, page: PageView, asked: Sequence[str]) -> Showing:
    """The review that is being sent; `asked` are its ticks, which all were given."""
    return _describe(request, page, _list_consents(page, asked))


def describe_details(request: Request, page: PageView) -> Showing:
    """The page before the review that is being sent, on which a lender's check was agreed to."""
    offer = page.checkout.offer
    assert offer is not None, "details are asked for a plan"
    moment = page.checkout.moment
    catalogue = moment.world.catalogue(moment.owner.tenant_id)
    creditor = find_creditor(catalogue, offer, page.words.language)
    consent = Consent(
        to=CREDIT_CHECK,
        question=page.words.say("details_consent", lender=creditor.name),
        language=page.words.language,
        is_given=True,
        answered_at=moment.now,
    )
    return _describe(request, page, (consent,))


def _describe(request: Request, page: PageView, consents: tuple[Consent, ...]) -> Showing:
    client = request.client
    return Showing(
        channel=Channel.HOSTED,
        language=page.words.language,
        consents=consents,
        address=shorten_address(None if client is None else client.host),
        browser=name_browser(request.headers.get("user-agent")),
    )


def _list_consents(page: PageView, asked: Sequence[str]) -> tuple[Consent, ...]:
    """The questions as they stood on the page; a lender's check was agreed to on the page before."""
    offer, now = page.checkout.offer, page.checkout.moment.now
    if offer is None:
        return ()
    own = page.words.language
    questions = [("plan", page.words.say("pay_plan", count=offer.count), own)]
    questions += [(_NAMES[name], *_find_question(page, offer, name)) for name in asked]
    return tuple(
        Consent(to=to, question=question, language=language, is_given=True, answered_at=now)
        for to, question, language in questions
    )


def _find_question(page: PageView, offer: PaymentOffer, name: str) -> tuple[str, str]:
    """A tick's question and its language: that of terms is given with them."""
    if name == "terms":
        return offer.terms.acceptance_text or "", offer.terms.language
    return page.words.say("differs_consent", count=offer.count), page.words.language
