"""Writes `src/resources.ts` of the TypeScript client from the OpenAPI document of the payments API.

`python -m clients.typescript.generate`; with `--check` it writes nothing and fails if something would change.
The types in `src/schema.ts` are written by `npm run generate`.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clients.definition import RESOURCES, Operation, Resource, Shape
from clients.python.document import Contract, Document

ROOT = Path(__file__).parent
DOCUMENT_FILE = ROOT.parent / "openapi" / "payments.json"
OUTPUT_FILE = ROOT / "src" / "resources.ts"
_HEAD = """\
/** Methods of the payments API. Written by `python -m clients.typescript.generate`; do not edit. */

import { type Connection, quoteSegment, type RequestOptions } from './connection.js';
import { List, PlanList } from './lists.js';
import type { Answer, Body, Item, Query } from './types.js';
"""


def to_camel_case(name: str) -> str:
    """`list_plans` becomes `listPlans`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def to_class_name(name: str) -> str:
    """`payment_methods` becomes `PaymentMethods`."""
    camel = to_camel_case(name)
    return camel[:1].upper() + camel[1:]


def generate(content: Mapping[str, Any]) -> str:
    """The module."""
    document = Document(content)
    written = {re.sub(r"\{\w+\}", "{}", path): path for path in content["paths"]}
    classes = [_write_class(resource, document, written) for resource in RESOURCES]
    members = [
        f"  readonly {to_camel_case(resource.name)}: {to_class_name(resource.name)};\n"
        for resource in RESOURCES
    ]
    made = [
        f"    this.{to_camel_case(resource.name)} = new {to_class_name(resource.name)}(connection);\n"
        for resource in RESOURCES
    ]
    group = (
        "\n/** What a client has attributes for. */\nexport class Resources {\n"
        f"{''.join(members)}\n  constructor(connection: Connection) {{\n{''.join(made)}  }}\n}}\n"
    )
    return _HEAD + "".join(classes) + group


def _write_class(resource: Resource, document: Document, written: Mapping[str, str]) -> str:
    lines = [f"\n/** {resource.about} */\nexport class {to_class_name(resource.name)} {{\n"]
    lines.append("  readonly #connection: Connection;\n\n")
    lines.append("  constructor(connection: Connection) {\n    this.#connection = connection;\n  }\n")
    for operation in resource.operations:
        contract = document.read_contract(operation)
        lines.append(_write_method(operation, contract, written[contract.path]))
    return "".join(lines) + "}\n"


def _write_method(operation: Operation, contract: Contract, path: str) -> str:
    verb = contract.method.lower()
    place = f"'{path}', '{verb}'"
    has_id, has_body = "{}" in contract.path, contract.body is not None
    arguments, call = (["id: string"] if has_id else []), [f"method: '{contract.method}'"]
    address = contract.path.replace("{}", "${quoteSegment(id)}")
    call.append(f"path: `{address}`" if has_id else f"path: '{address}'")
    if contract.query:
        is_optional = not any(member.is_required for member in contract.query)
        arguments.append(f"params{'?' if is_optional else ''}: Query<{place}>")
        call.append("query: params")
    given, options = "", ""
    if contract.method in {"POST", "PATCH"}:
        options = ", options"
        required = any(member.is_required for member in contract.body or ())
        if required:
            arguments.append(f"params: Body<{place}>")
            call.append("body: params")
        elif has_body:
            # The options may stand second where no member is required.
            arguments.append(f"params: Body<{place}> & RequestOptions = {{}}")
            given = "    const { idempotencyKey, ...body } = params;\n"
            call.append("body")
            options = ", { ...(idempotencyKey === undefined ? {} : { idempotencyKey }), ...options }"
        arguments.append("options?: RequestOptions")
    gives, sends = _write_ending(operation, place, f"{{ {', '.join(call)} }}", options)
    about = operation.about.replace("checkout_url", "checkoutUrl")
    return (
        f"\n  /** {about} */\n  {to_camel_case(operation.name)}({', '.join(arguments)}): {gives} {{\n"
        f"{given}    return {sends};\n  }}\n"
    )


def _write_ending(operation: Operation, place: str, call: str, options: str) -> tuple[str, str]:
    path = place.partition(",")[0]
    if operation.shape is Shape.LIST:
        return f"List<Item<{path}>>", f"new List({call}, this.#connection)"
    if operation.shape is Shape.PLANS:
        reasons = f"Answer<{place}>['unavailableReasons'][number]"
        sends = f"this.#connection.json<Answer<{place}>>({call}).then((found) => PlanList.read(found))"
        return f"Promise<PlanList<Item<{path}>, {reasons}>>", sends
    if operation.shape is Shape.CONTENT:
        return "Promise<Uint8Array>", f"this.#connection.content({call})"
    return f"Promise<Answer<{place}>>", f"this.#connection.json({call}{options})"


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` tell whether it is out of date."""
    text = generate(json.loads(DOCUMENT_FILE.read_text()))
    is_stale = not OUTPUT_FILE.exists() or OUTPUT_FILE.read_text() != text
    if "--check" in arguments:
        if is_stale:
            print(f"{OUTPUT_FILE} is not what the document says: run python -m clients.typescript.generate")
        return int(is_stale)
    OUTPUT_FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
