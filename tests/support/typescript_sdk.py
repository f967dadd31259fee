"""The built TypeScript client, and how a test runs Node with it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SDK = ROOT / "clients" / "typescript"
TESTS = ROOT / "tests" / "clients" / "typescript"
_TIMEOUT_S = 120


def require_built_sdk() -> Path:
    """Its folder. Says what to do where Node is missing, or the client is not built from these sources."""
    for program in ("node", "npm"):
        assert shutil.which(program), (
            f"{program} is not on PATH. The TypeScript client needs Node.js 18 or newer; "
            "on Debian or Ubuntu: apt-get install nodejs npm"
        )
    built = SDK / "dist" / "index.js"
    sources = [*(SDK / "src").glob("*.ts"), SDK / "package.json", SDK / "tsconfig.json"]
    is_fresh = built.exists() and all(file.stat().st_mtime <= built.stat().st_mtime for file in sources)
    assert is_fresh, "The TypeScript client is not built from these sources: run `make sdk`."
    return SDK


def run_node(
    arguments: list[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Node with the settings of the client taken from `environment` alone."""
    own = ("PARCELA_", "VINR_", "NODE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return subprocess.run(
        ["node", *arguments],
        cwd=folder,
        env={**kept, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )


def install_sdk(folder: Path) -> None:
    """Make `@parcela/sdk` importable in a folder, as `npm install` of a local package does."""
    scope = folder / "node_modules" / "@parcela"
    scope.mkdir(parents=True)
    (scope / "sdk").symlink_to(require_built_sdk())
    types = folder / "node_modules" / "@types"
    types.symlink_to(SDK / "node_modules" / "@types")
    (folder / "package.json").write_text('{"type": "module"}')


def run_module(folder: Path, source: str, environment: Mapping[str, str]) -> Any:
    """Run a module whose last printed line is JSON; its value."""
    file = folder / "module.mjs"
    file.write_text(source)
    ran = run_node([str(file)], folder=folder, environment=environment)
    assert ran.returncode == 0, f"{source}\n{ran.stderr}"
    return json.loads(ran.stdout.splitlines()[-1])


def check_types(folder: Path, sources: Mapping[str, str]) -> dict[str, list[str]]:
    """The error codes of the compiler for each module, such as `TS2345`, in one run for all."""
    for name, source in sources.items():
        (folder / f"{name}.ts").write_text(source)
    compiler = SDK / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--noEmit", "--strict", "--target", "ES2022", "--module", "NodeNext", "--types", "node"]
    ran = run_node([str(compiler), *options, *(f"{name}.ts" for name in sources)], folder=folder)
    found = re.findall(r"^(\w+)\.ts\(.*?error (TS\d+)", ran.stdout, re.M)
    assert (ran.returncode == 0) == (not found), ran.stdout
    return {name: [code for file, code in found if file == name] for name in sources}
