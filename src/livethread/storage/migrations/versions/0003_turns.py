"""Where a run's parallel siblings begin: none of them is seen or waited for. Runs of before have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("runs", sa.Column("siblings_seq", sa.BigInteger(), nullable=True))
