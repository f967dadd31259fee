"""What is forgotten once nothing needs it, what lists are found by, and settlements that are late.

Revision ID: 0028
"""

from parcela.store.sql_script import run_script_beside

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
