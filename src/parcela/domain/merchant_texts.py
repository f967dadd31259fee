"""The texts of products and offers in the payer's language (`spec/gateway.md` §6.1, `payerLocale`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from parcela.domain.merchants import LocalName, LocalTexts, MerchantProduct, MerchantProfile, OfferRule

_Local = TypeVar("_Local", LocalName, LocalTexts)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTexts:
    """What a payer reads of an offer. `locale` is the language that was found for it."""

    locale: str
    qualifier_text: str
    award_instruction: str | None
    terms_text: str
    acceptance_text: str | None


def find_texts(rule: OfferRule, profile: MerchantProfile, locale: str | None) -> OfferTexts:
    """An offer's texts in the language asked for, each in the merchant's own where it is not translated."""
    found = _find_local(rule.translations, profile.locale, locale)
    award = rule.cash_award
    own = OfferTexts(
        locale=profile.locale,
        qualifier_text=rule.qualifier.text,
        award_instruction=None if award is None else award.instruction,
        terms_text=rule.terms.text,
        acceptance_text=rule.terms.acceptance_text,
    )
    if found is None:
        return own
    return OfferTexts(
        locale=found.locale,
        qualifier_text=found.qualifier_text or own.qualifier_text,
        award_instruction=own.award_instruction and (found.award_instruction or own.award_instruction),
        terms_text=found.terms_text or own.terms_text,
        acceptance_text=own.acceptance_text and (found.acceptance_text or own.acceptance_text),
    )


def find_name(product: MerchantProduct, profile: MerchantProfile, locale: str | None) -> str:
    """A product's name in the language asked for, else the merchant's own."""
    found = _find_local(product.names, profile.locale, locale)
    return product.name if found is None else found.name


def _find_local(held: Sequence[_Local], own_locale: str, wanted: str | None) -> _Local | None:
    """The best translation; None where the merchant's own words are as good or better.

    The same country's words come first, then those of the language alone, then those of another country.
    """
    if wanted is None or not held:
        return None
    asked, own = _split(wanted), _split(own_locale)
    by_locale = {_split(one.locale): one for one in held}
    if asked in by_locale or asked == own:
        return by_locale.get(asked)
    language = asked[0]
    if (language, "") in by_locale or own[0] == language:
        return by_locale.get((language, ""))
    return next((by_locale[key] for key in sorted(by_locale) if key[0] == language), None)


def _split(locale: str) -> tuple[str, str]:
    """Language and country of `en_US`, `en-US` or `en`, for comparing."""
    language, _, country = locale.replace("-", "_").lower().partition("_")
    return language, country
