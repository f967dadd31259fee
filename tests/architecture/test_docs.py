"""Docs that list things are held against the sources."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import parcela
from parcela.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGE = Path(parcela.__file__).parent
WIRE_WORD = re.compile(r"`([A-Za-z_]*[A-Z_][A-Za-z_]*)`")


def test_every_setting_is_listed_with_its_default() -> None:
    rows = re.findall(
        r"^\| `PARCELA_(\w+)` \| `?([^`|]+?)`? \|", (ROOT / "docs/settings.md").read_text(), re.M
    )
    listed = {name.lower(): default for name, default in rows}
    assert set(listed) == {field.name for field in fields(Settings)}
    for field in fields(Settings):
        assert field.default is not MISSING
        if field.default is not None and field.name != "payments_webhook_ports":
            default = field.default
            written = str(default).lower() if isinstance(default, bool) else str(default)
            assert listed[field.name] == written, field.name


def test_wire_words_of_the_glossary_stay_in_their_door() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    wire_words = {
        word
        for row in glossary.splitlines()
        for word in WIRE_WORD.findall(row.rpartition("|")[0].rpartition("|")[2])
    }
    assert {"offerTransactionId", "schedulePayments", "FRST_INSTL"} <= wire_words
    for file in PACKAGE.rglob("*.py"):
        # The issuer's door is the receiving end of the same wire.
        if {"dialects", "demo", "issuer"} & set(file.parts):
            continue
        code = file.read_text(encoding="utf-8")
        quoted = set(re.findall(r"[\"']([A-Za-z_]+)[\"']", code))
        assert not quoted & (wire_words - {"PURCHASE", "FINAL"}), f"{file.name}: {quoted & wire_words}"


def test_every_decision_has_context_decision_and_consequences() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert page.read_text().startswith(f"# {int(page.name[:4])}. "), page.name


def test_every_page_and_decision_stands_in_its_index() -> None:
    linked = set(re.findall(r"\(docs/([a-z-]+\.md)", (ROOT / "README.md").read_text()))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")}
    index = (ROOT / "docs/decisions/README.md").read_text()
    decisions = [page.name for page in sorted((ROOT / "docs/decisions").glob("0*.md"))]
    assert re.findall(r"^\d+\. \[.+\]\((.+)\)$", index, re.M) == decisions


def test_links_of_the_docs_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench/README.md"]
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"(?:\]\(|<img src=\")([^)\"\s]+)", page.read_text())
        if not link.startswith(("http://", "https://")) and not leads_somewhere(page, link)
    ]
    assert dead == []


def leads_somewhere(page: Path, link: str) -> bool:
    """Is there such a file, and in it such a heading?"""
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    if not target.exists():
        return False
    return not anchor or anchor in list_anchors(target)


def list_anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
