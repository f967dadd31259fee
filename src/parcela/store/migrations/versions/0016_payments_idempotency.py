"""Kept answers of the payments door.

Revision ID: 0016
"""

from parcela.store.sql_script import run_script_beside

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
