"""Merchants as callers: who calls, and what it has set up."""

from dataclasses import dataclass

from parcela.domain.clients import Client
from parcela.domain.merchant_setup import MerchantSetup


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantCaller:
    """An authenticated merchant: the registered caller, and its set-up as of this request."""

    client: Client
    setup: MerchantSetup
