"""The TypeScript client: its own tests on Node, its types, and what is made from the OpenAPI document."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from tests.support.typescript_sdk import (
    SDK,
    TESTS,
    check_types,
    install_sdk,
    require_built_sdk,
    run_module,
    run_node,
)

from clients.typescript import generate


@pytest.fixture(scope="module")
def sdk() -> Path:
    return require_built_sdk()


@pytest.fixture
def project(sdk: Path, tmp_path: Path) -> Path:
    """A folder of somebody who uses the client."""
    install_sdk(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "count"), [("calls", 42), ("webhooks", 45)])
def test_its_own_tests_pass(sdk: Path, name: str, count: int) -> None:
    ran = run_node(["--test", "--test-reporter", "tap", f"{name}.test.mjs"], folder=TESTS)
    told = dict(re.findall(r"^# (tests|pass|fail|skipped) (\d+)$", ran.stdout, re.M))
    assert told == {"tests": str(count), "pass": str(count), "fail": "0", "skipped": "0"}, ran.stdout
    assert ran.returncode == 0


def test_writing_the_methods_anew_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_writing_the_types_anew_changes_nothing(sdk: Path, tmp_path: Path) -> None:
    tool = SDK / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    file = tmp_path / "schema.ts"
    ran = run_node([str(tool), str(generate.DOCUMENT_FILE), "--output", str(file)], folder=SDK)
    assert ran.returncode == 0, ran.stderr
    assert file.read_text() == (SDK / "src" / "schema.ts").read_text()


def test_the_lock_names_no_place_to_download_from() -> None:
    lock = json.loads((SDK / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert [name for name, package in lock["packages"].items() if name and "integrity" not in package] == []


def test_the_package_has_no_dependencies_and_only_its_own_files(sdk: Path) -> None:
    manifest = json.loads((SDK / "package.json").read_text())
    assert "dependencies" not in manifest
    ran = subprocess.run(
        ["npm", "pack", "--dry-run", "--json"], cwd=SDK, capture_output=True, text=True, check=True
    )
    names = {file["path"] for file in json.loads(ran.stdout)[0]["files"]}
    modules = {file.stem for file in (SDK / "src").glob("*.ts")}
    built = {f"dist/{module}{ending}" for module in modules for ending in (".js", ".d.ts")}
    assert names == {"LICENSE", "README.md", "package.json"} | built


def test_both_names_are_exported(project: Path) -> None:
    source = (
        "import { Parcela, ParcelaError, Vinr, VinrError } from '@parcela/sdk';\n"
        "console.log(JSON.stringify([Parcela === Vinr, ParcelaError === VinrError, Vinr.name]));"
    )
    assert run_module(project, source, {}) == [True, True, "Parcela"]


TYPED = """\
import { type Body, Vinr, VinrError } from '@parcela/sdk';
const vinr = new Vinr({ secretKey: process.env.VINR_SECRET_KEY });
const installments = { enabled: true, interval: 'month' } as const;
const params: Body<'/v1/payments', 'post'> = { amount: 1, installments };
const payment = await vinr.payments.create(params, { idempotencyKey: 'a' });
const total: number | undefined = payment.feeBreakdown?.totalFee;
const plans = await vinr.installments.listPlans({ payment: payment.id, paymentMethod: 'pm_1' });
const count: number = plans[0].count;
const why: string | undefined = plans.unavailableReasons[0]?.code;
for await (const refund of vinr.refunds.list({ payment: payment.id, startingAfter: 're_1' })) {
  const back: number = refund.effect.cashBack;
}
const { data } = await vinr.payments.list({ created: { gte: 1 } });
const status: string = data[0].status;
await vinr.payments.cancel('pay_1', { idempotencyKey: 'b' });
const error: VinrError | undefined = undefined;
"""

WRONG = [
    ("vinr.payments.create({ currency: 'EUR' })", "TS2345"),  # no amount
    ("vinr.payments.create({ amount: '1' })", "TS2322"),  # amount as a text
    ("vinr.payments.create({ amount: 1, instalments: {} })", "TS2561"),  # misspelt
    ("vinr.payments.create({ amount: 1, installments: { interval: 'week' } })", "TS2322"),  # no such word
    ("vinr.installments.listPlans({ payment: 'pay_1' })", "TS2345"),  # no payment method
]


def test_its_types_hold_and_refuse_what_the_server_would(project: Path) -> None:
    wrong = {
        f"wrong{number}": f"import {{ Vinr }} from '@parcela/sdk';\nconst vinr = new Vinr();\n{call};\n"
        for number, (call, _) in enumerate(WRONG)
    }
    expected = {f"wrong{number}": [error] for number, (_, error) in enumerate(WRONG)}
    assert check_types(project, {"typed": TYPED, **wrong}) == {"typed": [], **expected}
