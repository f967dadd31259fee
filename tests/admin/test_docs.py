"""docs/admin.md names every error, docs/catalogue.md every member of every kind of entry."""

import dataclasses
import re
from pathlib import Path

from parcela.admin import errors
from parcela.domain.programs import ENTRY_TYPES, EligibilityRules
from parcela.domain.taxes import Taxes
from parcela.domain.terms import MethodOptions, PricingTerms, StartRules
from parcela.operations.catalogue import SECTIONS

DOCS = Path(__file__).parents[2] / "docs"
OWN_CODES = {
    "internal",
    "malformed_json",
    "method_not_allowed",
    "too_large",
    "unauthenticated",
    "unavailable",
    "unsupported_media_type",
}


def list_members(text: str) -> set[str]:
    """The names in the first column of a table."""
    cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, re.M)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_error_code_is_listed_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", (DOCS / "admin.md").read_text(), re.M)
    listed = {code: int(status) for status, code in rows}
    assert set(listed) == set(errors.STATUSES) | OWN_CODES
    assert {code: listed[code] for code in errors.STATUSES} == errors.STATUSES


def test_every_member_of_every_entry_is_described() -> None:
    sections = re.split(r"^## `(\w+)`$", (DOCS / "catalogue.md").read_text(), flags=re.M)
    described = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert list(described) == list(SECTIONS)
    for section, kind in SECTIONS.items():
        types: list[type] = [ENTRY_TYPES[kind]]
        if kind == "program":
            types += [EligibilityRules, PricingTerms, Taxes, StartRules, MethodOptions]
        members = {field.name for found in types for field in dataclasses.fields(found)}
        assert list_members(described[section]) == members, section
