"""Shape: short files, short functions, docstrings, and words that are not in the house."""

import ast
import re
from pathlib import Path
from statistics import median, quantiles

import parcela

PACKAGE = Path(parcela.__file__).parent
SOURCES = sorted(file for file in PACKAGE.rglob("*.py") if "data" not in file.parts)
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
BANNED_NAMES = re.compile(r"(Manager|Helper|Util|Common|Base|Info)$")


def list_functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def count_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def test_no_file_is_too_long() -> None:
    lengths = {str(file.relative_to(PACKAGE)): len(file.read_text().splitlines()) for file in SOURCES}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE_LINES} == {}
    assert median(lengths.values()) <= 150


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{file.relative_to(PACKAGE)}:{node.name}": count_lines(node)
        for file in SOURCES
        for node in list_functions(file)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}
    assert quantiles(lengths.values(), n=20)[-1] <= 40


def test_every_module_and_public_definition_says_what_it_is() -> None:
    silent = []
    for file in SOURCES:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        relative = file.relative_to(PACKAGE)
        if ast.get_docstring(tree) is None:
            silent.append(str(relative))
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node) is None
            ):
                silent.append(f"{relative}:{node.name}")
    assert silent == []


def test_no_positional_parameter_list_is_long() -> None:
    """At most six positional parameters, four being the aim; keyword-only ones carry the rest."""
    long = [
        f"{file.relative_to(PACKAGE)}:{node.name}"
        for file in SOURCES
        for node in list_functions(file)
        if len(node.args.args) + len(node.args.posonlyargs) > 6
    ]
    assert long == []


def test_nothing_is_left_unfinished() -> None:
    assert [str(file) for file in SOURCES if UNFINISHED.search(file.read_text(encoding="utf-8"))] == []


def test_names_say_what_a_thing_is() -> None:
    banned = [
        f"{file.relative_to(PACKAGE)}:{node.name}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and BANNED_NAMES.search(node.name)
    ]
    assert banned == []
