"""The list of threads in its own order, without those that are deleted; they have an index to themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Put new indexes in the place of the old ones."""
    op.drop_index(op.f("ix_threads_active_at"), "threads")
    op.drop_index(op.f("ix_threads_deleted_at"), "threads")
    listed, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    op.create_index(
        op.f("ix_threads_active_at_id"), "threads", ["active_at", "id"], sqlite_where=listed, postgresql_where=listed
    )
    op.create_index(
        op.f("ix_threads_deleted_at"), "threads", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted
    )
