"""`parcela sandbox webhook`: the demo account's events go to a URL."""

import json

from tests.cli.conftest import Run
from tests.conftest import DemoTemplate, RunWithEngine

from parcela.cli.options import CommandError
from parcela.operations.engine import Engine
from parcela.operations.payments.webhook_endpoints import name_secret_context
from parcela.store.vault_keys import SealedContent

URL = "http://127.0.0.1:9000/hooks"


def test_the_demo_account_is_told_with_the_secret_of_its_credentials(
    parcela: Run, run: RunWithEngine, demo_template: DemoTemplate
) -> None:
    held = json.loads((demo_template.home / "sandbox" / "credentials.json").read_text())["payments"]
    done = parcela("sandbox", "webhook", URL, PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS="1")
    assert done.output.startswith(f"All events of {held['account_id']} go to {URL} (endpoint we_")
    assert held["webhook_secret"] not in done.output
    # Again: the same endpoint goes elsewhere.
    assert parcela("sandbox", "webhook", "https://good.example/hooks").exit_code == 0

    async def find(engine: Engine) -> list[tuple[str, str]]:
        await engine.look()
        async with engine.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT w.tenant_id, endpoint_id, url, number, key_number, sealed FROM payments_webhook w"
                " JOIN payments_webhook_secret USING (tenant_id, endpoint_id)"
            )
        return [
            (
                row["url"],
                engine.vault.open_content(
                    row["tenant_id"],
                    name_secret_context(row["endpoint_id"], row["number"]),
                    SealedContent(key_number=row["key_number"], sealed=row["sealed"]),
                ).decode(),
            )
            for row in rows
        ]

    assert run(find) == [("https://good.example/hooks", held["webhook_secret"])]


def test_a_private_address_needs_the_setting(parcela: Run, run: RunWithEngine) -> None:
    refused = parcela("sandbox", "webhook", URL)
    assert isinstance(refused.exception, CommandError)
    assert str(refused.exception) == (
        "'url' must be an https address. Plain http and private hosts need "
        "PARCELA_PAYMENTS_ALLOW_PRIVATE_WEBHOOKS=1, on the server too."
    )

    async def count(engine: Engine) -> int:
        async with engine.database.connection() as connection:
            found: int = await connection.fetchval("SELECT count(*) FROM payments_webhook")
        return found

    assert run(count) == 0
