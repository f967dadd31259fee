"""Accounts as callers, their API keys, and the kinds of their set-up.

Revision ID: 0015
"""

from parcela.store.sql_script import run_script_beside

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
