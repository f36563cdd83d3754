"""Run by Alembic for each migration, on the connection that `livethread.storage.schema` hands over."""

from __future__ import annotations

from alembic import context

from livethread.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
