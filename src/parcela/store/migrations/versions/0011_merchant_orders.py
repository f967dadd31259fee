"""Orders and transactions of merchants.

Revision ID: 0011
"""

from parcela.store.sql_script import run_script_beside

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
