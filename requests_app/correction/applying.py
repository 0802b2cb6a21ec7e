"""Makes the corrections that were accepted. May be rung any number of times and die at any moment.

Sources outside this database come first, each by itself: what was written there but not noted is found again, because the value
is there already. Those of this database are changed in one transaction with the end of the request: all of them, or none.
A value that changed since the person filed is never overwritten: it goes back to staff, who see both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from django.db import transaction

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import LostLease, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import CannotChange, FieldChange, Source, UnknownSource, registry
from requests_app.behalf.standing import obstacle_of
from requests_app.correction.annotations import write_supplement
from requests_app.correction.deciding import name_of, order_work
from requests_app.correction.letter import letter_of
from requests_app.correction.proposing import held_value, proposed_value
from requests_app.correction.reading import read_records
from requests_app.correction.values import pack, same, words
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.recipients import Changed, make_notices, tell_recipients
from requests_app.domain.stops import is_stopped, on_lift, stopped_sources
from requests_app.enums import CorrectionKind, Decision, Kind, NoticeEvent, Outcome, Status
from requests_app.errors import LostRace
from requests_app.models import Correction, Request
from requests_app.transitions import Event, Guard, Role

log = structlog.get_logger("privacycenter.requests")
ACTOR = Actor.system("requests")


class _InTheWay(Exception):
    """Corrections that can't be made, with a code and the value found for each; whether the source is untouched by this attempt."""

    def __init__(self, problems: dict[int, tuple[str, str | None]], *, is_untouched: bool = True) -> None:
        super().__init__(", ".join(sorted({code for code, _found in problems.values()})))
        self.problems, self.is_untouched = problems, is_untouched


def apply_corrections(claim: Claim) -> None:
    """Do what is left to do for one request."""
    request = _load(claim.payload["request"])
    if request is None:
        return
    try:
        waiting = _waiting(request)
        stops = stopped_sources()
        if any(is_stopped(each.source_key, among=stops) for each in waiting):
            return  # whoever lifts the stop orders the work again
        if obstacle_of(request):
            raise _InTheWay({each.pk: ("proof", None) for each in waiting})
        sources = _sources(waiting)
        for key, source in sources.items():
            if not source.describe().in_database:
                _apply_outside(claim, request, source, [each for each in waiting if each.source_key == key])
        _apply_here_and_finish(claim, request, sources)
    except _InTheWay as found:
        _hand_over(claim, request, found.problems)
    except LostLease:
        raise
    except LostRace:
        return  # whoever moved the request has seen to the rest
    except Exception as error:
        if not claim.is_last_attempt:
            log.warning("correction_failed", request=request.ref, error=type(error).__name__)
            raise Retryable("correction_failed") from error
        _hand_over(claim, request, {each.pk: (type(error).__name__[:64], None) for each in _waiting(request)})


def give_up(request_id: int, *, code: str) -> None:
    """Hand corrections to staff whose job will not run any more; in the transaction that says so."""
    request = _load(request_id)
    if request is None:
        return
    try:
        with transaction.atomic():
            move(request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)
            Correction.objects.filter(request=request, decision=Decision.ACCEPTED, applied_at=None).update(error_code=code[:64])
    except LostRace:
        return


def order_waiting() -> None:
    """Order the work of every request whose corrections wait: something had stopped it."""
    for request in Request.objects.filter(kind=Kind.RECTIFICATION, status=Status.CORRECTING).iterator():
        order_work(request)


on_lift(order_waiting)


def _load(request_id: int) -> Request | None:
    found = Request.objects.select_related("subject").filter(pk=request_id, kind=Kind.RECTIFICATION, status=Status.CORRECTING)
    return found.exclude(subject=None).first()


def _waiting(request: Request) -> list[Correction]:
    return list(Correction.objects.filter(request=request, decision=Decision.ACCEPTED, applied_at=None))


def _sources(corrections: Sequence[Correction]) -> dict[str, Source]:
    """The sources to be changed. An addition changes none: it stands beside the data. Raises _InTheWay for one that is gone."""
    found: dict[str, Source] = {}
    problems: dict[int, tuple[str, str | None]] = {}
    for each in corrections:
        if each.kind == CorrectionKind.SUPPLEMENT:
            continue
        try:
            found[each.source_key] = registry.get(each.source_key)
        except UnknownSource:
            problems[each.pk] = ("unknown_source", None)
    if problems:
        raise _InTheWay(problems)
    return found


def _apply_outside(claim: Claim, request: Request, source: Source, corrections: Sequence[Correction]) -> None:
    """Change one source outside. That it may hold the new values is noted first: from then on the request can only be finished."""
    rows = Correction.objects.filter(pk__in=[each.pk for each in corrections])
    fresh = [each.pk for each in corrections if each.begun_at is None and each.kind == CorrectionKind.CORRECT]

    def begin() -> None:
        with transaction.atomic():
            claim.hold()
            rows.filter(pk__in=fresh).update(begun_at=clock.now())

    try:
        _rectify(source, request, corrections, begin=begin)
    except _InTheWay as found:
        if found.is_untouched:
            rows.filter(pk__in=fresh).update(begun_at=None)
        raise
    with transaction.atomic():
        claim.hold()
        rows.update(applied_at=clock.now(), error_code="")


def _apply_here_and_finish(claim: Claim, request: Request, sources: dict[str, Source]) -> None:
    """Everything of this database, the notices to recipients, the answer and the end of the request: one transaction."""
    with transaction.atomic():
        claim.hold()
        waiting = _waiting(request)
        for key, source in sources.items():
            if source.describe().in_database:
                _rectify(source, request, [each for each in waiting if each.source_key == key])
        for each in waiting:
            if each.kind == CorrectionKind.SUPPLEMENT:
                write_supplement(request, each)
        now = clock.now()
        Correction.objects.filter(pk__in=[each.pk for each in waiting]).update(applied_at=now, error_code="")
        everything = list(Correction.objects.filter(request=request))
        accepted = [each for each in everything if each.decision == Decision.ACCEPTED]
        changes = [Changed(each.source_key, name_of(each), words(proposed_value(each)), str(each.pk)) for each in accepted]
        make_notices(request, NoticeEvent.CORRECTED, changes)
        tell_recipients(request)
        outcome = Outcome.FULFILLED if len(accepted) == len(everything) else Outcome.IN_PART
        letter = letter_of(request, everything, at=now)
        change = Change(Event.FINISH_CORRECTING, Guard.CHANGES_APPLIED, outcome=outcome)
        move(request, change, role=Role.SYSTEM, actor=ACTOR, answered_at=now, closed_at=now, letter=letter)
        tell_person(request, "requests.decision", actor=ACTOR)
        claim.finish()


def _rectify(source: Source, request: Request, corrections: Sequence[Correction], *, begin: Callable[[], None] | None = None) -> None:
    """Compare, change (after `begin`), read back. Raises _InTheWay for what changed meanwhile, is gone, or is not taken by the source."""
    wanted = [each for each in corrections if each.kind == CorrectionKind.CORRECT]
    if not wanted:
        return
    locator = source.locate(request.subject)
    _compare(source, locator, wanted)
    if begin is not None:
        begin()
    changes = [FieldChange(each.record, each.field, proposed_value(each)) for each in wanted]
    is_untouched = True
    try:
        source.rectify(locator, changes)
        is_untouched = False
        # Made once more it changes nothing: the source itself says that it holds these values.
        is_made = source.rectify(locator, changes) == 0
    except CannotChange as error:
        raise _InTheWay({each.pk: (error.code, None) for each in wanted}, is_untouched=is_untouched) from error
    now = read_records(source, locator, {each.record for each in wanted}) if is_made else {}
    # A source may say a value in words of its own (a language by its name): then it must at least say something else than before.
    missed = [
        each
        for each in wanted
        if each.record not in now
        or (
            not same(now[each.record].values.get(each.field), proposed_value(each))
            and same(now[each.record].values.get(each.field), held_value(each))
        )
    ]
    if missed:
        raise _InTheWay({each.pk: ("not_verified", None) for each in missed}, is_untouched=False)


def _compare(source: Source, locator: object, wanted: Sequence[Correction]) -> None:
    """What is held must be what was held at filing, or what is asked for: then an earlier try came this far."""
    current = read_records(source, locator, {each.record for each in wanted}) if locator else {}  # type: ignore[arg-type]
    problems: dict[int, tuple[str, str | None]] = {}
    for each in wanted:
        if each.record not in current:
            problems[each.pk] = ("unknown_record", None)
            continue
        value = current[each.record].values.get(each.field)
        if not same(value, held_value(each)) and not same(value, proposed_value(each)):
            problems[each.pk] = ("conflict", pack(value))
    if problems:
        raise _InTheWay(problems)


def _hand_over(claim: Claim, request: Request, problems: dict[int, tuple[str, str | None]]) -> None:
    """Show staff what stood in the way of which correction."""
    with transaction.atomic():
        claim.hold()
        for pk, (code, found) in problems.items():
            Correction.objects.filter(pk=pk).update(error_code=code[:64], found=found)
        move(request, Change(Event.FAIL, Guard.SOMETHING_FAILED), role=Role.SYSTEM, actor=ACTOR)
        claim.finish()
