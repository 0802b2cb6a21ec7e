"""The plan: one step per source, with the identifiers by which it will find the person."""

from __future__ import annotations

import json

import structlog

from privacycenter.kernel import clock
from privacycenter.kernel.sources import Source, registry
from privacycenter.subjects.models import Subject
from requests_app.enums import Kind, StepStatus
from requests_app.models import Bundle, Request, Step

log = structlog.get_logger("privacycenter.requests")


def sources_for(kind: str) -> list[Source]:
    """An access bundle holds every source, a portability bundle the portable ones (GDPR Art. 20(1))."""
    sources = registry.all()
    return [source for source in sources if source.describe().portable] if kind == Kind.PORTABILITY else sources


def plan_steps(bundle: Bundle, subject: Subject) -> list[Step]:
    """The steps of a bundle, not written yet."""
    return [_step(bundle, position, source, subject) for position, source in enumerate(sources_for(bundle.request.kind))]


def _step(bundle: Bundle, position: int, source: Source, subject: Subject) -> Step:
    description = source.describe()
    step = Step(
        bundle=bundle,
        position=position,
        source_key=description.key,
        title=description.title,
        is_in_database=description.in_database,
    )
    reason = _withheld(bundle.request, description.key)
    if reason:
        step.status, step.reason, step.finished_at = StepStatus.WITHHELD, reason, clock.now()
        return step
    try:
        locator = source.locate(subject)
    except Exception as error:
        # A broken source must not cost the others: the step is tried again like any other, and fails there if it must.
        log.warning("locate_failed", source=description.key, error=type(error).__name__)
        return step
    if locator:
        step.locator = json.dumps(dict(locator), separators=(",", ":"))
    else:
        step.status, step.finished_at = StepStatus.NOTHING_HELD, clock.now()
    return step


def _withheld(request: Request, key: str) -> str:
    return str(request.withheld.get(key, ""))
