"""Merchants as callers, their API passwords, and the kinds of their set-up.

Revision ID: 0007
"""

from parcela.store.sql_script import run_script_beside

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
