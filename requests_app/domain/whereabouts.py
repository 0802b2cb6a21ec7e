"""Whether anything may be held about an address that nobody has proven yet."""

from __future__ import annotations

import structlog
from django.db import transaction

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Locator, Source, registry
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.queries import is_known

log = structlog.get_logger("privacycenter.requests")


def may_hold(kind: str, value: str) -> bool:
    """Whether any source holds something under this identifier. A source that can't answer counts as yes.

    Sources find people, not addresses. So a person with just this identifier is made, asked where they would be found,
    and rolled back; the counting happens afterwards, outside of any transaction.
    """
    if is_known(kind, value):
        return True
    try:
        return any(source.count(locator) > 0 for source, locator in _locators(kind, value) if locator)
    except Exception as error:
        # Whatever is wrong with a source: the person gets their answer, and the failed source shows in it.
        log.warning("whereabouts_unknown", error=type(error).__name__)
        return True


class _Undo(Exception):
    pass


def _locators(kind: str, value: str) -> list[tuple[Source, Locator]]:
    found: list[tuple[Source, Locator]] = []
    try:
        with transaction.atomic():
            subject = subject_for_proven(kind=kind, value=value, source="requests.trial", actor=Actor.system("requests"))
            found.extend((source, source.locate(subject)) for source in registry.all())
            raise _Undo
    except _Undo:
        pass
    return found
