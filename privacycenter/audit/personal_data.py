"""What this room holds about people: keyed references, shown to the person through their requests and activity."""

from __future__ import annotations

from privacycenter.kernel.classification import holds_nothing

holds_nothing("audit.AuditEntry", because="keyed references, field names and codes only; shown to the person as their access log")
holds_nothing("audit.AuditSeal", because="hashes over audit entries")
