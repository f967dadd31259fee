"""Refunds, previews, and the simulated lender's book.

Revision ID: 0020
"""

from parcela.store.sql_script import run_script_beside

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
