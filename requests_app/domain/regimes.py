"""Laws with a clock: a version is added, never changed."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.domain.people import require_permission
from requests_app.models import Regime
from requests_app.regimes import forget

ADD = "requests_app.add_regime"


def add_version(regime: Regime, *, actor: Actor) -> None:
    """Store a new version of a law, or the first one of a new law; the caller adds its rules in the same transaction.

    Dates that were given stay as they are: each carries the rules that gave it. Raises NotAllowed.
    """
    require_permission(actor, ADD)
    with transaction.atomic():
        newest = Regime.objects.filter(key=regime.key).aggregate(newest=Max("version"))["newest"]
        regime.version = (newest or 0) + 1
        regime.made_at = clock.now()
        regime.made_by_id = int(actor.ref)
        regime.save(force_insert=True)
        forget()
        transaction.on_commit(forget)
        record("requests.regime_added", actor=actor, regime=regime.key, version=regime.version)
