"""The ledger: accounts, transactions, postings and the views that prove it.

Revision ID: 0003
"""

from parcela.store.sql_script import run_script_beside

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
