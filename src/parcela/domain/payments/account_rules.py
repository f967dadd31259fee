"""Checks of accounts, programs and markets as catalogue entries, each by itself."""

import re

from parcela.domain.countries import is_country
from parcela.domain.currency import find_currency
from parcela.domain.entry_checks import expect
from parcela.domain.payments.accounts import PaymentsAccount, PaymentsMarket, PaymentsProgram, ProgramModel
from parcela.domain.payments.ids import Prefix, is_id

_PROGRAM_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}", re.ASCII)
_COBRAND_NAME = re.compile(r"cobrand_[a-z0-9_]{1,40}", re.ASCII)


def check_account(account: PaymentsAccount) -> None:
    """Check an account. Raises InvalidInput."""
    where = f"payments_account {account.account_id}"
    is_named = is_id(account.account_id, Prefix.ACCOUNT)
    expect(is_named, "payments_account.account_id", "ma_ and 26 characters", account.account_id)
    expect(is_country(account.country), f"{where}.country", "an ISO 3166-1 alpha-3 code", account.country)


def check_payments_program(program: PaymentsProgram) -> None:
    """Check a program. Raises InvalidInput."""
    pattern = _COBRAND_NAME if program.model is ProgramModel.COBRAND else _PROGRAM_NAME
    expect(bool(pattern.fullmatch(program.name)), "payments_program.name", pattern.pattern, program.name)


def check_market(market: PaymentsMarket) -> None:
    """Check a market. Raises InvalidInput."""
    where = f"payments_market {market.market_id}.currency"
    expect(find_currency(market.currency) is not None, where, "an ISO 4217 code", market.currency)
