"""Taxes in the fees of payments' plans.

Revision ID: 0030
"""

from parcela.store.sql_script import run_script_beside

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
