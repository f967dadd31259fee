"""Who lends: as it was told with an offer, and for offers that carry no creditor by the catalogue now.

What was shown before the agreement holds after it, whatever becomes of the catalogue (`disclosures.md` §6).
"""

from parcela.domain.catalogue import Catalogue
from parcela.domain.disclosures.records import Creditor
from parcela.domain.payments.accounts import PaymentsProgram
from parcela.domain.payments.plans import PaymentOffer, ShownCreditor


def find_creditor(catalogue: Catalogue, offer: PaymentOffer, language: str) -> Creditor:
    """The creditor of an offer; only sentences in the reader's language are its own.

    An offer of an earlier version carries none, nor does one that is only advertised: the catalogue tells.
    """
    shown = offer.creditor or describe_creditor(catalogue, offer)
    tongue = language.partition("-")[0]
    exact = {str(wording.slot): wording.text for wording in shown.wording if wording.language == language}
    near = {
        str(wording.slot): wording.text
        for wording in reversed(shown.wording)
        if wording.language.partition("-")[0] == tongue
    }
    return Creditor(name=shown.name, address=shown.address, wording=near | exact)


def describe_creditor(catalogue: Catalogue, offer: PaymentOffer) -> ShownCreditor:
    """The creditor as the catalogue has it now; one that has left it keeps its id as a name."""
    issuer = catalogue.find_issuer(offer.provider_id)
    name = offer.provider_id if issuer is None else issuer.name
    program = catalogue.entries.get((PaymentsProgram.kind, offer.program_name))
    if program is None or not isinstance(program.entry, PaymentsProgram):
        return ShownCreditor(name=name)
    return ShownCreditor(name=name, address=program.entry.creditor_address, wording=program.entry.wording)
