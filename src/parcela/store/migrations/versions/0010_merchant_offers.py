"""Accepted and used offers, budgets and the evidence of acceptance.

Revision ID: 0010
"""

from parcela.store.sql_script import run_script_beside

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
