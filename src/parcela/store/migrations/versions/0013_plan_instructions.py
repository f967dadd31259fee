"""What merchants do to plans after the purchase.

Revision ID: 0013
"""

from parcela.store.sql_script import run_script_beside

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
