"""The issuer processor: card accounts, card transactions, serviced plans and statements.

Revision ID: 0004
"""

from parcela.store.sql_script import run_script_beside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
