"""Papers that were delivered.

Revision ID: 0024
"""

from parcela.store.sql_script import run_script_beside

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
