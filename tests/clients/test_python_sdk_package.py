"""The Python client as a package: made from the document, typed, and importable as `parcela`."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from clients.definition import RESOURCES
from clients.python import generate
from clients.python.document import Document

from clients import refresh

ROOT = Path(__file__).parents[2]


def run_python(python: Path | str, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in an empty folder's stead: nothing of this checkout is on its path by chance."""
    command = [str(python), "-P", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, check=False)


def test_the_kept_document_is_what_the_server_serves() -> None:
    served = refresh.write_document(refresh.read_document(None))
    assert refresh.DOCUMENT_FILE.read_text() == served, "run make clients"


def test_writing_it_anew_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--check"]) == 0, capsys.readouterr().out


def test_every_operation_of_the_document_is_a_method() -> None:
    document = Document(json.loads(refresh.DOCUMENT_FILE.read_text()))
    calls = [operation.call for resource in RESOURCES for operation in resource.operations]
    assert sorted(calls) == sorted(document.list_calls())


def test_another_document_gives_other_files() -> None:
    content = json.loads(refresh.DOCUMENT_FILE.read_text())
    del content["paths"]["/v1/payments"]["get"]["parameters"][0]
    written = generate.generate(content)["_generated/resources.py"]
    assert written != (generate.OUTPUT / "_generated" / "resources.py").read_text()


def test_the_types_hold_strictly() -> None:
    source = """\
from parcela_client import AsyncParcela, Parcela

client = Parcela(secret_key="k", base_url="http://localhost:1")
payment = client.payments.create(amount=1, installments={"enabled": True, "first_payment_date": "2026-08-01"})
reveal_type(payment.status)
reveal_type(payment.installments.schedule[0].due_date)
reveal_type(client.installments.list_plans(payment="p", payment_method="m")[0].monthly_amount)
reveal_type([refund.effect.cash_back for refund in client.refunds.list(status="pending")])
client.payments.create(currency="EUR")
client.payments.create(amount="1")
client.payments.create(amount=1, installments={"enabeld": True})


async def use(client: AsyncParcela) -> None:
    reveal_type((await client.payments.retrieve("p")).amount)
    reveal_type([event.type async for event in client.events.list()])
"""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "-c", source]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "clients", check=False).stdout
    revealed = [line.partition(" is ")[2] for line in told.splitlines() if "Revealed" in line]
    assert revealed == ['"str"', '"str"', '"int"', '"list[int]"', '"int"', '"list[str]"'], told
    errors = [line for line in told.splitlines() if ": error:" in line]
    wrong = ('Missing named argument "amount"', 'Argument "amount"', 'Argument "installments"')
    assert [message in line for message, line in zip(wrong, errors, strict=True)] == [True] * 3


def test_both_distributions_in_one_environment_give_server_and_client() -> None:
    """The environment of this test has both: the package of the server comes first and hands the names on."""
    code = (
        "import parcela; from parcela import AsyncParcela, Parcela, ParcelaError; import parcela_client;"
        "print(parcela.__version__, Parcela is parcela_client.Parcela, AsyncParcela.__module__)"
    )
    ran = run_python(sys.executable, code)
    assert (ran.stdout, ran.stderr) == ("0.1.0 True parcela_client._parcela\n", "")


def test_the_server_does_not_import_the_client_by_itself() -> None:
    ran = run_python(sys.executable, "import sys, parcela; print('parcela_client' in sys.modules)")
    assert ran.stdout == "False\n"


def test_a_name_that_nobody_has_is_no_attribute() -> None:
    ran = run_python(sys.executable, "from parcela import Parcels")
    assert ran.stderr.splitlines()[-1].startswith("ImportError: cannot import name 'Parcels' from 'parcela'")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", build, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT / "clients" / "python", check=True)
    return folder / ran.stdout.splitlines()[-1]


def test_the_distribution_holds_the_package_and_the_import_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"parcela.py", "parcela_client", "parcela_client-0.1.0.dist-info"}
    sources = {str(file.relative_to(generate.OUTPUT.parent)) for file in generate.OUTPUT.rglob("*.py")} | {
        "parcela_client/py.typed",
        "parcela.py",
    }
    assert {name for name in names if not name.startswith("parcela_client-")} == sources


def test_the_client_alone_is_imported_as_parcela(wheel: Path, tmp_path: Path) -> None:
    """An environment without the server: unpacked wheel, and the libraries of this environment."""
    venv.create(tmp_path / "venv", with_pip=False)
    site = next((tmp_path / "venv" / "lib").iterdir()) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    libraries = Path(sysconfig.get_path("purelib"))
    for name in ("anyio", "h11", "httpcore2", "httpx2", "idna", "truststore", "typing_extensions"):
        for found in libraries.glob(f"{name}*"):
            (site / found.name).symlink_to(found)
    code = (
        "import parcela; from parcela import AsyncParcela, Parcela, ParcelaError;"
        "print(parcela.__file__.rpartition('/')[2], Parcela(secret_key='k', base_url='http://localhost:1'))"
    )
    ran = run_python(tmp_path / "venv" / "bin" / "python", code)
    assert (ran.stdout, ran.stderr) == ("parcela.py Parcela(base_url='http://localhost:1')\n", "")


def test_the_server_alone_says_where_the_client_comes_from(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"
        "import parcela\n"
        "try:\n    from parcela import Parcela\nexcept ImportError as fault:\n    print(fault)"
    )
    venv.create(tmp_path / "venv", with_pip=False)
    ran = run_python(tmp_path / "venv" / "bin" / "python", code)
    assert ran.stdout == "parcela.Parcela comes with the client: pip install parcela-client\n"
