"""How each data element is encoded: two built-in specifications of ISO 8583:1987, or a file of one's own.

Texts are read as Latin-1, so that every byte passes through as it came.
"""

import codecs
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iso8583.specs import default, default_ascii

FieldSpec = Mapping[str, Mapping[str, Any]]

_MEMBERS = frozenset({"data_enc", "len_enc", "len_type", "max_len", "len_count", "left_pad", "right_pad"})
_LENGTH_WIDTHS = range(5)


class FieldSpecError(Exception):
    """A field specification cannot be used; the message says what is wrong with it."""


def _pass_bytes(spec: FieldSpec) -> dict[str, dict[str, Any]]:
    return {
        name: {
            **field,
            "data_enc": "latin-1" if field["data_enc"] == "ascii" and name.isdigit() else field["data_enc"],
        }
        for name, field in spec.items()
    }


BUILT_IN: Mapping[str, FieldSpec] = {
    "ascii": _pass_bytes(default_ascii),
    "ascii_binary": _pass_bytes(default),
}
"""`ascii`: everything is text, bitmaps are hexadecimal digits. `ascii_binary`: bitmaps, PIN, ICC data and
MACs are binary."""


def load_field_spec(name: str) -> FieldSpec:
    """A built-in specification, or the one of a JSON file: `{"based_on": NAME, "fields": {"48": {…}}}`.

    Raises FieldSpecError.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    try:
        document = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        choices = " or ".join(BUILT_IN)
        raise FieldSpecError(
            f"PARCELA_SWITCH_FIELD_SPEC is {choices}, or a JSON file; {name} cannot be read "
            f"({error.strerror})."
        ) from None
    except ValueError:
        raise FieldSpecError(f"{name} is not a JSON file.") from None
    if not isinstance(document, dict) or document.get("based_on") not in BUILT_IN:
        raise FieldSpecError(f'{name} must hold {{"based_on": "ascii" or "ascii_binary", "fields": {{…}}}}.')
    spec = {element: dict(field) for element, field in BUILT_IN[document["based_on"]].items()}
    for element, changes in document.get("fields", {}).items():
        if element not in spec or not isinstance(changes, dict) or not set(changes) <= _MEMBERS:
            raise FieldSpecError(
                f"{name}: fields.{element} must be an element 2 to 128, h, t, p or 1, with members of "
                f"{', '.join(sorted(_MEMBERS))}."
            )
        spec[element].update(changes)
        _check_field(name, element, spec[element])
    return spec


def _check_field(name: str, element: str, field: Mapping[str, Any]) -> None:
    """What the library would only notice when a message comes."""
    for member in ("data_enc", "len_enc"):
        encoding = field[member]
        if encoding in ("b", "bcd"):
            continue
        try:
            codecs.lookup(encoding)
        except (LookupError, TypeError):
            raise FieldSpecError(f"{name}: fields.{element}.{member} is no encoding: {encoding!r}.") from None
    if field["len_type"] not in _LENGTH_WIDTHS or not isinstance(field["max_len"], int):
        raise FieldSpecError(f"{name}: fields.{element} needs len_type 0 to 4 and a whole max_len.")
