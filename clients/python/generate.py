"""Writes the typed part of the Python client from the OpenAPI document of the payments API.

`python -m clients.python.generate` reads `clients/openapi/payments.json`, a copy of what a server serves
under `/openapi/payments.json`; with `--check` it writes nothing and fails if something would change.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from clients.definition import OBJECT_NAMES, PART_NAMES, RESOURCES, Operation, Resource, Shape
from clients.python.document import Contract, Document, Member, Schema, merge_members

ROOT = Path(__file__).parent
DOCUMENT_FILE = ROOT.parent / "openapi" / "payments.json"
OUTPUT = ROOT / "src" / "parcela_client"
TWINS = ("network", "gateway")
"""Packages whose `_async.py` is written by hand, and `_sync.py` is made from it."""
_HEAD = (
    '"""{about}\n\nWritten by `python -m clients.python.generate`; do not edit.\n"""\n\n'
    "from __future__ import annotations\n\n"
)
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_PAGING = {"limit", "starting_after", "ending_before"}


def to_python_name(wire_name: str) -> str:
    """`returnUrl` becomes `return_url`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: "_" + found[1].lower(), wire_name)


def to_class_name(wire_name: str) -> str:
    """`refund_preview` and `refundPreview` become `RefundPreview`."""
    return "".join(part[:1].upper() + part[1:] for part in wire_name.split("_"))


class ObjectWriter:
    """Collects the classes of answers."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._classes: dict[str, tuple[Member, ...]] = {}

    def add(self, name: str, schema: Schema) -> None:
        """A class for an object, and for the objects in it."""
        members = tuple(self._document.list_members(schema))
        known = self._classes.get(name)
        self._classes[name] = members if known is None else merge_members(known, members)
        for member in members:
            item = self._find_item(member.schema)
            if item is not None:
                self.add(self._name_part(name, member), item)

    def _find_item(self, schema: Schema) -> Schema | None:
        """The object that a member is, or that its list holds; None for plain values and open objects."""
        if schema.get("type") == "array":
            schema = self._document.split_null(schema.get("items", {}))[0]
        return schema if schema.get("properties") else None

    def _name_part(self, above: str, member: Member) -> str:
        if member.wire_name == "data" and above != "Event":
            return above + "Data"
        return PART_NAMES.get(member.wire_name, above + to_class_name(member.wire_name))

    def write(self) -> str:
        """The module."""
        lines = [_HEAD.format(about="Objects of the payments API."), "from typing import Any, ClassVar\n\n"]
        lines.append("from parcela_client._objects import WireObject\n\n")
        for name in sorted(self._classes):
            lines.append(self._write_class(name, self._classes[name]))
        parts = {name: self._list_parts(name) for name in sorted(self._classes)}
        for name, classes in parts.items():
            if classes:
                told = ", ".join(f'"{wire_name}": {kind}' for wire_name, kind in classes.items())
                lines.append(f"{name}._parts = {{{told}}}\n")
        for name, object_name in OBJECT_NAMES.items():
            lines.append(f'WireObject._kinds["{object_name}"] = {name}\n')
        return "".join(lines)

    def _list_parts(self, name: str) -> Mapping[str, str]:
        return {
            member.wire_name: self._name_part(name, member)
            for member in self._classes[name]
            if self._find_item(member.schema) is not None
        }

    def _write_class(self, name: str, members: tuple[Member, ...]) -> str:
        wire_names = ", ".join(f'"{member.wire_name}"' for member in members)
        lines = [f"\n\nclass {name}(WireObject):\n"]
        lines.append(f'    """`{OBJECT_NAMES.get(name, to_python_name(name[:1].lower() + name[1:]))}`"""\n\n')
        lines.append(f"    _known: ClassVar[frozenset[str]] = frozenset({{{wire_names}}})\n\n")
        for member in members:
            absent = " | None" if member.may_be_absent else ""
            kind = self._write_type(name, member)
            lines.append(f"    {to_python_name(member.wire_name)}: {kind}{'' if kind == 'Any' else absent}\n")
        return "".join(lines)

    def _write_type(self, above: str, member: Member) -> str:
        schema = member.schema
        if member.wire_name == "metadata":
            return "dict[str, str]"
        if schema.get("type") == "array":
            if self._find_item(schema) is not None:
                return f"list[{self._name_part(above, member)}]"
            item = self._document.split_null(schema.get("items", {}))[0]
            return f"list[{_write_plain(item)}]"
        if self._find_item(schema) is not None:
            return self._name_part(above, member)
        return _write_plain(schema)


def _write_plain(schema: Schema) -> str:
    """The type of a value that is no object of ours; words are plain text, for new ones may come."""
    kind = schema.get("type")
    if kind is None:
        values = schema.get("enum") or [schema["const"]] if "const" in schema or "enum" in schema else []
        kind = {str: "string", bool: "boolean", int: "integer"}.get(type(values[0])) if values else None
    if kind == "object":
        return "WireObject" if not schema.get("additionalProperties") else "Any"
    return _PLAIN.get(kind, "Any") if isinstance(kind, str) else "Any"


class ParameterWriter:
    """Collects the dictionaries of requests, and the wire's names that have underscores."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._classes: dict[str, tuple[Member, ...]] = {}
        self.snake_case_names: set[str] = set(_PAGING)

    def write_type(self, member: Member, *, place: str) -> str:
        """The annotation of a member; `place` names the dictionary if it is an object."""
        schema = member.schema
        if "_" in member.wire_name:
            self.snake_case_names.add(member.wire_name)
        if member.wire_name == "metadata":
            return "Mapping[str, str]"
        if schema.get("properties"):
            return self._add(place + to_class_name(member.wire_name), schema)
        if schema.get("type") == "array":
            item = self._document.split_null(schema.get("items", {}))[0]
            return f"Sequence[{_write_word(item)}]"
        return _write_word(schema)

    def _add(self, name: str, schema: Schema) -> str:
        members = tuple(self._document.list_members(schema))
        self._classes[name] = members
        for member in members:
            self.write_type(member, place=name)
        return name

    def write(self) -> str:
        """The module."""
        lines = [_HEAD.format(about="Dictionaries that requests take.")]
        lines.append("from collections.abc import Mapping, Sequence\n")
        lines.append("from typing import Any, Literal, NotRequired, TypedDict\n")
        lines.append(
            "\n\nclass Range(TypedDict, total=False):\n"
            '    """Instants in Unix seconds: from `gte` on, before `lt`."""\n\n'
            "    gte: int\n    lt: int\n"
        )
        for name in sorted(self._classes):
            lines.append(f'\n\nclass {name}(TypedDict):\n    """Members of a request."""\n\n')
            for member in self._classes[name]:
                kind = self.write_type(member, place=name)
                kind = kind if member.is_required else f"NotRequired[{kind}]"
                lines.append(f"    {to_python_name(member.wire_name)}: {kind}\n")
        return "".join(lines)


def _write_word(schema: Schema) -> str:
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if values:
        return f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    return _write_plain(schema) if schema.get("type") != "object" else "Mapping[str, Any]"


class ResourceWriter:
    """Writes the methods, sync or async, from the same contracts."""

    def __init__(
        self, contracts: Mapping[str, Contract], parameters: ParameterWriter, *, is_async: bool
    ) -> None:
        self._contracts = contracts
        self._parameters = parameters
        self._is_async = is_async
        self._prefix = "Async" if is_async else ""

    def write(self) -> str:
        """The module."""
        bodies = [self._write_resource(resource) for resource in RESOURCES]
        source = "".join(bodies)
        connection = f"{self._prefix}Connection"
        objects = sorted({op.result for resource in RESOURCES for op in resource.operations if op.result})
        used = [name for name in objects if re.search(rf"\b{name}\b", source)]
        dictionaries = sorted(set(re.findall(r"\b\w+(?=\b)", source)) & {*self._parameters._classes, "Range"})
        page = "AsyncList" if self._is_async else "Page"
        head = _HEAD.format(about="Methods of the payments API, " + ("async." if self._is_async else "sync."))
        return (
            f"{head}from collections.abc import Mapping, Sequence\nfrom typing import Literal\n\n"
            "from parcela_client._calls import Call, quote_segment\n"
            f"from parcela_client._clients import {connection}\n"
            f"from parcela_client._generated.objects import {', '.join(used)}\n"
            f"from parcela_client._generated.parameters import {', '.join(dictionaries)}\n"
            f"from parcela_client._pages import {page}\n"
            f"from parcela_client._plan_lists import PlanList\n{source}{self._write_group()}"
        )

    def _name_class(self, resource: Resource) -> str:
        return self._prefix + to_class_name(resource.name)

    def _write_group(self) -> str:
        lines = [f"\n\nclass {self._prefix}Resources:\n", '    """What a client has attributes for."""\n\n']
        lines += [f"    def __init__(self, connection: {self._prefix}Connection) -> None:\n"]
        lines += [
            f"        self.{resource.name} = {self._name_class(resource)}(connection)\n"
            for resource in RESOURCES
        ]
        return "".join(lines)

    def _write_resource(self, resource: Resource) -> str:
        lines = [f'\n\nclass {self._name_class(resource)}:\n    """{resource.about}"""\n\n']
        lines.append(f"    def __init__(self, connection: {self._prefix}Connection) -> None:\n")
        lines.append("        self._connection = connection\n")
        # `list` is last: above it the name means the built-in.
        for operation in sorted(resource.operations, key=lambda op: op.name == "list"):
            lines.append(self._write_method(operation, resource))
        return "".join(lines)

    def _write_method(self, operation: Operation, resource: Resource) -> str:
        contract = self._contracts[operation.call]
        place = to_class_name(resource.name) + to_class_name(operation.name)
        query = self._list_arguments(contract.query, place)
        body = self._list_arguments(contract.body or (), place)
        signature = ["self"]
        has_id = "{}" in contract.path
        if has_id:
            signature += ["object_id: str", "/"]
        keyword = [f"{name}: {kind}" for name, (kind, _) in {**query, **body}.items()]
        if contract.method in {"POST", "PATCH"}:
            keyword.append("idempotency_key: str | None = None")
        signature += ["*", *keyword] if keyword else []
        path = (
            f'f"{contract.path.replace("{}", "{quote_segment(object_id)}")}"'
            if has_id
            else f'"{contract.path}"'
        )
        call = [f'method="{contract.method}"', f"path={path}"]
        if query:
            call.append(f"query={{{_write_members(query)}}}")
        if contract.method in {"POST", "PATCH"}:
            call += [f"body={{{_write_members(body)}}}", "idempotency_key=idempotency_key"]
        gives, sends = self._write_ending(operation)
        is_awaiting = self._is_async and operation.shape is not Shape.LIST
        return (
            f"\n    {'async ' if is_awaiting else ''}def {operation.name}"
            f"({', '.join(signature)}) -> {gives}:\n"
            f'        """{operation.about}"""\n'
            f"        call = Call({', '.join(call)})\n"
            f"        return {sends}\n"
        )

    def _write_ending(self, operation: Operation) -> tuple[str, str]:
        """The type that a method gives, and the expression that it returns."""
        waiting = "await " if self._is_async else ""
        if operation.shape is Shape.LIST:
            page = "AsyncList" if self._is_async else "Page"
            return f"{page}[{operation.result}]", f"self._connection.list(call, {operation.result})"
        if operation.shape is Shape.PLANS:
            return "PlanList", f"PlanList({waiting}self._connection.call_json(call))"
        if operation.shape is Shape.CONTENT:
            return "bytes", f"{waiting}self._connection.call_content(call)"
        return operation.result, f"{waiting}self._connection.call(call, {operation.result})"

    def _list_arguments(self, members: Iterable[Member], place: str) -> dict[str, tuple[str, str]]:
        """Arguments by name: annotation with default, and the name of the wire."""
        arguments: dict[str, tuple[str, str]] = {}
        for member in members:
            name, bracket, _ = member.wire_name.partition("[")
            kind = "Range" if bracket else self._parameters.write_type(member, place=place)
            annotation = kind if member.is_required else f"{kind} | None = None"
            arguments[to_python_name(name)] = (annotation, name)
        return arguments


def _write_members(arguments: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f'"{name}": {name}' for name in arguments)


def write_wire_names(names: Iterable[str]) -> str:
    """The module of names that are the same on both sides."""
    told = ", ".join(f'"{name}"' for name in sorted(names))
    head = _HEAD.format(about="Members of requests that the wire writes with underscores.")
    return f"{head}SNAKE_CASE_NAMES = frozenset({{{told}}})\n"


def generate(content: Mapping[str, object]) -> dict[str, str]:
    """The text of every generated file by its name."""
    document = Document(content)
    operations = [operation for resource in RESOURCES for operation in resource.operations]
    contracts = {operation.call: document.read_contract(operation) for operation in operations}
    objects, parameters = ObjectWriter(document), ParameterWriter(document)
    for operation in operations:
        answer = contracts[operation.call].answer
        if answer is None or not operation.result:
            continue
        if operation.shape is not Shape.OBJECT:
            if operation.shape is Shape.PLANS:
                reasons = document.split_null(answer["properties"]["unavailableReasons"]["items"])[0]
                objects.add("UnavailableReason", reasons)
            answer = document.split_null(answer["properties"]["data"]["items"])[0]
        objects.add(operation.result, answer)
    sync = ResourceWriter(contracts, parameters, is_async=False).write()
    texts = {
        "resources.py": sync,
        "async_resources.py": ResourceWriter(contracts, parameters, is_async=True).write(),
        "objects.py": objects.write(),
        "parameters.py": parameters.write(),
        "wire_names.py": write_wire_names(parameters.snake_case_names),
        "__init__.py": '"""What `python -m clients.python.generate` wrote; do not edit."""\n',
    }
    texts = {f"_generated/{name}": text for name, text in texts.items()}
    for package in TWINS:
        texts[f"{package}/_sync.py"] = write_sync_twin((OUTPUT / package / "_async.py").read_text(), package)
    return {name: tidy(text) for name, text in texts.items()}


def write_sync_twin(source: str, package: str) -> str:
    """The module that waits where the given one awaits."""
    first_line, _, rest = source.partition("\n")
    head = first_line.replace(" for asyncio", "") + f"\n\nMade from `{package}/_async.py`; do not edit.\n"
    rest = re.sub(r"\bAsync(?=[A-Z])", "", rest).replace("Closing", "SyncClosing")
    return head + rest.replace("async def", "def").replace("await ", "").replace(", for asyncio", "")


def tidy(text: str) -> str:
    """Without unused imports and in the house's format, by the linter of this repository."""
    ruff = [sys.executable, "-m", "ruff"]
    settings = ["--config", str(ROOT.parents[1] / "pyproject.toml"), "--stdin-filename", "generated.py", "-"]
    mended = _run([*ruff, "check", "--quiet", "--fix-only", "--select", "F401,I,UP", *settings], text)
    return _run([*ruff, "format", "--quiet", *settings], mended)


def _run(command: list[str], text: str) -> str:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` tell which are out of date."""
    texts = generate(json.loads(DOCUMENT_FILE.read_text()))
    stale = [
        name
        for name, text in texts.items()
        if not (OUTPUT / name).exists() or (OUTPUT / name).read_text() != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"{OUTPUT / name} is not what the document says: run python -m clients.python.generate")
        return 1 if stale else 0
    for name in stale:
        (OUTPUT / name).write_text(texts[name])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
