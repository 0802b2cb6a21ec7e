"""How long requests themselves are kept. Then what leads to people goes; facts and counts stay (CCPA regulations § 7101).

The period is that of the data map's rule for requests, counted from the end of the year in which the request was closed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from privacycenter.audit.domain import record
from privacycenter.datamap.models import RetentionRule
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from requests_app.enums import Status
from requests_app.models import Bundle, ChildReport, ErasurePlan, ErasureStep, IdentityProof, Lift, Look, Request, TimelineEvent

RULE = "rights_requests"
# What a person chose is kept as codes alone: what they asked for and what came of it. Whatever else stands there names their records.
_ASKED = {"ground", "categories", "purposes", "topics", "marketing", "from_choices", "copy_first", "corrections", "concern"}
FACTS = frozenset(_ASKED | {"granted", "balances", "is_child"})
Forget = Callable[[Sequence[int]], None]
_forgetters: list[Forget] = []


def also_forget(forget: Forget) -> None:
    """Add what removes further rows about people that hang on requests; it gets their keys, in the transaction that forgets them."""
    if forget not in _forgetters:
        _forgetters.append(forget)


def kept_since(now: datetime) -> datetime | None:
    """Requests closed before this moment are kept no longer; None where the data map has no period for them."""
    days = RetentionRule.objects.filter(key=RULE).values_list("period_days", flat=True).first()
    if days is None:
        return None
    zone = timezone.get_default_timezone()
    last = timezone.localtime(now, zone) - timedelta(days=days)
    # The year whose end lies so many days back is the last one that goes.
    year = last.year if (last.month, last.day) == (12, 31) else last.year - 1
    return datetime(year + 1, 1, 1, tzinfo=zone)


def forget_requests(*, limit: int, actor: Actor) -> int:
    """Remove what leads to people from requests that are kept no longer; answers how many. Oldest first.

    References, kinds, states, dates, grounds and codes stay: they are what has to be shown of how rights were answered.
    """
    before = kept_since(clock.now())
    if before is None:
        return 0
    old = Request.objects.filter(status=Status.CLOSED, forgotten_at=None, closed_at__lt=before)
    in_use = [
        Bundle.objects.filter(shredded_at=None).values("request"),
        Request.objects.open().filter(follows__isnull=False).values("follows"),
        Lift.objects.filter(ended_at=None, request__isnull=False).values("request"),  # its person was told of a day still to come
    ]
    for rows in in_use:
        old = old.exclude(pk__in=rows)
    keys = list(old.order_by("closed_at").values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    with transaction.atomic():
        for forget in _forgetters:
            forget(keys)
        events = TimelineEvent.objects.filter(request__in=keys)
        events.update(note=None)
        events.filter(actor_kind=ActorKind.PERSON).update(actor_ref="")
        Look.objects.filter(request__in=keys).delete()
        IdentityProof.objects.filter(request__in=keys).delete()
        Bundle.objects.filter(request__in=keys).delete()
        Lift.objects.filter(request__in=keys).delete()
        ChildReport.objects.filter(request__in=keys).update(account=None, words=None, contact=None)
        ErasurePlan.objects.filter(request__in=keys).update(contact=None, identifiers="", token_digest="", token_until=None)
        ErasureStep.objects.filter(plan__request__in=keys).update(locator=None)
        _reduce_choices(keys)
        Request.objects.filter(pk__in=keys).update(
            subject=None, filed_by=None, contact=None, words=None, letter=None, extension_reason=None, withheld={}, forgotten_at=clock.now()
        )
        record("requests.forgotten", actor=actor, requests=len(keys))
    return len(keys)


def _reduce_choices(keys: Sequence[int]) -> None:
    """Ids of consents, of records and of other requests go from what was asked."""
    changed = []
    for request in Request.objects.filter(pk__in=keys).only("pk", "choices"):
        facts = {name: value for name, value in request.choices.items() if name in FACTS}
        if facts != request.choices:
            request.choices = facts
            changed.append(request)
    Request.objects.bulk_update(changed, ["choices"], batch_size=200)
