"""The command line on a database of the test's own, in process."""

from collections.abc import Callable

import pytest
from tests.conftest import ROOT_URL, DemoTemplate
from typer.testing import CliRunner, Result

from parcela.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def parcela(database_url: str, demo_template: DemoTemplate) -> Run:
    """Run `parcela …` on a copy of the demo world."""
    environment = {
        "PARCELA_DATABASE_URL": database_url,
        "PARCELA_HOME": str(demo_template.home),
        "PARCELA_PUBLIC_URL": ROOT_URL,
        "COLUMNS": "200",
    }

    def run(*arguments: str, stdin: str | None = None, **settings: str) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin, env={**environment, **settings})

    return run
