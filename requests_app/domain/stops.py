"""The emergency stop: for one source or for all, at once and until somebody lets the work go on."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import UnknownSource, registry
from privacycenter.kernel.text import storable
from requests_app.domain.people import require_permission
from requests_app.errors import AlreadyStopped, ReasonMissing
from requests_app.models import EmergencyStop

STOP = "requests_app.stop_work"
_resumers: list[Callable[[], None]] = []


def on_lift(resume: Callable[[], None]) -> None:
    """Add what orders waiting work again once a stop is lifted; called in the transaction that lifts it."""
    if resume not in _resumers:
        _resumers.append(resume)


def stopped_sources() -> frozenset[str]:
    """The keys of sources that nobody may touch now; an empty one among them means all. One query; ask where work begins."""
    return frozenset(EmergencyStop.objects.filter(lifted_at=None).values_list("source_key", flat=True))


def is_stopped(source_key: str = "", *, among: frozenset[str] | None = None) -> bool:
    """Whether work on a source (empty: any work) must wait. `among` are the stops that were read before."""
    stops = stopped_sources() if among is None else among
    return "" in stops or source_key in stops


def stop_work(*, source_key: str = "", reason: str, actor: Actor) -> EmergencyStop:
    """Stop all work, or that on one source. What runs at this moment ends its step; nothing new begins.

    Raises NotAllowed, ReasonMissing, UnknownSource, AlreadyStopped.
    """
    require_permission(actor, STOP)
    words = storable(reason).strip()[:500]
    if not words:
        raise ReasonMissing
    if source_key and source_key not in {source.describe().key for source in registry.all()}:
        raise UnknownSource(source_key)
    try:
        with transaction.atomic():
            stop = EmergencyStop.objects.create(source_key=source_key, reason=words, stopped_at=clock.now(), stopped_by_id=int(actor.ref))
            record("requests.work_stopped", actor=actor, source=source_key)
    except IntegrityError as error:
        raise AlreadyStopped from error
    return stop


def lift_stop(stop: EmergencyStop, *, actor: Actor) -> None:
    """Let the work go on. Lifted before, it does nothing. Raises NotAllowed."""
    require_permission(actor, STOP)
    with transaction.atomic():
        standing = EmergencyStop.objects.filter(pk=stop.pk, lifted_at=None)
        if standing.update(lifted_at=clock.now(), lifted_by_id=int(actor.ref)):
            record("requests.work_goes_on", actor=actor, source=stop.source_key)
            for resume in _resumers:
                resume()
