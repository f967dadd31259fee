"""Sessions of the hosted page.

Revision ID: 0022
"""

from parcela.store.sql_script import run_script_beside

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
