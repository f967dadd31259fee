"""What was shown of a plan and its proof.

Revision ID: 0023
"""

from parcela.store.sql_script import run_script_beside

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
