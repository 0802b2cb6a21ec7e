"""What every process that serves people makes sure of before it takes work: `manage.py check` alone is easily left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import django
import structlog
from django.core.checks import ERROR, CheckMessage, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

log = structlog.get_logger("privacycenter.start")


def require_safe_start() -> None:
    """Refuse to start without strong secrets, as a demo in production, or on a trail or ledger that can be changed.

    Raises ImproperlyConfigured, which says what to set. A database that can't be reached yet is no reason: those who need it say so.
    """
    django.setup()
    from privacycenter.kernel.checks import check_secrets  # app ready

    # In a thread: an ASGI server imports the application inside its event loop, where Django refuses to ask a database.
    with ThreadPoolExecutor(1) as thread:
        problems = [*check_secrets(None), *thread.submit(_trail_problems).result()]
    if problems:
        raise ImproperlyConfigured(" ".join(f"{problem.id}: {problem.msg} {problem.hint}" for problem in problems))


def _trail_problems() -> list[CheckMessage]:
    """What the rooms' own checks of the database find: that triggers of an append-only table are missing, for one. Warnings are logged."""
    try:
        everything = run_checks(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        found = [message for message in everything if (message.id or "").startswith("privacycenter.")]
        for message in found:
            if message.level < ERROR:
                log.warning("start_check", id=message.id, message=message.msg, hint=message.hint)
        return [message for message in found if message.level >= ERROR]
    finally:
        connections.close_all()  # those of this thread
