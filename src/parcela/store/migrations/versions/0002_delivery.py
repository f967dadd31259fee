"""Delivery of letters: attempts, lanes and leases.

Revision ID: 0002
"""

from parcela.store.sql_script import run_script_beside

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
