"""What the queue does for itself, and the sealing of the audit trail, whose room lies below this one."""

from __future__ import annotations

from privacycenter.jobs import periodic
from privacycenter.jobs.domain import purge_finished, sweep


def seal_audit_trail() -> int:
    from privacycenter.audit.sealing import seal_all  # slow import: brings the storage, which a web process may not need

    return seal_all()


periodic.register("jobs.sweep", 30, sweep)
periodic.register("jobs.purge_finished", 3600, purge_finished)
periodic.register("audit.seal", 60, seal_audit_trail)
