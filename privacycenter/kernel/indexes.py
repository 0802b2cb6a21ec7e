"""Indexes that are built while people go on working: PostgreSQL would lock their table for writing otherwise.

For migrations with `atomic = False`. Such a migration may end halfway; it is run again then, so both operations stand to be repeated:
remove first, also what an interrupted build left behind under this name, then add.
"""

from __future__ import annotations

from django.contrib.postgres import operations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, RemoveIndex
from django.db.migrations.state import ProjectState


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """AddIndex, on PostgreSQL without a lock on the table."""

    def database_forwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState) -> None:
        if editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, editor, before, after)
        else:
            AddIndex.database_forwards(self, app_label, editor, before, after)

    def database_backwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState) -> None:
        if editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, editor, before, after)
        else:
            _drop(editor, self.index.name)


class RemoveIndexConcurrently(operations.RemoveIndexConcurrently):
    """RemoveIndex, on PostgreSQL without a lock on the table; no error where the index is gone already."""

    def database_forwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState) -> None:
        if editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, editor, before, after)
        else:
            _drop(editor, self.name)

    def database_backwards(self, app_label: str, editor: BaseDatabaseSchemaEditor, before: ProjectState, after: ProjectState) -> None:
        if editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, editor, before, after)
        else:
            RemoveIndex.database_backwards(self, app_label, editor, before, after)


def _drop(editor: BaseDatabaseSchemaEditor, name: str) -> None:
    editor.execute(f"DROP INDEX IF EXISTS {editor.quote_name(name)}")
