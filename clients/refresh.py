"""Takes the OpenAPI document of the payments API anew, and writes all that is made from it.

`python -m clients.refresh` takes it from this checkout, with an address such as `http://127.0.0.1:8080`
from a server. With `--check` nothing is written, and the exit code tells whether something would change;
the types of the TypeScript client are then left out, for they need Node.
"""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from clients.python import generate as python_client

from clients.typescript import generate as typescript_client

DOCUMENT_FILE = Path(__file__).parent / "openapi" / "payments.json"
_TYPESCRIPT = Path(__file__).parent / "typescript"
_SOME_SERVER = "http://localhost"
_CONDITIONS = frozenset({"anyOf", "oneOf", "allOf", "not", "minProperties", "maxProperties"})
"""What an object says of its members together: the server checks it, and types cannot say it."""


def read_document(root_url: str | None) -> dict[str, Any]:
    """The document of a server, or of this checkout: the parts that clients are made from."""
    if root_url is None:
        # Only here: the client's own generator does not need the server.
        from parcela.dialects.payments.openapi import render_openapi

        text = render_openapi(_SOME_SERVER)
    else:
        with urllib.request.urlopen(f"{root_url.rstrip('/')}/openapi/payments.json", timeout=30) as answer:
            text = answer.read()
    return keep_contract(json.loads(text))


def keep_contract(document: dict[str, Any]) -> dict[str, Any]:
    """Members of requests and of successes. Errors and headers are alike everywhere, and written by hand."""
    components = document["components"]
    kept = {name: document[name] for name in ("openapi", "info", "paths")}
    for item in document["paths"].values():
        for described in item.values():
            if isinstance(described, dict):
                if "requestBody" in described:
                    described["requestBody"] = drop_conditions(described["requestBody"])
                described["parameters"] = [one for one in described["parameters"] if one["in"] == "query"]
                described["responses"] = {
                    status: {"description": answer["description"], "content": answer["content"]}
                    for status, answer in described["responses"].items()
                    if status.startswith("2")
                }
    return {**kept, "components": {"schemas": components["schemas"]}}


def drop_conditions(part: Any) -> Any:
    """The same without conditions between the members of objects."""
    if isinstance(part, list):
        return [drop_conditions(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    has_members = isinstance(part.get("properties"), dict)
    return {
        name: drop_conditions(inner)
        for name, inner in part.items()
        if not (has_members and name in _CONDITIONS)
    }


def write_document(document: dict[str, Any]) -> str:
    """The text of the kept copy."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write, or with `--check` tell what is out of date."""
    root_urls = [argument for argument in arguments if not argument.startswith("--")]
    text = write_document(read_document(root_urls[0] if root_urls else None))
    if "--check" in arguments:
        is_stale = DOCUMENT_FILE.read_text() != text
        if is_stale:
            print(f"{DOCUMENT_FILE} is not what the server serves: run python -m clients.refresh")
        return int(is_stale) | python_client.main(arguments) | typescript_client.main(arguments)
    DOCUMENT_FILE.write_text(text)
    python_client.main([])
    typescript_client.main([])
    subprocess.run(["npm", "run", "--silent", "generate"], cwd=_TYPESCRIPT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
