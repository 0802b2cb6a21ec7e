"""What an erasure would do: asked of every source, written down, and changed nowhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Source, Treatment, registry
from privacycenter.subjects.models import Subject
from requests_app.domain.holds import holds_on
from requests_app.domain.moves import Change, lock_request, move
from requests_app.enums import Kind, Status
from requests_app.erasure.ledger import hashes_of
from requests_app.errors import IllegalMove
from requests_app.models import ErasurePlan, ErasureStep, Request
from requests_app.transitions import Event, Guard, Role

log = structlog.get_logger("privacycenter.requests")
ACTOR = Actor.system("requests")
# What the request itself adds to: that there is more of it than when the plan was made says nothing about the person.
MOVING = ("requests.", "mail.", "accounts.sessions", "accounts.security_events", "audit.")


class PlanFailed(Exception):
    """A source could not be asked; `source` names it."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.source = source


def make_plan(claim: Claim) -> None:
    """Plan the erasure of a request anew, and lay it before staff. A source that can't be asked stops it: nothing is left out."""
    request = Request.objects.select_related("subject").filter(pk=claim.payload["request"]).first()
    if request is None or request.status != Status.PLANNING or request.kind != Kind.ERASURE or request.subject is None:
        return
    earlier = current_plan(request)
    try:
        steps, obstacle = steps_for(request.subject, at=clock.now(), kept=kept_by_staff(earlier), beat=claim.heartbeat)
    except PlanFailed as error:
        if not claim.is_last_attempt:
            raise Retryable("source_failed") from error
        with transaction.atomic():
            change = Change(Event.FAIL, Guard.SOMETHING_FAILED, details={"source": error.source})
            move(request, change, role=Role.SYSTEM, actor=ACTOR)
            claim.finish()
        return
    try:
        with transaction.atomic():
            lock_request(request)
            write_plan(request, steps, obstacle=obstacle, earlier=earlier)
            move(request, Change(Event.FINISH_PLANNING, Guard.PLAN_WRITTEN), role=Role.SYSTEM, actor=ACTOR)
            claim.finish()
    except IllegalMove:
        log.info("planning_lost_race", ref=request.ref)


def current_plan(request: Request) -> ErasurePlan | None:
    """The plan in force, with none before the first."""
    return ErasurePlan.objects.filter(request=request, superseded_at=None).first()


def steps_for(
    subject: Subject, *, at: datetime, kept: Mapping[str, ErasureStep] | None = None, beat: object = None
) -> tuple[list[ErasureStep], str]:
    """The steps of an erasure, in the order in which they are done, and the code of an obstacle. Reads only; raises PlanFailed.

    `at` is the moment from which the days count for which something is kept; `kept` are steps that staff decided to keep.
    """
    sources = sorted(registry.all(), key=lambda source: (source.describe().erasure.order, source.describe().key))
    held = holds_on(subject, [source.describe().key for source in sources])
    steps: list[ErasureStep] = []
    obstacle = ""
    for position, source in enumerate(sources):
        step, found = _step(source, subject, position, at)
        if step is None:
            continue
        obstacle = obstacle or found
        if kept and step.source_key in kept:
            earlier = kept[step.source_key]
            step.treatment, step.reason, step.until, step.ground = Treatment.RETAIN, earlier.reason, earlier.until, earlier.ground
        if step.source_key in held:
            hold = held[step.source_key]
            step.treatment, step.reason, step.until = Treatment.RETAIN, hold.ground, hold.until
        steps.append(step)
        if callable(beat):
            beat(0)
    return steps, obstacle


def _step(source: Source, subject: Subject, position: int, at: datetime) -> tuple[ErasureStep | None, str]:
    description = source.describe()
    rule = description.erasure
    try:
        locator = source.locate(subject)
        if not locator:
            return None, ""
        count = source.count(locator)
        obstacle = source.obstacle(locator) if rule.treatment is not Treatment.RETAIN else ""
    except Exception as error:
        log.warning("erasure_not_planned", source=description.key, error=type(error).__name__)
        raise PlanFailed(description.key) from error
    until = (timezone.localtime(at) + timedelta(days=rule.keep_days)).date() if rule.keep_days else None
    step = ErasureStep(
        position=position,
        source_key=description.key,
        title=str(description.title)[:200],
        is_in_database=description.in_database,
        locator=json.dumps(dict(locator), separators=(",", ":")),
        treatment=rule.treatment,
        reason=str(rule.reason)[:300],
        until=until if rule.treatment is Treatment.RETAIN else None,
        count=count,
    )
    return step, obstacle


def write_plan(request: Request, steps: Sequence[ErasureStep], *, obstacle: str, earlier: ErasurePlan | None) -> ErasurePlan:
    """Write a plan, which replaces the one before and says what changed. In the caller's transaction."""
    now = clock.now()
    changes: list[list[str]] = []
    assert request.subject is not None  # every proven request has one
    identifiers = known_by(request.subject)
    if earlier is not None:
        changes = differences(list(earlier.steps.all()), steps)
        if earlier.identifiers != identifiers:
            changes.insert(0, ["", "other_identifiers"])
        ErasurePlan.objects.filter(pk=earlier.pk, superseded_at=None).update(superseded_at=now)
        earlier.steps.update(locator=None)
    plan = ErasurePlan.objects.create(
        request=request,
        digest=digest_of(request, steps, identifiers=identifiers),
        identifiers=identifiers,
        created_at=now,
        changes=changes,
        obstacle=obstacle,
    )
    for step in steps:
        step.plan = plan
    ErasureStep.objects.bulk_create(steps)
    return plan


def kept_by_staff(plan: ErasurePlan | None) -> dict[str, ErasureStep]:
    """The steps of a plan that staff decided to keep, by source."""
    return {step.source_key: step for step in plan.steps.exclude(ground="")} if plan is not None else {}


def known_by(subject: Subject) -> str:
    """What a person is found by, as one hash that tells nobody what it is: another address proven since makes another one."""
    _subjects, identifiers = hashes_of(subject)
    return hashlib.sha256(json.dumps(identifiers, separators=(",", ":")).encode()).hexdigest()


def digest_of(request: Request, steps: Iterable[ErasureStep], *, identifiers: str) -> str:
    """SHA-256 over everything that an approval is about: whose data, by what it is found, which sources, what is done with each, and
    how much there is. `identifiers` is what `known_by` answers."""
    subject = str(request.subject.public_id) if request.subject else ""
    facts = {"request": request.ref, "subject": subject, "identifiers": identifiers, "sources": _facts(steps)}
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def differences(before: Iterable[ErasureStep], after: Iterable[ErasureStep]) -> list[list[str]]:
    """What changed between two plans: [source key, code] with the codes new_source, gone, other_treatment, other_count."""
    old, new = {fact[0]: fact for fact in _facts(before)}, {fact[0]: fact for fact in _facts(after)}
    changes = [[key, "gone"] for key in old.keys() - new.keys()] + [[key, "new_source"] for key in new.keys() - old.keys()]
    for key in old.keys() & new.keys():
        if old[key][1:4] != new[key][1:4]:
            changes.append([key, "other_treatment"])
        elif old[key] != new[key]:
            changes.append([key, "other_count"])
    return sorted(changes)


def _facts(steps: Iterable[ErasureStep]) -> list[tuple[str, str, str, str, int]]:
    return sorted(
        (
            step.source_key,
            str(step.treatment),
            step.reason,
            step.until.isoformat() if step.until else "",
            0 if step.source_key.startswith(MOVING) else step.count,
        )
        for step in steps
    )
