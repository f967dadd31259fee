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
        if field.name not in {"database_url", "kek_file", "payments_webhook_ports", "public_url"}:
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
