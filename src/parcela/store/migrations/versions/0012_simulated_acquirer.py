"""The simulated acquirer and plan provider.

Revision ID: 0012
"""

from parcela.store.sql_script import run_script_beside

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
