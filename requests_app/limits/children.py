"""Reports of children's accounts (G-01): anybody may report; what comes of it shows to nobody but the reported person and the desk."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import override

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.kernel.text import storable
from privacycenter.subjects.domain import mark_child, restrict_subject
from privacycenter.subjects.models import Restriction, Subject
from privacycenter.subjects.queries import subject_with
from requests_app.domain.deadlines import first_dates
from requests_app.domain.filing import note_receipt, start
from requests_app.domain.limits import count_report
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import DECIDE_CHILD, LOOK, require_permission
from requests_app.enums import Channel, Kind, Outcome, Status
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing
from requests_app.limits.common import SYSTEM, address_of_subject, close, letter_of, note
from requests_app.limits.enums import LiftReason, ReportState
from requests_app.limits.lifting import order_lift
from requests_app.models import ChildReport, Request
from requests_app.queries import account_of
from requests_app.transitions import Event, Guard, Role

DECIDE = DECIDE_CHILD
LOOK_INTO = "requests.look_into_report"
CHILD_ANSWERED = "child_answered"


def report_child(*, account: str, words: str = "", contact: str = "", client: str, language: str = "en", actor: Actor) -> ChildReport:
    """Take a report. The same work is done for every account, known or not: what it leads to is found out by a job.

    Raises TooManyReports for a client, ReasonMissing where no account is named.
    """
    named = storable(account).strip()
    if not named:
        raise ReasonMissing
    with transaction.atomic():
        count_report(client=client)
        report = ChildReport.objects.create(
            received_at=clock.now(),
            account=named,
            words=storable(words).strip() or None,
            contact=storable(contact).strip() or None,
            language=language,
        )
        record("requests.child_reported", actor=actor)
        enqueue(LOOK_INTO, key=str(report.pk), payload={"report": report.pk})
    return report


def look_into_reports(claims: Sequence[Claim]) -> None:
    """Handler of the job: find the account, restrict it at once, open a request. What finds nobody waits at the desk."""
    for claim in claims:
        with transaction.atomic():
            report = ChildReport.objects.select_for_update().filter(pk=claim.payload["report"], state=ReportState.NEW).first()
            if report is not None:
                _look_into(report)
            claim.finish()


def _look_into(report: ChildReport) -> None:
    subject = _find(report.account or "")
    if subject is None:
        report.state = ReportState.UNKNOWN
        report.save(update_fields=["state"])
    else:
        _open(report, subject)


def _find(account: str) -> Subject | None:
    """The person whose account this is: by user name, or by an address or name that was proven."""
    user = User.objects.select_related("subject").filter(username__iexact=account, is_active=True).first()
    if user is not None:
        return user.subject
    return subject_with(IdentifierKind.EMAIL, account) or subject_with(IdentifierKind.USERNAME, account)


def tie_report(report: ChildReport, *, account: str, actor: Actor) -> Request:
    """Staff found out whose account is meant. Raises IllegalMove where nobody has it, or the report is not open."""
    require_permission(actor, LOOK)
    subject = _find(storable(account).strip())
    with transaction.atomic():
        live = ChildReport.objects.select_for_update().filter(pk=report.pk, state=ReportState.UNKNOWN).first()
        if subject is None or live is None:
            raise IllegalMove
        record("requests.child_report_tied", actor=actor, subject=str(subject.public_id))
        return _open(live, subject)


def close_report(report: ChildReport, *, actor: Actor) -> None:
    """Nobody is meant whom we know: what was typed goes. Raises IllegalMove for one that is not open, NotAllowed."""
    require_permission(actor, DECIDE)
    with transaction.atomic():
        gone = {"state": ReportState.CLOSED, "closed_at": clock.now(), "account": None, "words": None, "contact": None}
        if not ChildReport.objects.filter(pk=report.pk, state=ReportState.UNKNOWN).update(**gone):
            raise IllegalMove
        record("requests.child_report_closed", actor=actor)


def show_report(report: ChildReport, *, actor: Actor) -> None:
    """Before staff read what was typed: the look is on record, also with the person it led to."""
    require_permission(actor, LOOK)
    request = report.request
    subject = str(request.subject.public_id) if request is not None and request.subject is not None else ""
    record("requests.child_report_shown", actor=actor, subject=subject, ticket=request.ref if request is not None else "", reason="child")


def _open(report: ChildReport, subject: Subject) -> Request:
    """The request that a report leads to: the open one about this person, or a new one.

    Somebody of whom staff decided before that they are no child is not restricted again by the mere word of somebody.
    """
    about = Request.objects.filter(kind=Kind.CHILD, subject=subject)
    request = about.filter(status__in=Status.OPEN).first()
    if request is None:
        was_cleared = about.filter(lifts__reason=LiftReason.NO_CHILD).exists()
        request = _file(subject, report.language)
        if not was_cleared:
            mark_child(subject, reason="reported", actor=SYSTEM)
            restrict_subject(subject, reason="child", ref=request.ref, actor=SYSTEM)
            tell_person(request, "requests.child_reported", actor=SYSTEM)
    report.state, report.request = ReportState.OPENED, request
    report.save(update_fields=["state", "request"])
    return request


def _file(subject: Subject, language: str) -> Request:
    """A request about somebody who filed none: nobody proved anything, the account was found."""
    has_account = account_of(subject) is not None
    with override(subject.language or language):
        request = note_receipt(
            kind=Kind.CHILD,
            channel=Channel.ACCOUNT if has_account else Channel.ADDRESS,
            language=subject.language or language,
            actor=SYSTEM,
        )
    now = clock.now()
    request.subject = subject
    move(
        request,
        Change(Event.MATCH, Guard.ACCOUNT_FOUND),
        role=Role.SYSTEM,
        actor=SYSTEM,
        subject=subject,
        contact=None if has_account else address_of_subject(subject) or None,
        verified_at=now,
        acknowledged_at=now,
        is_priority=True,
        **first_dates(request),
    )
    return request


def answer_report(request: Request, *, words: str, actor: Actor) -> None:
    """The reported person says how it is. Raises IllegalMove once it is decided, NotAllowed for anybody else."""
    answer = letter_of(words)
    from_person = request.subject is not None and actor.kind == "person"
    if not from_person:
        raise NotAllowed
    with transaction.atomic():
        if not Request.objects.filter(pk=request.pk, kind=Kind.CHILD, status=Status.TRIAGE).update(words=answer):
            raise IllegalMove
        note(request, CHILD_ANSWERED, actor=actor)


def decide_child(request: Request, *, is_child: bool, letter: str, actor: Actor) -> Request | None:
    """A child: everything is erased, with priority, by a request that is answered. No child: the restriction ends, the person told first.

    Only for who may decide it (the data protection officer). Raises NotAllowed, ReasonMissing, UnknownRight, and what a move raises.
    """
    require_permission(actor, DECIDE)
    words = letter_of(letter)
    assert request.subject is not None
    with transaction.atomic():
        close(
            request,
            outcome=Outcome.FULFILLED,
            letter=words,
            choices={**request.choices, "is_child": is_child},
            role=Role.STAFF,
            actor=actor,
        )
        gone = {"state": ReportState.CLOSED, "closed_at": clock.now(), "account": None, "words": None, "contact": None}
        ChildReport.objects.filter(request=request).update(**gone)
        if is_child:
            mark_child(request.subject, reason="reported", actor=actor)
            return _erase(request, request.subject, actor)
        if Restriction.objects.filter(subject=request.subject, ref=request.ref).exists():
            order_lift(request, reason=LiftReason.NO_CHILD, actor=actor)
        return None


def _erase(report: Request, subject: Subject, actor: Actor) -> Request:
    """The erasure, in the queue before all others: the one that is open, or a new one. It stays restricted until it is done."""
    known = Request.objects.open().filter(kind=Kind.ERASURE, subject=subject).first()
    if known is not None:
        known.is_priority = True
        known.save(update_fields=["is_priority"])
        return known
    request = note_receipt(kind=Kind.ERASURE, channel=report.channel, follows=report, language=report.language, actor=actor)
    request.is_priority, request.entered_by_id = True, int(actor.ref)
    request.save(update_fields=["is_priority", "entered_by"])
    start(request, subject, contact=report.contact or "", role=Role.STAFF, actor=actor)
    return request
