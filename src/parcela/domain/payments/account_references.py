"""What must hold between accounts, programs and markets and the entries that they name."""

from collections.abc import Iterable, Mapping

from parcela.domain.entry_checks import expect
from parcela.domain.errors import InvalidInput
from parcela.domain.payments.accounts import (
    PaymentsAccount,
    PaymentsMarket,
    PaymentsProgram,
    ProgramModel,
)
from parcela.domain.programs import AccountRange, Issuer, Program
from parcela.domain.terms import FirstDue, Method
from parcela.domain.versions import EntryKey, VersionedEntry

MAX_COUNT = 60
_Entries = Mapping[EntryKey, VersionedEntry]


def check_payments_references(entries: _Entries) -> None:
    """Check everything that the payments door's entries name. Raises InvalidInput."""
    held = [versioned.entry for versioned in entries.values()]
    programs = [entry for entry in held if isinstance(entry, PaymentsProgram)]
    owners: dict[str, str] = {}
    for program in programs:
        _check_program(entries, program)
        _check_owned_once(owners, program)
    lenders = {program.provider_id: program for program in programs if program.model is ProgramModel.LENDER}
    for entry in held:
        if isinstance(entry, AccountRange) and entry.provider_id in lenders:
            where = f"payments_program {lenders[entry.provider_id].name}.provider_id"
            raise InvalidInput(where, "a lender without account ranges", came=repr(entry.low))
        if isinstance(entry, PaymentsAccount):
            _check_account(entries, entry)
    _check_markets(entry for entry in held if isinstance(entry, PaymentsMarket))


def _check_program(entries: _Entries, program: PaymentsProgram) -> None:
    where = f"payments_program {program.name}"
    has_provider = (Issuer.kind, program.provider_id) in entries
    expect(has_provider, f"{where}.provider_id", "an existing issuer", program.provider_id)
    for offer_id in program.program_ids:
        found = entries.get((Program.kind, offer_id))
        if found is None:
            raise InvalidInput(f"{where}.program_ids", "existing programs", came=repr(offer_id))
        assert isinstance(found.entry, Program)
        _check_core_program(found.entry, program, f"{where}.program_ids")


def _check_core_program(core: Program, program: PaymentsProgram, where: str) -> None:
    is_own = core.provider_id == program.provider_id
    expect(is_own, where, f"programs of the provider {program.provider_id}", core.offer_id)
    # Refunds price what is left by the same arithmetic (§9.1), and the door counts to 60 (§6.1).
    is_network = core.terms.method is Method.NETWORK
    expect(is_network, where, "programs with the method network", core.offer_id)
    is_countable = 2 <= core.terms.count <= MAX_COUNT
    expect(is_countable, where, f"programs of 2 to {MAX_COUNT} payments", core.offer_id)
    has_no_taxes = program.model is ProgramModel.LENDER or not core.terms.taxes.are_due
    expected = "programs without taxes: the wire on which issuers are told of plans has no member for them"
    expect(has_no_taxes, where, expected, core.offer_id)
    is_relative = core.terms.first_due is not FirstDue.ON_DATE
    expect(is_relative, where, "programs without a fixed first date", core.offer_id)


def _check_owned_once(owners: dict[str, str], program: PaymentsProgram) -> None:
    """A plan says which program it is of by its core program, so that belongs to one."""
    for offer_id in program.program_ids:
        owner = owners.setdefault(offer_id, program.name)
        where = f"payments_program {program.name}.program_ids"
        expect(owner == program.name, where, f"programs that {owner} does not have", offer_id)


def _check_account(entries: _Entries, account: PaymentsAccount) -> None:
    for position, schedule in enumerate(account.fees):
        is_known = schedule.program is None or (PaymentsProgram.kind, schedule.program) in entries
        where = f"payments_account {account.account_id}.fees[{position}].program"
        expect(is_known, where, "an existing payments_program", schedule.program)


def _check_markets(markets: Iterable[PaymentsMarket]) -> None:
    held: dict[tuple[str, str], str] = {}
    for market in sorted(markets, key=lambda market: market.market_id):
        for country in market.countries:
            other = held.setdefault((country, market.currency), market.market_id)
            where = f"payments_market {market.market_id}.countries"
            expected = f"countries that {other} does not have with {market.currency}"
            expect(other == market.market_id, where, expected, country)
