"""PDF papers: tagged for assistive technology, the same bytes for the same content, nothing fetched.

What a full checker of PDF/UA-1 says beside this (contrast, order of reading by eye) is not asked here.
"""

import asyncio
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from tests.support.papers import make_content, make_paper_offer

import parcela
from parcela.documents.pdf import make_pdf
from parcela.documents.press import PaperPress
from parcela.operations.payments.press import PaperForm, PaperKind, PressUnavailable

PRESS = PaperPress()
# One of each writing.
PRINTED = (("en", PaperKind.SHEET), ("ar", PaperKind.AGREEMENT), ("ja", PaperKind.SHEET))


def print_pdf(language: str, kind: PaperKind) -> bytes:
    """A paper of twelve payments."""
    content = make_content(make_paper_offer(count=12), is_agreed=kind is not PaperKind.SHEET)
    return asyncio.run(PRESS.print_paper(kind, PaperForm.PDF, content, language=language)).content


@pytest.fixture(scope="module")
def printed() -> dict[str, bytes]:
    """The papers by language, printed once."""
    return {language: print_pdf(language, kind) for language, kind in PRINTED}


def list_elements(parent: Any) -> list[Any]:
    """All elements of the structure below one, in reading order."""
    kids = parent.get("/K")
    if kids is None or isinstance(kids, int):
        return []
    found = []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [kid, *list_elements(kid)]
    return found


@pytest.mark.parametrize("language", [language for language, _ in PRINTED])
def test_a_pdf_is_tagged_titled_and_in_its_language(printed: dict[str, bytes], language: str) -> None:
    with pikepdf.open(io.BytesIO(printed[language])) as document:
        root = document.Root
        assert str(root.Lang) == language
        assert bool(root.MarkInfo.Marked) is True
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        title = str(document.docinfo["/Title"])
        with document.open_metadata() as metadata:
            assert (metadata["pdfuaid:part"], metadata["dc:title"]) == ("1", title)
        assert len(document.pages) == 2
        assert all(page.Tabs == "/S" for page in document.pages)


@pytest.mark.parametrize("language", [language for language, _ in PRINTED])
def test_every_header_has_its_scope_and_every_cell_its_headers(
    printed: dict[str, bytes], language: str
) -> None:
    with pikepdf.open(io.BytesIO(printed[language])) as document:
        root = document.Root.StructTreeRoot
        elements = list_elements(root)
        headers = [element for element in elements if element.S == "/TH"]
        scopes = [str(header.A.Scope) for header in headers]
        assert scopes.count("/Column") % 3 == 0
        assert set(scopes) == {"/Column", "/Row"}
        ids = {str(header.ID) for header in headers}
        assert {str(name) for name in list(root.IDTree.Names)[::2]} == ids
        for cell in (element for element in elements if element.S == "/TD"):
            assert {str(name) for name in cell.A.Headers} <= ids
        names = [str(element.S) for element in elements]
        assert names.count("/H1") == 1
        assert names.count("/Caption") == (4 if language == "ar" else 3)
        given = [str(element.Lang) for element in elements if element.S == "/Div"]
        assert given == (["en", "en"] if language == "ar" else [])


@pytest.mark.parametrize("language", [language for language, _ in PRINTED])
def test_every_font_is_embedded_and_all_text_is_content_or_artifact(
    printed: dict[str, bytes], language: str
) -> None:
    with pikepdf.open(io.BytesIO(printed[language])) as document:
        fonts = [font for page in document.pages for font in page.Resources.Font.values()]
        for font in fonts:
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert {"/FontFile2", "/FontFile3"} & set(descriptor.keys())
            assert "/ToUnicode" in font
        owners = document.Root.StructTreeRoot.ParentTree.Nums
        for number, page in enumerate(document.pages):
            depth = 0
            for operands, operator in pikepdf.parse_content_stream(page):
                name = str(operator)
                depth += {"BDC": 1, "BMC": 1, "EMC": -1}.get(name, 0)
                if name in ("Tj", "TJ"):
                    assert depth >= 1, "text outside of what is marked"
                if name == "BDC" and operands[0] != "/Artifact":
                    assert owners[2 * number + 1][int(operands[1].MCID)] is not None


def test_figures_and_rows_are_in_the_text_of_the_pdf(printed: dict[str, bytes]) -> None:
    with pikepdf.open(io.BytesIO(printed["en"])) as document:
        text = "".join(read_page(page) for page in document.pages).replace(" ", "")
    # Twelve rows, and the facts.
    assert text.count("€103.53") == 13
    assert [text.count(figure) for figure in ("€1,200.00", "APRC12.7%", "€42.36", "€1,242.36")] == [
        1,
        1,
        1,
        3,
    ]
    assert text.count("Sample:testmode") == 3
    assert text.index("APRC") < text.index("Allpaymentsanddates")


def read_page(page: Any) -> str:
    """The characters of a page by the fonts' own maps to Unicode."""
    maps = {name: read_map(font) for name, font in page.Resources.Font.items()}
    text = ""
    current: dict[bytes, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            parts = operands[0] if str(operator) == "TJ" else [operands[0]]
            for part in parts:
                if isinstance(part, pikepdf.String):
                    raw = bytes(part)
                    text += "".join(current.get(raw[i : i + 2], "") for i in range(0, len(raw), 2))
    return text


def read_map(font: Any) -> dict[bytes, str]:
    """Glyphs as characters."""
    found: dict[bytes, str] = {}
    for line in font.ToUnicode.read_bytes().decode().splitlines():
        parts = line.strip().split("> <")
        if len(parts) == 2 and line.startswith("<"):
            found[bytes.fromhex(parts[0].strip("<>"))] = bytes.fromhex(parts[1].strip("<>")).decode(
                "utf-16-be"
            )
    return found


def test_another_process_makes_the_same_bytes_and_loads_the_maker_with_the_first(
    printed: dict[str, bytes],
) -> None:
    program = (
        "import sys, parcela.payments_service; assert 'weasyprint' not in sys.modules;"
        "from tests.documents.test_pdf import PaperKind, print_pdf;"
        "sys.stdout.buffer.write(print_pdf('en', PaperKind.SHEET))"
    )
    root = Path(__file__).parents[2]
    paths = f"{root}:{Path(parcela.__file__).parents[1]}"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": paths}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=environment, capture_output=True, check=True
    )
    assert ran.stdout == printed["en"]


def test_a_picture_or_control_sign_that_no_font_has_becomes_a_box() -> None:
    drawn = make_pdf("<html lang=en><title>t</title><p>a💳\ufe0f b\x07</p>", given_language="en")
    with pikepdf.open(io.BytesIO(drawn)) as document:
        assert "".join(read_page(document.pages[0]).split()) == "a□b□"


def test_a_character_that_no_font_has_is_refused_with_what_to_install() -> None:
    with pytest.raises(PressUnavailable, match="No font of this machine has '\U00013000'"):
        make_pdf("<html lang=en><title>t</title><p>\U00013000</p>", given_language="en")


def test_nothing_is_fetched(tmp_path: Path) -> None:
    image = tmp_path / "seen.svg"
    image.write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>')
    pages = [
        make_pdf(f'<html lang=en><title>t</title><img alt="x" src="{source}">', given_language="en")
        for source in (image.as_uri(), "")
    ]
    contents = []
    for page in pages:
        with pikepdf.open(io.BytesIO(page)) as document:
            contents.append(document.pages[0].Contents.read_bytes())
    assert contents[0] == contents[1]


def test_too_many_at_once_are_told_to_come_again() -> None:
    press, content = PaperPress(max_waiting=2), replace(make_content(), is_live=True)

    async def ask() -> list[object]:
        asked = [
            press.print_paper(PaperKind.RECEIPT, PaperForm.PDF, content, language="en") for _ in range(3)
        ]
        return list(await asyncio.gather(*asked, return_exceptions=True))

    answers = asyncio.run(ask())
    assert [type(answer).__name__ for answer in answers] == ["Paper", "Paper", "PressUnavailable"]
    assert len({answer.digest for answer in answers[:-1]}) == 1  # type: ignore[attr-defined]
