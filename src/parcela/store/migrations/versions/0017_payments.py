"""Payments, payment methods, customers.

Revision ID: 0017
"""

from parcela.store.sql_script import run_script_beside

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
