"""The catalogue by the command line: export, edit, compare, apply, approve."""

from pathlib import Path

from tests.cli.conftest import Run

from parcela.cli.options import CommandError
from parcela.domain.errors import FourEyesRequired, InvalidInput

MAKER = ("--as", "maker@sandbox.example")
CHECKER = ("--as", "checker@sandbox.example")
OPERATOR = ("--as", "operator@sandbox.example")


def export(parcela: Run, file: Path) -> None:
    assert parcela("catalogue", "export", "-o", str(file)).output == f"Written to {file}.\n"


def test_an_export_applied_again_changes_nothing(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    export(parcela, file)
    same = parcela("catalogue", "diff", str(file), "--prune")
    assert (same.exit_code, same.output) == (0, "No differences.\n")
    applied = parcela("catalogue", "apply", str(file), "--prune", *OPERATOR)
    expected = "Nothing would change: the catalogue holds these entries already.\n"
    assert (applied.exit_code, applied.output) == (0, expected)


def test_a_change_of_a_file_is_shown_proposed_and_approved(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    export(parcela, file)
    text = file.read_text()
    file.write_text(text.replace("count: 12", "count: 10", 1).replace("name: Sandbox Bank", "name: New Bank"))
    difference = (
        "~ issuer 29694e7a-b4a8-11ec-b909-0242ac120002 (version 1 is replaced)\n"
        "    name: Sandbox Bank -> New Bank\n"
        "~ program 71392364 (version 1 is replaced)\n"
        "    terms.count: 12 -> 10\n"
    )
    shown = parcela("catalogue", "diff", str(file))
    assert (shown.exit_code, shown.output) == (1, difference)
    proposed = parcela("catalogue", "apply", str(file), *MAKER)
    change_set_id = proposed.output.split("approve ")[1].split()[0]
    told = "Proposed. A second person puts it in force:\n"
    command = f"  parcela changes approve {change_set_id} --as EMAIL\n"
    assert proposed.output == difference + told + command
    refused = parcela("changes", "approve", change_set_id, *MAKER)
    assert isinstance(refused.exception, FourEyesRequired)
    approved = parcela("changes", "approve", change_set_id, *CHECKER)
    assert approved.output == f"In force: 2 entries of change set {change_set_id}.\n"
    assert parcela("catalogue", "diff", str(file)).output == "No differences.\n"
    versions = parcela("program", "versions", "71392364").output.splitlines()
    assert [line.split()[0] for line in versions] == ["version", "2", "1"]
    assert parcela("program", "show", "71392364").output.startswith("# version 2\noffer_id: '71392364'\n")


def test_apply_with_a_second_person_is_in_force_at_once(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text("parcela_catalogue: 1\nmarket_pairs:\n- {country: USA, currency: EUR}\n")
    second = ("--approve-as", "second-operator@sandbox.example")
    applied = parcela("catalogue", "apply", str(file), *OPERATOR, *second)
    lines = applied.output.splitlines()
    assert lines[0] == "+ market_pair USA-EUR (new)"
    assert lines[-1].startswith("In force: change set ")
    assert "- country: USA\n  currency: EUR\n" in parcela("catalogue", "export").output


def test_a_slip_in_a_file_is_told_with_its_line(parcela: Run, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text("parcela_catalogue: 1\nprograms: [\n")
    refused = parcela("catalogue", "diff", str(file))
    assert isinstance(refused.exception, InvalidInput)
    assert "in line 3" in str(refused.exception)


def test_where_an_issuer_is_asked_for_its_own_offers_is_proposed(parcela: Run) -> None:
    issuer = "29694e7a-b4a8-11ec-b909-0242ac120002"
    url = "http://127.0.0.1:9/card-offers/searches"
    refused = parcela("issuer", "realtime", issuer, *MAKER)
    assert isinstance(refused.exception, CommandError)
    proposed = parcela("issuer", "realtime", issuer, url, *MAKER)
    change_set_id = proposed.output.split("approve ")[1].split()[0]
    shown = parcela("changes", "show", change_set_id).output.splitlines()
    assert shown[-1] == f"    realtime_url: (default) -> {url}"


def test_a_rejection_is_listed_with_its_reason(parcela: Run, tmp_path: Path) -> None:
    proposed = parcela(
        "issuer",
        "destination",
        "29694e7a-b4a8-11ec-b909-0242ac120002",
        "http://127.0.0.1:9/notifications",
        *MAKER,
    )
    change_set_id = proposed.output.split("approve ")[1].split()[0]
    shown = parcela("changes", "show", change_set_id).output.splitlines()
    assert shown[-1] == "    notification_url: (default) -> http://127.0.0.1:9/notifications"
    parcela("changes", "reject", change_set_id, "--reason", "Wrong host", *CHECKER)
    shown = parcela("changes", "show", change_set_id).output.splitlines()
    assert shown[0].startswith(f"{change_set_id}  rejected  Notifications go to ")
    assert shown[2].endswith(": Wrong host")
