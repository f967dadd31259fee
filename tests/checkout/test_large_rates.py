"""Argentina's CFT is printed five times as large as the rate beside it (`disclosures.md` §2.1)."""

import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

import parcela
from parcela.words.disclosures.facts import PrintedFact
from parcela.words.words import Words

CARD = SimpleNamespace(
    odd=(), total="1", cost="0", rate_label="CFT", rate="88,71 %", interest="0", fees=(), first_due="1"
)
SECOND = PrintedFact(kind="second_rate", label="TEA", text="80,00 %")


@pytest.mark.parametrize("is_large", [True, False], ids=["ar_cft", "others"])
def test_the_rate_and_the_one_beside_it_are_told_apart(is_large: bool) -> None:
    templates = jinja2.Environment(loader=jinja2.PackageLoader("parcela.checkout"), autoescape=True)
    plan = SimpleNamespace(card=CARD, figures=(SECOND,), notes=(), has_large_rate=is_large)
    text = str(templates.get_template("parts.html").module.facts(plan, Words("en").say))  # type: ignore[attr-defined]
    name = "rate large" if is_large else "rate"
    assert f'<div class="{name}"><dt>CFT</dt><dd><bdi>88,71 %</bdi></dd></div>' in text
    assert '<div class="second"><dt>TEA</dt><dd><bdi>80,00 %</bdi></dd></div>' in text


def test_the_style_sheet_makes_it_five_times_as_large() -> None:
    style = (Path(parcela.__file__).parent / "static" / "checkout.css").read_text()
    sizes = [
        Decimal(re.search(rf"{rule} {{ font-size: ([0-9.]+)rem", style)[1])  # type: ignore[index]
        for rule in (r"\.large dd", r"\.large ~ \.second dd")
    ]
    assert sizes[0] == 5 * sizes[1]
