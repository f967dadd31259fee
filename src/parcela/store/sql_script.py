"""Running a migration whose statements stand in a `.sql` file beside it."""

from pathlib import Path

from alembic import op


def run_script_beside(migration: str) -> None:
    """Run the `.sql` file with the name of a migration in that migration's own transaction.

    Several statements at once need the simple protocol: the driver's `execute` without arguments.
    """
    script = Path(migration).with_suffix(".sql").read_text(encoding="utf-8")
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    driver.run_async(lambda connection: connection.execute(script))
