"""Who lends, by the catalogue: the name, the address and the wording of the program's creditor."""

from parcela.domain.catalogue import Catalogue
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.accounts import PaymentsProgram
from parcela.domain.payments.plans import PaymentOffer
from parcela.domain.programs import Issuer


def find_creditor(catalogue: Catalogue, offer: PaymentOffer, language: str) -> Creditor:
    """The creditor of an offer; one that has left the catalogue keeps its id as a name."""
    issuer = catalogue.entries.get((Issuer.kind, offer.provider_id))
    name = issuer.entry.name if issuer is not None and isinstance(issuer.entry, Issuer) else offer.provider_id
    program = catalogue.entries.get((PaymentsProgram.kind, offer.program_name))
    if program is None or not isinstance(program.entry, PaymentsProgram):
        return Creditor(name=name)
    return make_creditor(program.entry, name=name, language=language)


def make_creditor(program: PaymentsProgram, *, name: str, language: str) -> Creditor:
    """The creditor as a program describes it; only sentences in the reader's language are its own."""
    tongue = language.partition("-")[0]
    exact = {str(wording.slot): wording.text for wording in program.wording if wording.language == language}
    near = {
        str(wording.slot): wording.text
        for wording in reversed(program.wording)
        if wording.language.partition("-")[0] == tongue
    }
    return Creditor(name=name, address=program.creditor_address, wording=near | exact)
