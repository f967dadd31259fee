"""An account as the acquirer knows it."""

from parcela.domain.card_brands import CardBrand
from parcela.domain.merchants import MerchantProfile
from parcela.domain.payments.refusals import Fault, PaymentRefused
from parcela.operations.payments.desk import PaymentsDesk
from parcela.operations.payments.moment import AccountMoment


def make_profile(moment: AccountMoment) -> MerchantProfile:
    """The account as a merchant of its acquirer; in test mode the simulator decides for it."""
    account = moment.account
    return MerchantProfile(
        merchant_id=account.account_id,
        name=account.name,
        is_test=not moment.is_live,
        time_zone=account.time_zone,
        country=account.country,
        mcc=account.mcc,
        url=account.url,
        currencies=(),
        brands=tuple(CardBrand),
        acquirer_id=account.acquirer_id,
        acquirer_merchant_id=account.acquirer_merchant_id,
        terminal_id=account.terminal_id,
    )


def check_acquirer(desk: PaymentsDesk, moment: AccountMoment) -> None:
    """Raises PaymentRefused when nobody carries the account's card messages in this mode."""
    if not desk.acquirer.has_acquirer(make_profile(moment)):
        raise PaymentRefused(
            Fault.SERVICE_UNAVAILABLE,
            "No acquirer is connected for live payments of this account; test keys work without one.",
        )
