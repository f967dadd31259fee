"""A paper as one HTML file that needs nothing beside it: for the screen, for printers and for the PDF."""

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from parcela.documents.pages import PaperPage
from parcela.words.words import Words

_templates = Environment(
    loader=PackageLoader("parcela.documents"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# Papers are printed with the fonts of the machine; each writing has one that most machines can be given.
_LATIN_FONTS = '"Liberation Sans", "DejaVu Sans", "Noto Sans"'
_ARABIC_FONTS = '"DejaVu Sans", "Noto Sans Arabic", "Noto Naskh Arabic"'
_JAPANESE_FONTS = '"Noto Sans CJK JP", IPAGothic, "IPAexGothic", "VL Gothic"'
_FIRST_FONTS = {"ar": f"{_ARABIC_FONTS}, {_LATIN_FONTS}"}


def write_html(page: PaperPage, words: Words) -> str:
    """The whole file; its style may be allowed by hash (`Paper.content_policy`)."""
    style = Markup(_read_source("paper.css") + _write_print_style(page, words))
    return _templates.get_template("paper.html").render(page=page, words=words, say=words.say, style=style)


def read_sources() -> str:
    """Layout and style, which the version of a paper names."""
    return "".join(_read_source(name) for name in ("paper.html", "paper.css"))


@cache
def _read_source(name: str) -> str:
    loader = _templates.loader
    assert loader is not None, "the environment is made with one"
    return loader.get_source(_templates, name)[0]


def _write_print_style(page: PaperPage, words: Words) -> str:
    """Fonts, page numbers and, for a sample, its mark on every page."""
    before, middle, after = re.split("[\0\1]", words.say("paper_page", number="\0", count="\1"))
    number = f'"{before}" counter(page) "{middle}" counter(pages) "{after}"'
    mark = f'@top-center {{ content: "{words.say("paper_sample")}"; }}' if page.is_sample else ""
    first = _FIRST_FONTS.get(words.language, _LATIN_FONTS)
    family = f"{first}, {_ARABIC_FONTS}, {_JAPANESE_FONTS}, sans-serif"
    return (
        f"@page {{ size: A4; margin: 16mm 16mm 18mm; {mark} @bottom-center {{ content: {number}; }} }}\n"
        "@page { @top-center { color: #50575f; font-size: 8pt; } }\n"
        f"@media print {{ :root {{ font-family: {family}; }} }}\n"
    )
