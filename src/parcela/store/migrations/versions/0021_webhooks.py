"""Webhook endpoints and their letters.

Revision ID: 0021
"""

from parcela.store.sql_script import run_script_beside

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
