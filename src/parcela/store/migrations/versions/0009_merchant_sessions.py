"""Payment sessions.

Revision ID: 0009
"""

from parcela.store.sql_script import run_script_beside

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
