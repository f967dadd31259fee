"""Who may import whom: the table of ARCHITECTURE.md, enforced over every import in the sources."""

import ast
from pathlib import Path

import pytest

import parcela

PACKAGE = Path(parcela.__file__).parent

# Room -> rooms that it may import. Everything may import itself.
MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "store": {"domain"},
    "vault": {"domain", "store"},
    "connectors": {"domain", "operations"},
    "operations": {"domain", "store"},
    "words": {"domain"},
    "documents": {"domain", "operations", "words"},
    "dialects": {"domain", "operations", "words"},
    "admin": {"domain", "operations", "dialects", "catalogue_files"},
    "issuer": {"domain", "operations", "dialects"},
    "checkout": {"domain", "operations", "dialects", "words"},
    "promo": {"domain", "operations", "dialects", "words"},
    "delivery": {"domain", "operations", "words"},
    "sandbox": {"domain", "operations", "catalogue_files"},
    "catalogue_files": {"domain"},
    "settings": set(),
    "logs": {"domain"},
    "http_protocol": set(),
    "shutdown": set(),
    "api_docs": set(),
    "demo": {"settings"},
}
# The composition root and the command line put the rooms together.
MAY_IMPORT_ALL = {"app", "payments_service", "cli", "__init__", "__main__"}

# Doors never import each other, but for what all of them share.
SHARED_DOOR_MODULES = {"http", "strict_json", "metrics"}

STDLIB_ONLY = {"domain"}
# Time, randomness and sockets come through ports: only these files ask the machine.
MACHINE_MODULES = {"time", "random", "secrets", "uuid", "socket"}
MACHINE_FILES = {
    "connectors/addresses.py",
    "connectors/system.py",
    "store/embedded.py",
    "store/embedded_binaries.py",
    "store/embedded_cluster.py",
    "store/database.py",
    "operations/destinations.py",
    "http_protocol.py",
}


def list_sources() -> list[Path]:
    return sorted(file for file in PACKAGE.rglob("*.py") if "migrations" not in file.parts)


def list_imports(file: Path) -> set[str]:
    imports: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the room"
            module = node.module or ""
            imports.update(f"{module}.{alias.name}" for alias in node.names)
    return imports


def name_room(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("file", list_sources(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    relative = file.relative_to(PACKAGE)
    room = relative.parts[0].removesuffix(".py")
    if room in MAY_IMPORT_ALL:
        return
    allowed = MAY_IMPORT[room] | {room}
    for imported in list_imports(file):
        if imported.split(".")[0] == "parcela" and imported != "parcela.__version__":
            assert name_room(imported) in allowed, f"{relative} imports {imported}"


def test_doors_do_not_import_each_other() -> None:
    for file in (PACKAGE / "dialects").rglob("*.py"):
        relative = file.relative_to(PACKAGE / "dialects")
        own = relative.parts[0].removesuffix(".py")
        for imported in list_imports(file):
            if imported.startswith("parcela.dialects."):
                target = imported.split(".")[2]
                assert target == own or target in SHARED_DOOR_MODULES, f"{relative} imports {imported}"


@pytest.mark.parametrize("room", sorted(STDLIB_ONLY))
def test_the_domain_needs_only_the_standard_library(room: str) -> None:
    import sys

    for file in (PACKAGE / room).rglob("*.py"):
        for imported in list_imports(file):
            top = imported.split(".")[0]
            assert top == "parcela" or top in sys.stdlib_module_names, f"{file.name} imports {imported}"


def test_only_adapters_ask_the_machine_for_time_and_chance() -> None:
    for file in list_sources():
        relative = str(file.relative_to(PACKAGE))
        if relative in MACHINE_FILES or relative.startswith(("cli/", "sandbox/", "demo")):
            continue
        tops = {imported.split(".")[0] for imported in list_imports(file)}
        assert not tops & MACHINE_MODULES, f"{relative} imports {sorted(tops & MACHINE_MODULES)}"


def test_the_domain_has_no_clock_no_chance_and_no_floats() -> None:
    for file in (PACKAGE / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "today", "utcnow"}, (
                    f"{file.name}:{node.lineno} asks the clock"
                )
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
            is_cast = isinstance(node, ast.Name) and node.id == "float"
            assert not (is_float or is_cast), f"{file.name}:{node.lineno} uses a float"


def test_sql_stays_in_the_store() -> None:
    for file in list_sources():
        relative = file.relative_to(PACKAGE)
        if relative.parts[0] == "store":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.split()
                assert not (len(words) > 1 and words[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}), (
                    f"{relative}:{node.lineno} holds SQL"
                )


def test_broad_except_clauses_stand_at_the_edges_only() -> None:
    """Elsewhere a broad clause may only clean up and raise again."""
    edges = {"dialects/network/door.py", "admin/door.py", "issuer/door.py", "store/batching.py"}
    edges |= {f"dialects/{door}/door.py" for door in ("gateway", "payments")}
    edges |= {f"delivery/{file}.py" for file in ("worker", "lane", "courier")}
    for file in list_sources():
        relative = str(file.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ExceptHandler) or relative in edges:
                continue
            is_broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            )
            last = node.body[-1]
            raises_again = isinstance(last, ast.Raise) and last.exc is None
            assert not is_broad or raises_again, f"{relative}:{node.lineno} swallows everything"
