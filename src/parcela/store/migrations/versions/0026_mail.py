"""Letters by e-mail.

Revision ID: 0026
"""

from parcela.store.sql_script import run_script_beside

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the statements that stand beside this file."""
    run_script_beside(__file__)
