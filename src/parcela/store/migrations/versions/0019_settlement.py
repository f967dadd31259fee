"""Balance transactions, settlements, payouts, reports.

Revision ID: 0019
"""

from parcela.store.sql_script import run_script_beside

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
