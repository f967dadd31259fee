"""The figures, with the targets they are held against, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. `target` is the bound to reach: a highest one, or a lowest one."""

    group: str
    name: str
    value: float
    unit: str = ""
    target: float | None = None
    is_highest: bool = True

    @property
    def verdict(self) -> str:
        """`ok`, `missed`, or nothing where there is no target."""
        if self.target is None:
            return ""
        is_met = self.value <= self.target if self.is_highest else self.value >= self.target
        return "ok" if is_met else "missed"

    def describe_target(self) -> str:
        """The bound for people."""
        if self.target is None:
            return ""
        return f"{'≤' if self.is_highest else '≥'} {format_number(self.target)}"


def format_number(value: float) -> str:
    """Three significant digits, thousands parted."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def print_table(console: Console, figures: Sequence[Figure], *, title: str) -> None:
    """All figures by group."""
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column("What")
    table.add_column("Measured", justify="right")
    table.add_column("Unit")
    table.add_column("Target", justify="right")
    table.add_column("")
    group = None
    for figure in figures:
        if figure.group != group:
            if group is not None:
                table.add_section()
            table.add_row(f"[bold]{figure.group}[/]")
            group = figure.group
        color = {"ok": "green", "missed": "red"}.get(figure.verdict, "default")
        table.add_row(
            f"  {figure.name}",
            format_number(figure.value),
            figure.unit,
            figure.describe_target(),
            f"[{color}]{figure.verdict}[/]",
        )
    console.print(table)


def write_json(path: Path, figures: Sequence[Figure], about: dict[str, str]) -> None:
    """The same for machines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"about": about, "figures": [{**asdict(f), "verdict": f.verdict} for f in figures]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
