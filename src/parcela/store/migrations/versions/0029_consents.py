"""The question before a credit check, and agreements that are made with the acceptance.

Revision ID: 0029
"""

from parcela.store.sql_script import run_script_beside

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
