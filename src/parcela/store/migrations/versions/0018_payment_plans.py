"""Offers and plans of payments.

Revision ID: 0018
"""

from parcela.store.sql_script import run_script_beside

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
