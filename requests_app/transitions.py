"""Every legal move of a request, in one table. The verbs, the buttons, the diagram and the tests are read from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from requests_app.enums import Outcome, Status


class Role(StrEnum):
    """Who may make a move: the person whose request it is, staff with the permission to work on it, the software."""

    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"


class Event(StrEnum):
    """What moves a request. The values stand in timelines and, behind `requests.`, in the audit trail."""

    PROVE = "proven"
    SET_ASIDE = "set_aside"
    LAPSE = "lapsed"
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


class Guard(StrEnum):
    """A side condition besides state and role; checked by the verb that makes the move (requests_app.domain)."""

    IDENTITY_SHOWN = "identity_shown"  # a mailed code, or a fresh log-in
    SAME_KIND_OPEN = "same_kind_open"
    OVERDUE_PROOF = "overdue_proof"
    SOMETHING_FAILED = "something_failed"
    ALL_STEPS_FINAL = "all_steps_final"
    REASON_GIVEN = "reason_given"
    FILE_WRITTEN = "file_written"
    BUNDLE_EXPIRED = "bundle_expired"
    WAS_ANSWERED = "was_answered"
    NONE = ""


@dataclass(frozen=True)
class Move:
    """One row of the table. An `outcome` of None leaves it to the verb, among the outcomes of an answer."""

    event: Event
    sources: frozenset[Status]
    target: Status
    roles: frozenset[Role]
    guard: Guard = Guard.NONE
    outcome: Outcome | str | None = ""


def _move(
    event: Event,
    sources: str | tuple[str, ...],
    target: Status,
    roles: tuple[Role, ...],
    guard: Guard = Guard.NONE,
    outcome: Outcome | str | None = "",
) -> Move:
    states = (sources,) if isinstance(sources, str) else sources
    return Move(event, frozenset(Status(state) for state in states), target, frozenset(roles), guard, outcome)


_PERSON, _STAFF, _SYSTEM = Role.PERSON, Role.STAFF, Role.SYSTEM

TABLE: tuple[Move, ...] = (
    _move(Event.PROVE, Status.RECEIVED, Status.COLLECTING, (_PERSON,), Guard.IDENTITY_SHOWN),
    _move(Event.SET_ASIDE, Status.RECEIVED, Status.CLOSED, (_PERSON,), Guard.SAME_KIND_OPEN, outcome=Outcome.DUPLICATE),
    _move(Event.LAPSE, Status.RECEIVED, Status.CLOSED, (_SYSTEM,), Guard.OVERDUE_PROOF, outcome=Outcome.NOT_VERIFIED),
    _move(Event.FAIL, Status.IN_WORK, Status.ATTENTION, (_SYSTEM,), Guard.SOMETHING_FAILED),
    _move(Event.RETRY, Status.ATTENTION, Status.COLLECTING, (_STAFF,), Guard.SOMETHING_FAILED),
    _move(Event.FINISH_COLLECTING, Status.COLLECTING, Status.ASSEMBLING, (_SYSTEM,), Guard.ALL_STEPS_FINAL),
    _move(Event.COMPLETE_DESPITE_FAILURE, Status.ATTENTION, Status.ASSEMBLING, (_STAFF,), Guard.REASON_GIVEN),
    _move(Event.FINISH_ASSEMBLING, Status.ASSEMBLING, Status.REVIEW, (_SYSTEM,), Guard.FILE_WRITTEN),
    _move(Event.COLLECT_AGAIN, (Status.ATTENTION, Status.REVIEW, Status.REOPENED), Status.COLLECTING, (_STAFF, _SYSTEM)),
    _move(Event.RELEASE, Status.REVIEW, Status.READY, (_STAFF, _SYSTEM), Guard.FILE_WRITTEN, outcome=None),
    _move(Event.EXPIRE, Status.READY, Status.CLOSED, (_SYSTEM,), Guard.BUNDLE_EXPIRED, outcome=None),
    _move(Event.REOPEN, (Status.READY, Status.CLOSED), Status.REOPENED, (_PERSON,), Guard.WAS_ANSWERED),
    _move(Event.ANSWER, Status.REOPENED, Status.CLOSED, (_STAFF,), Guard.REASON_GIVEN, outcome=Outcome.FULFILLED),
    _move(Event.WITHDRAW, Status.OPEN, Status.CLOSED, (_PERSON,), outcome=Outcome.WITHDRAWN),
)

_BY_KEY = {(status, move.event): move for move in TABLE for status in move.sources}


def find(status: str, event: Event) -> Move | None:
    """The move that `event` makes from `status`, or None where it is not legal."""
    return _BY_KEY.get((Status(status), event))


def legal_moves(status: str, role: Role) -> Iterator[Move]:
    """What this role may do from `status`, in the order of the table."""
    return (move for move in TABLE if Status(status) in move.sources and role in move.roles)


def diagram() -> str:
    """The table as a Mermaid state diagram, for docs/requests.md."""
    lines = ["stateDiagram-v2", "    [*] --> received"]
    for move in TABLE:
        who = "/".join(sorted(move.roles))
        lines += [f"    {state} --> {move.target}: {move.event} ({who})" for state in Status.values if Status(state) in move.sources]
    return "\n".join([*lines, "    closed --> [*]"])
