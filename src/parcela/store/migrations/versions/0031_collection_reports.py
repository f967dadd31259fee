"""Issuers' reports of what they collected of payments' plans.

Revision ID: 0031
"""

from parcela.store.sql_script import run_script_beside

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
