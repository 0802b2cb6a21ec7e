"""Every legal move of a request, in one table. The verbs, the buttons, the diagram and the tests are read from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from requests_app.enums import Kind, Outcome, Status


class Role(StrEnum):
    """Who may make a move: the person whose request it is, staff with the permission to work on it, the software."""

    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"


class Event(StrEnum):
    """What moves a request. The values stand in timelines and, behind `requests.`, in the audit trail."""

    PROVE = "proven"
    MATCH = "account_found"
    SET_ASIDE = "set_aside"
    LAPSE = "lapsed"
    DECLINE = "declined"
    FAIL = "part_failed"
    RETRY = "retried"
    FINISH_COLLECTING = "collected"
    COMPLETE_DESPITE_FAILURE = "completed_despite_failure"
    FINISH_ASSEMBLING = "assembled"
    COLLECT_AGAIN = "collected_again"
    RELEASE = "released"
    EXPIRE = "expired"
    REOPEN = "reopened"
    ANSWER = "reopening_answered"
    WITHDRAW = "withdrawn"
    ASK = "person_asked"
    REPLY = "person_replied"
    GO_ON = "went_on_without_reply"
    REFUSE = "refused"
    DECIDE = "decided"
    TAKE_UP = "taken_up_again"
    GRANT_REVIEW = "refusal_lifted"
    ORDER_CORRECTION = "correction_ordered"
    FINISH_CORRECTING = "corrected"
    FINISH_PLANNING = "erasure_planned"
    PLAN_AGAIN = "erasure_planned_again"
    APPROVE = "erasure_approved"
    BEGIN_ERASING = "erasure_begun"
    FINISH_ERASING = "erased"


class Guard(StrEnum):
    """A side condition besides state and role; checked by the verb that makes the move (requests_app.domain)."""

    IDENTITY_SHOWN = "identity_shown"  # a mailed code, or a fresh log-in
    ACCOUNT_FOUND = "account_found"  # of a report: whose account is meant is known
    SAME_KIND_OPEN = "same_kind_open"
    FOR_ANOTHER = "for_another"  # of a request for somebody else: that person, or staff who looked at the proof, say no
    OVERDUE_PROOF = "overdue_proof"
    SOMETHING_FAILED = "something_failed"
    ALL_STEPS_FINAL = "all_steps_final"
    REASON_GIVEN = "reason_given"
    FILE_WRITTEN = "file_written"
    BUNDLE_EXPIRED = "bundle_expired"
    WAS_ANSWERED = "was_answered"
    REPLY_OVERDUE = "reply_overdue"  # asked and reminded, and the days after that are over
    GROUND_GIVEN = "ground_given"  # a ground of the list, and its reasoning
    DECISION_MADE = "decision_made"
    REVIEW_GRANTED = "review_granted"  # by somebody who had no part in the decision
    CHANGES_APPLIED = "changes_applied"
    PLAN_WRITTEN = "plan_written"
    PLAN_APPROVED = "plan_approved"  # by its hash, and where the setting says so by a second person
    COOLED_OFF = "cooled_off"  # and the facts are those that were approved
    ERASED_FOR_GOOD = "erased_for_good"  # every source was asked again and found nothing but what is kept
    NONE = ""


@dataclass(frozen=True)
class Move:
    """One row of the table. An `outcome` of None leaves it to the verb, among the outcomes of an answer. It is for `kinds` only."""

    event: Event
    sources: frozenset[Status]
    target: Status
    roles: frozenset[Role]
    guard: Guard = Guard.NONE
    outcome: Outcome | str | None = ""
    kinds: frozenset[Kind] = frozenset(Kind)


def _move(
    event: Event,
    sources: str | tuple[str, ...],
    target: Status,
    roles: tuple[Role, ...],
    guard: Guard = Guard.NONE,
    outcome: Outcome | str | None = "",
    kinds: str | tuple[str, ...] = tuple(Kind.values),
) -> Move:
    states = (sources,) if isinstance(sources, str) else sources
    only = frozenset(Kind(kind) for kind in ((kinds,) if isinstance(kinds, str) else kinds))
    return Move(event, frozenset(Status(state) for state in states), target, frozenset(roles), guard, outcome, only)


_PERSON, _STAFF, _SYSTEM = Role.PERSON, Role.STAFF, Role.SYSTEM

_COPIES, _DECIDED, _ERASURE, _CORRECTION = Kind.COPIES, Kind.DECIDED, Kind.ERASURE, Kind.RECTIFICATION
# Where the person is no longer asked: what is being changed or deleted can't be taken back.
_WITHDRAWABLE = tuple(status for status in Status.OPEN if status not in {Status.CORRECTING, Status.ERASING})
_REVIEWED = tuple(kind for kind in _DECIDED if kind != Kind.REVIEW)  # a review ends with its answer
# A report of a child's account is about its person, not by them: they neither prove it nor take it back.
_ASKED_FOR = tuple(kind for kind in _DECIDED if kind != Kind.CHILD)
_OWN = tuple(kind for kind in Kind.values if kind != Kind.CHILD)
_AT_WORK = (*Status.IN_WORK, Status.CORRECTING, Status.PLANNING, Status.ERASING)
_ASKABLE = (Status.TRIAGE, Status.ATTENTION, Status.REVIEW, Status.REOPENED, Status.APPROVAL)

TABLE: tuple[Move, ...] = (
    _move(Event.PROVE, Status.RECEIVED, Status.COLLECTING, (_PERSON, _STAFF), Guard.IDENTITY_SHOWN, kinds=_COPIES),
    _move(Event.PROVE, Status.RECEIVED, Status.PLANNING, (_PERSON, _STAFF), Guard.IDENTITY_SHOWN, kinds=_ERASURE),
    _move(Event.PROVE, Status.RECEIVED, Status.TRIAGE, (_PERSON, _STAFF), Guard.IDENTITY_SHOWN, kinds=(_CORRECTION, *_ASKED_FOR)),
    _move(Event.MATCH, Status.RECEIVED, Status.TRIAGE, (_SYSTEM,), Guard.ACCOUNT_FOUND, kinds=Kind.CHILD),
    _move(Event.SET_ASIDE, Status.RECEIVED, Status.CLOSED, (_PERSON, _STAFF), Guard.SAME_KIND_OPEN, outcome=Outcome.DUPLICATE),
    _move(Event.LAPSE, Status.RECEIVED, Status.CLOSED, (_SYSTEM,), Guard.OVERDUE_PROOF, outcome=Outcome.NOT_VERIFIED),
    _move(Event.DECLINE, Status.RECEIVED, Status.CLOSED, (_PERSON, _STAFF), Guard.FOR_ANOTHER, outcome=Outcome.NOT_VERIFIED, kinds=_OWN),
    # What workers do, and what becomes of it where they can't
    _move(Event.FAIL, _AT_WORK, Status.ATTENTION, (_SYSTEM,), Guard.SOMETHING_FAILED, kinds=(*_COPIES, _ERASURE, _CORRECTION)),
    _move(Event.RETRY, Status.ATTENTION, Status.COLLECTING, (_STAFF,), Guard.SOMETHING_FAILED, kinds=_COPIES),
    _move(Event.RETRY, Status.ATTENTION, Status.CORRECTING, (_STAFF,), Guard.SOMETHING_FAILED, kinds=_CORRECTION),
    _move(Event.RETRY, Status.ATTENTION, Status.ERASING, (_STAFF,), Guard.PLAN_APPROVED, kinds=_ERASURE),
    # A copy
    _move(Event.FINISH_COLLECTING, Status.COLLECTING, Status.ASSEMBLING, (_SYSTEM,), Guard.ALL_STEPS_FINAL, kinds=_COPIES),
    _move(Event.COMPLETE_DESPITE_FAILURE, Status.ATTENTION, Status.ASSEMBLING, (_STAFF,), Guard.REASON_GIVEN, kinds=_COPIES),
    _move(Event.FINISH_ASSEMBLING, Status.ASSEMBLING, Status.REVIEW, (_SYSTEM,), Guard.FILE_WRITTEN, kinds=_COPIES),
    _move(Event.COLLECT_AGAIN, (Status.ATTENTION, Status.REVIEW, Status.REOPENED), Status.COLLECTING, (_STAFF, _SYSTEM), kinds=_COPIES),
    _move(Event.RELEASE, Status.REVIEW, Status.READY, (_STAFF, _SYSTEM), Guard.FILE_WRITTEN, outcome=None, kinds=_COPIES),
    _move(Event.EXPIRE, Status.READY, Status.CLOSED, (_SYSTEM,), Guard.BUNDLE_EXPIRED, outcome=None, kinds=_COPIES),
    # A decision
    _move(Event.DECIDE, Status.TRIAGE, Status.CLOSED, (_STAFF, _SYSTEM), Guard.DECISION_MADE, outcome=None, kinds=_DECIDED),
    # A correction
    _move(Event.ORDER_CORRECTION, Status.TRIAGE, Status.CORRECTING, (_STAFF,), Guard.DECISION_MADE, kinds=_CORRECTION),
    _move(Event.FINISH_CORRECTING, Status.CORRECTING, Status.CLOSED, (_SYSTEM,), Guard.CHANGES_APPLIED, outcome=None, kinds=_CORRECTION),
    # An erasure
    _move(Event.FINISH_PLANNING, Status.PLANNING, Status.APPROVAL, (_SYSTEM,), Guard.PLAN_WRITTEN, kinds=_ERASURE),
    _move(
        Event.PLAN_AGAIN,
        (Status.APPROVAL, Status.COOLING, Status.ATTENTION, Status.REOPENED),
        Status.PLANNING,
        (_STAFF, _SYSTEM),
        kinds=_ERASURE,
    ),
    _move(Event.APPROVE, Status.APPROVAL, Status.COOLING, (_STAFF,), Guard.PLAN_APPROVED, kinds=_ERASURE),
    _move(Event.BEGIN_ERASING, Status.COOLING, Status.ERASING, (_SYSTEM,), Guard.COOLED_OFF, kinds=_ERASURE),
    _move(Event.FINISH_ERASING, Status.ERASING, Status.CLOSED, (_SYSTEM,), Guard.ERASED_FOR_GOOD, outcome=None, kinds=_ERASURE),
    # Between the desk and the person
    _move(Event.ASK, _ASKABLE, Status.WAITING, (_STAFF,), Guard.REASON_GIVEN),
    _move(Event.REPLY, Status.WAITING, Status.ATTENTION, (_PERSON, _STAFF), Guard.REASON_GIVEN, kinds=_COPIES),
    _move(Event.REPLY, Status.WAITING, Status.PLANNING, (_PERSON, _STAFF), Guard.REASON_GIVEN, kinds=_ERASURE),
    _move(Event.REPLY, Status.WAITING, Status.TRIAGE, (_PERSON, _STAFF), Guard.REASON_GIVEN, kinds=(_CORRECTION, *_DECIDED)),
    _move(Event.GO_ON, Status.WAITING, Status.ATTENTION, (_STAFF,), Guard.REPLY_OVERDUE, kinds=_COPIES),
    _move(Event.GO_ON, Status.WAITING, Status.PLANNING, (_STAFF,), Guard.REPLY_OVERDUE, kinds=_ERASURE),
    _move(Event.GO_ON, Status.WAITING, Status.TRIAGE, (_STAFF,), Guard.REPLY_OVERDUE, kinds=(_CORRECTION, *_DECIDED)),
    _move(Event.REFUSE, (*_ASKABLE, Status.WAITING), Status.CLOSED, (_STAFF,), Guard.GROUND_GIVEN, outcome=Outcome.REFUSED),
    _move(Event.REOPEN, (Status.READY, Status.CLOSED), Status.REOPENED, (_PERSON,), Guard.WAS_ANSWERED),
    _move(Event.TAKE_UP, Status.REOPENED, Status.TRIAGE, (_STAFF,), kinds=(_CORRECTION, *_DECIDED)),
    _move(Event.GRANT_REVIEW, (Status.READY, Status.CLOSED), Status.COLLECTING, (_STAFF,), Guard.REVIEW_GRANTED, kinds=_COPIES),
    _move(Event.GRANT_REVIEW, Status.CLOSED, Status.PLANNING, (_STAFF,), Guard.REVIEW_GRANTED, kinds=_ERASURE),
    _move(Event.GRANT_REVIEW, Status.CLOSED, Status.TRIAGE, (_STAFF,), Guard.REVIEW_GRANTED, kinds=(_CORRECTION, *_REVIEWED)),
    _move(Event.ANSWER, Status.REOPENED, Status.CLOSED, (_STAFF,), Guard.REASON_GIVEN, outcome=Outcome.FULFILLED),
    _move(Event.WITHDRAW, _WITHDRAWABLE, Status.CLOSED, (_PERSON,), outcome=Outcome.WITHDRAWN, kinds=_OWN),
)

_BY_KEY = {(status, move.event, kind): move for move in TABLE for status in move.sources for kind in move.kinds}


def find(status: str, event: Event, kind: str) -> Move | None:
    """The move that `event` makes from `status` with a request of this kind, or None where it is not legal."""
    return _BY_KEY.get((Status(status), event, Kind(kind)))


def legal_moves(status: str, role: Role, kind: str) -> Iterator[Move]:
    """What this role may do from `status` with a request of this kind, in the order of the table."""
    return (move for move in TABLE if Status(status) in move.sources and role in move.roles and Kind(kind) in move.kinds)


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/requests.md."""
    lines = ["stateDiagram-v2", "    [*] --> received"]
    for move in TABLE:
        who = "/".join(sorted(move.roles))
        only = "" if len(move.kinds) == len(Kind) else f", {'/'.join(sorted(move.kinds))}"
        lines += [f"    {state} --> {move.target}: {move.event} ({who}{only})" for state in Status.values if Status(state) in move.sources]
    return "\n".join([*lines, "    closed --> [*]"])
