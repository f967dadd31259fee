"""What is shown of an offer in words: API and evidence say the same (`disclosures.md` §6)."""

from parcela.domain.disclosures.rate_labels import find_rate_label
from parcela.domain.payments.creditors import find_creditor
from parcela.domain.payments.plan_texts import find_shown_label
from parcela.domain.payments.plans import PaymentOffer
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment
from parcela.operations.payments.press import ShownDisclosure, ShownRegime


def disclose_offer(
    desk: PaymentsDesk, moment: AccountMoment, offer: PaymentOffer, *, language: str | None = None
) -> ShownDisclosure:
    """The rules and the facts of an offer, in its own language if no other is asked for.

    The creditor's name and sentences are those that were kept with it.
    """
    language = language or offer.language
    creditor = find_creditor(moment.world.catalogue(moment.owner.tenant_id), offer, language)
    return ShownDisclosure(
        regimes=_list_regimes(offer, language),
        facts=desk.press.print_facts(offer, creditor=creditor, language=language),
    )


def _list_regimes(offer: PaymentOffer, language: str) -> tuple[ShownRegime, ...]:
    """Of each country: its rule, and the rate under its name there."""
    return tuple(
        ShownRegime(
            rule_id=one.rule_id,
            version=one.rule_version,
            country=one.country,
            side=one.side,
            method=one.method,
            label=find_rate_label(one.country, language) if position else find_shown_label(offer, language),
            shown=str(one.percent),
            exact=str(one.exact_percent),
            second=None if one.second_percent is None else str(one.second_percent),
        )
        for position, one in enumerate(offer.disclosures)
    )
