"""Every refusal of the core has a row in every door's table."""

import importlib
import pkgutil

import parcela
from parcela.dialects.gateway import refusals as gateway_refusals
from parcela.dialects.network import refusals
from parcela.dialects.payments import codes, error_texts, faults
from parcela.domain.errors import DomainError
from parcela.domain.payments.refusals import Fault


def list_codes() -> set[str]:
    for module in pkgutil.walk_packages(parcela.__path__, "parcela."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    codes: set[str] = set()
    waiting = [DomainError]
    while waiting:
        refusal = waiting.pop()
        codes.add(refusal.code)
        waiting.extend(refusal.__subclasses__())
    return codes


def test_the_network_door_has_a_row_for_every_code() -> None:
    assert set(refusals.ANSWERS) | refusals.NEVER_HERE == list_codes()
    assert not set(refusals.ANSWERS) & refusals.NEVER_HERE


def test_the_gateway_door_has_a_row_for_every_code() -> None:
    assert set(gateway_refusals.ANSWERS) | gateway_refusals.NEVER_HERE == list_codes()
    assert not set(gateway_refusals.ANSWERS) & gateway_refusals.NEVER_HERE


def test_the_payments_door_has_a_row_for_every_code() -> None:
    assert list_codes() == faults.ANSWERS | faults.NEVER_HERE
    assert not faults.ANSWERS & faults.NEVER_HERE


def test_every_fault_of_payments_has_its_status_and_every_code_its_page() -> None:
    assert set(codes.FAULTS) == set(Fault)
    assert not {str(fault) for fault in Fault} & set(codes.DOOR_CODES)
    assert set(error_texts.TEXTS) == set(codes.CODES)
