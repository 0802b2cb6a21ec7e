"""Database triggers that refuse update, delete and truncate on the trail.

Made by a post_migrate handler, not by a migration: SQLite drops triggers silently when a migration rebuilds a table.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, router

from privacycenter.audit.models import AuditEntry, AuditSeal

TABLES = (AuditEntry._meta.db_table, AuditSeal._meta.db_table)
_REFUSAL = "the audit trail is append-only"


def names(vendor: str) -> set[str]:
    """The triggers that must exist. SQLite has no TRUNCATE."""
    verbs = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete")
    return {f"{table}_no_{verb}" for table in TABLES for verb in verbs}


def install(using: str = "default") -> None:
    """Make the triggers, replacing what is there. Idempotent."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def drop(using: str = "default") -> None:
    """Remove the triggers. For test databases, which are emptied between tests."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for table in TABLES:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for verb in ("update", "delete", "truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")


def missing(using: str = "default") -> set[str]:
    """The triggers that should exist and don't."""
    connection = connections[using]
    # Only ALWAYS counts: any other trigger is passed by a session that sets session_replication_role.
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return names(connection.vendor) - {row[0] for row in cursor.fetchall()}


def install_after_migrate(*, using: str, **kwargs: Any) -> None:
    """Signal handler: (re)make the triggers after every migration of this room."""
    if router.allow_migrate_model(using, AuditEntry) and AuditEntry._meta.db_table in connections[using].introspection.table_names():
        install(using)


def _statements(vendor: str) -> list[str]:
    if vendor == "postgresql":
        statements = [
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
        ]
        for table in TABLES:
            for verb, level in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
                statements.append(
                    f"CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                    f"FOR EACH {level} EXECUTE FUNCTION audit_refuse()"
                )
                # ALWAYS: also for sessions that set session_replication_role to replica
                statements.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{verb}")
        return statements
    statements = []
    for table in TABLES:
        for verb in ("update", "delete"):
            statements.append(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
    return statements
