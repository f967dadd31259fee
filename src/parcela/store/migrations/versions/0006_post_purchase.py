"""Card transactions that offers are shown for after the purchase.

Revision ID: 0006
"""

from parcela.store.sql_script import run_script_beside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
