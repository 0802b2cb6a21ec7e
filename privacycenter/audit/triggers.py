"""The triggers that keep the trail append-only."""

from __future__ import annotations

from privacycenter.audit.models import AuditEntry, AuditSeal
from privacycenter.kernel import append_only

TABLES = (AuditEntry._meta.db_table, AuditSeal._meta.db_table)
trail = append_only.protect("audit", dict.fromkeys(TABLES, ()), refusal="the audit trail is append-only")
