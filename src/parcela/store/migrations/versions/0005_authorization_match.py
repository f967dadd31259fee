"""Authorizations that were matched with plans.

Revision ID: 0005
"""

from parcela.store.sql_script import run_script_beside

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
