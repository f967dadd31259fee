"""The foundation of the schema.

Revision ID: 0001
"""

from parcela.store.sql_script import run_script_beside

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
