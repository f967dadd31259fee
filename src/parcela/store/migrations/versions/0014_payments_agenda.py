"""Accounts' clocks, events and what falls due.

Revision ID: 0014
"""

from parcela.store.sql_script import run_script_beside

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
