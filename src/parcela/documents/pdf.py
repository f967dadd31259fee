"""A paper as a PDF that assistive technology can read (PDF/UA-1), from the HTML file.

WeasyPrint is loaded with the first PDF: it needs Pango, which is not Python's, and it is large.
"""

import hashlib
import importlib
import logging
import unicodedata
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from parcela.operations.payments.press import PressUnavailable

MEND = (
    "install Pango and fonts (Debian: libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
    " fonts-liberation fonts-ipafont-gothic)"
)
_VARIANT = "pdf/ua-1"


_SAMPLES = {"Arabic": "ع", "Japanese": "回"}
_STAND_IN = "□"
_PICTURES = frozenset({"So", "Sk", "Cc", "Cf", "Cn", "Co"})
_VARIANTS = range(0xFE00, 0xFE10)


class _CharactersMissing(Exception):
    """No font of this machine has these characters."""

    def __init__(self, points: list[int]) -> None:
        self.points = points
        super().__init__(repr("".join(map(chr, points[:10]))))


@cache
def find_library_problem() -> str | None:
    """Why no PDF can be made here, with what to do; asked once, for the answer stays until the next start."""
    try:
        importlib.import_module("weasyprint")
    except OSError as error:
        return f"PDF files cannot be made: {MEND} ({error})."
    # It speaks of the style sheet of screens, and repeats characters of what is printed.
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    return None


def list_missing_fonts() -> list[str]:
    """The writings without a font. Raises PressUnavailable where no PDF can be made at all."""
    missing = []
    for name, character in _SAMPLES.items():
        try:
            make_pdf(f"<html lang=en><title>{name}</title><p>{character}</p>", given_language="en")
        except PressUnavailable:
            if find_library_problem() is not None:
                raise
            missing.append(name)
    return missing


def make_pdf(html: str, *, given_language: str) -> bytes:
    """The PDF of a file of `write_html`; equal text gives equal bytes on one machine.

    `given_language` is that of what the creditor gave: the only `div`s of the file. A picture or control
    sign that no font has, in a shop's own reference perhaps, becomes a box. Raises PressUnavailable where
    Pango is missing, or a font for a letter, a digit or a currency.
    """
    problem = find_library_problem()
    if problem is not None:
        raise PressUnavailable(problem)
    try:
        try:
            return _draw(html, given_language)
        except _CharactersMissing as missing:
            if not all(map(_is_picture, missing.points)):
                raise
            stand_ins = dict.fromkeys(missing.points, _STAND_IN)
        return _draw(html.translate(stand_ins), given_language)
    except _CharactersMissing as missing:
        raise PressUnavailable(f"No font of this machine has {missing}: {MEND}.") from None


def _is_picture(point: int) -> bool:
    return unicodedata.category(chr(point)) in _PICTURES or point in _VARIANTS


def _draw(html: str, given_language: str) -> bytes:
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    # A paper brings everything along: no protocol is allowed, so that nothing is fetched from anywhere.
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=())).render(pdf_variant=_VARIANT)
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    content: bytes = document.write_pdf(
        pdf_variant=_VARIANT, pdf_identifier=identifier, finisher=partial(_finish, given_language)
    )
    return content


def _finish(given_language: str, document: Any, pdf: Any) -> None:
    """What WeasyPrint leaves undone for PDF/UA-1, and a check that every character has a glyph."""
    import pydyf

    missing = sorted({point for font in document.fonts.values() for point in font.missing})
    if missing:
        raise _CharactersMissing(missing)
    objects: list[Any] = pdf.objects
    found = {item.reference: item for item in objects if hasattr(item, "keys")}
    root = found[pdf.catalog["StructTreeRoot"]]
    elements = dict(_walk(root, found))
    for element in elements.values():
        if element["S"] == "/TH":
            row = found[element["P"]]
            element["A"]["Scope"] = "/Column" if found[row["P"]]["S"] == "/THead" else "/Row"
        elif element["S"] == "/Div":
            element["Lang"] = pydyf.String(given_language)
    _list_names(root, elements)
    _set_margins_apart(pdf, found[root["ParentTree"]]["Nums"], elements)


def _walk(parent: Any, found: dict[bytes, Any]) -> Iterator[tuple[bytes, Any]]:
    """The elements below one, by their references; other kids are numbers of marked content."""
    for kid in parent["K"]:
        element = found.get(kid) if isinstance(kid, bytes) else None
        if element is not None and element.get("Type") == "/StructElem":
            yield kid, element
            yield from _walk(element, found)


def _list_names(root: Any, elements: dict[bytes, Any]) -> None:
    """Cells name their headers by id, so the ids need their tree (ISO 32000-1, 14.7.2)."""
    import pydyf

    named = sorted(
        (element["ID"].string, reference) for reference, element in elements.items() if "ID" in element
    )
    names = pydyf.Array()
    for name, reference in named:
        names.extend((pydyf.String(name), reference))
    root["IDTree"] = pydyf.Dictionary({"Names": names})


def _set_margins_apart(pdf: Any, numbers: Any, elements: dict[bytes, Any]) -> None:
    """Page numbers and the mark of a sample are no content: they become artifacts (ISO 14289-1, 7.8)."""
    import pydyf

    pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
    for position, page in enumerate(pages):
        owners = numbers[2 * position + 1]
        stream = pdf.objects[int(page["Contents"].split()[0])].stream
        loose = {mark for mark, owner in enumerate(owners) if owner not in elements}
        for index, item in enumerate(stream):
            if isinstance(item, dict) and item.get("MCID") in loose and stream[index + 1] == b"BDC":
                owners[item["MCID"]] = "null"
                stream[index - 1] = "/Artifact"
                stream[index] = pydyf.Dictionary({"Type": "/Pagination"})
