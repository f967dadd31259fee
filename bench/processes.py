"""CPU time and memory of a process and its children, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

import asyncpg

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """One process: its parent, CPU seconds with those of ended children, and resident bytes."""

    pid: int
    parent: int
    cpu_s: float
    resident_bytes: int


def read_process(pid: int) -> ProcessFacts | None:
    """What /proc says of a process; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold anything; the fields after it are numbers (proc(5)).
    fields = text.rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])
    return ProcessFacts(pid, int(fields[1]), ticks / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES)


def list_tree(root: int) -> list[ProcessFacts]:
    """A process and everything below it."""
    everyone = [read_process(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = [facts for facts in everyone if facts is not None]
    tree = {root}
    size = 0
    while len(tree) > size:
        size = len(tree)
        tree |= {facts.pid for facts in found if facts.parent in tree}
    return [facts for facts in found if facts.pid in tree]


def sum_cpu_s(root: int) -> float:
    """CPU seconds of a process tree so far."""
    return sum(facts.cpu_s for facts in list_tree(root))


async def find_postmaster(url: str) -> int:
    """The process above all of PostgreSQL's, found as the parent of our own connection's."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        backend: int = await connection.fetchval("SELECT pg_backend_pid()")
        facts = read_process(backend)
    finally:
        await connection.close()
    assert facts is not None
    return facts.parent
