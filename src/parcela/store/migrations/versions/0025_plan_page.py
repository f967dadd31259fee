"""The cardholder's own page.

Revision ID: 0025
"""

from parcela.store.sql_script import run_script_beside

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
