"""Who chose the language of a payment.

Revision ID: 0027
"""

from parcela.store.sql_script import run_script_beside

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
