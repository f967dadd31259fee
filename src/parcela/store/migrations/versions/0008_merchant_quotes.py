"""Quoted cart offers.

Revision ID: 0008
"""

from parcela.store.sql_script import run_script_beside

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
