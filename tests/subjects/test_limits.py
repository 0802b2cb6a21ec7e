"""Restriction, the mark of a child, and devices: set by staff, and what becomes of them when people are merged or split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from privacycenter.audit.queries import entries_about, looks_at
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.subjects import domain
from privacycenter.subjects.errors import StaffOnly, UseMissing
from privacycenter.subjects.models import PushDevice, Subject
from privacycenter.subjects.queries import is_restricted, restrictions_of

SYSTEM = Actor.system("test")
STAFF = Actor(ActorKind.STAFF, "7")
PERSON = Actor(ActorKind.PERSON, "1")
START = datetime(2026, 3, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    subject = domain.create_subject(actor=SYSTEM)
    domain.add_identifier(subject, kind="email", value="ada@example.com", source="test", proven=True, actor=SYSTEM)
    return subject


@pytest.fixture
def bob():
    subject = domain.create_subject(actor=SYSTEM)
    domain.add_identifier(subject, kind="email", value="bob@example.com", source="test", proven=True, actor=SYSTEM)
    return subject


def device(subject, digest, **fields):
    return PushDevice.objects.create(
        subject=subject, label="Phone", endpoint="https://push.example/1", endpoint_digest=digest, created_at=START, **fields
    )


def verbs(subject):
    return [entry.verb for entry in entries_about(str(subject.public_id)) if entry.verb.startswith(("subjects.restrict", "subjects.child"))]


@pytest.mark.obligation("R-04")
def test_staff_restrict_the_use_of_a_persons_data_and_lift_it_again(ada):
    with clock.stopped_at(START):
        domain.restrict_subject(ada, reason="objection", actor=STAFF)
    with clock.stopped_at(START + timedelta(days=1)):
        domain.restrict_subject(ada, reason="objection", actor=STAFF)

    assert Subject.objects.get(pk=ada.pk).restricted_at == ada.restricted_at == START
    domain.lift_restriction(ada, reason="assessed", actor=STAFF)
    domain.lift_restriction(ada, reason="assessed", actor=STAFF)
    assert Subject.objects.get(pk=ada.pk).restricted_at is ada.restricted_at is None
    assert sorted(verbs(ada)) == ["subjects.restricted", "subjects.restriction_lifted"]


@pytest.mark.obligation("G-01")
def test_staff_note_that_somebody_is_a_child(ada):
    domain.mark_child(ada, reason="told_by_parent", actor=STAFF)
    domain.mark_child(ada, reason="told_by_parent", actor=STAFF)

    assert Subject.objects.get(pk=ada.pk).is_child is ada.is_child is True
    assert verbs(ada) == ["subjects.child_marked"]
    domain.mark_child(ada, is_child=False, reason="mistake", actor=STAFF)
    assert Subject.objects.get(pk=ada.pk).is_child is False


@pytest.mark.parametrize("verb", [domain.restrict_subject, domain.lift_restriction, domain.mark_child])
@pytest.mark.parametrize("actor", [PERSON, Actor(ActorKind.ANONYMOUS), Actor(ActorKind.API_CLIENT, "crm")])
def test_only_staff_and_the_software_do(ada, verb, actor):
    with pytest.raises(StaffOnly):
        verb(ada, reason="because", actor=actor)

    assert verbs(ada) == []


def test_a_merge_keeps_the_stricter_of_both_and_each_device_once(ada, bob):
    device(ada, "a" * 64)
    device(bob, "a" * 64, disabled_at=START)
    device(bob, "b" * 64)
    with clock.stopped_at(START):
        domain.restrict_subject(bob, reason="objection", actor=STAFF)
    domain.mark_child(bob, reason="told", actor=STAFF)

    domain.merge_subjects(ada, bob, reason="same_person", actor=STAFF)

    ada.refresh_from_db()
    assert (ada.restricted_at, ada.is_child) == (START, True)
    assert list(ada.push_devices.order_by("endpoint_digest").values_list("endpoint_digest", "disabled_at", "endpoint")) == [
        ("a" * 64, START, ""),
        ("b" * 64, None, "https://push.example/1"),
    ]


def test_a_split_leaves_both_restricted_and_moves_devices_that_are_named(ada):
    mine, theirs = device(ada, "a" * 64), device(ada, "b" * 64)
    for kind, value in (("device", str(theirs.public_id)), ("device", "not-a-device-of-ours")):
        domain.add_identifier(ada, kind=kind, value=value, source="test", proven=True, actor=SYSTEM)
    domain.restrict_subject(ada, reason="objection", actor=STAFF)

    new = domain.split_subject(ada, identifiers=ada.identifiers.filter(kind="device"), reason="two_people", actor=STAFF)

    assert new.restricted_at == ada.restricted_at is not None
    assert (list(ada.push_devices.all()), list(new.push_devices.all())) == ([mine], [theirs])


@pytest.mark.obligation("R-04")
def test_restrictions_of_several_requests_stand_beside_each_other_until_the_last_is_lifted(ada):
    with clock.stopped_at(START):
        domain.restrict_subject(ada, reason="accuracy", ref="PR-AAAA-AAAA", actor=SYSTEM)
    domain.restrict_subject(ada, reason="child", ref="PR-BBBB-BBBB", actor=SYSTEM)
    domain.restrict_sources(ada, sources=["records.interactions"], reason="claim", ref="PR-AAAA-AAAA", actor=SYSTEM)

    domain.lift_restriction(ada, reason="assessed", ref="PR-AAAA-AAAA", actor=SYSTEM)

    assert ada.restricted_at == START
    assert [(row.source, row.reason, row.ref) for row in restrictions_of(ada)] == [("", "child", "PR-BBBB-BBBB")]
    domain.lift_restriction(ada, reason="assessed", ref="PR-BBBB-BBBB", actor=SYSTEM)
    assert ada.restricted_at is None
    assert not is_restricted(ada)


@pytest.mark.parametrize("how", ["everything", "a part"])
def test_staff_name_what_the_law_allows_before_they_see_addresses_of_a_restricted_person(ada, how):
    if how == "everything":
        domain.restrict_subject(ada, reason="accuracy", actor=STAFF)
    else:
        domain.restrict_sources(ada, sources=["records.interactions"], reason="accuracy", actor=STAFF)

    for use in ("", "curiosity"):
        with pytest.raises(UseMissing):
            domain.show_identifiers(ada, reason="proof", use=use, actor=STAFF)
    shown = domain.show_identifiers(ada, reason="proof", use="claims", actor=STAFF)

    assert [identifier.value for identifier in shown] == ["ada@example.com"]
    looks = [(entry.verb, entry.parameters["reason"]) for entry in looks_at(str(ada.public_id))]
    assert sorted(looks) == [("subjects.identifiers_shown", "proof"), ("subjects.restricted_use", "claims")]


def test_who_is_merged_or_split_keeps_each_reason(ada, bob):
    domain.restrict_sources(bob, sources=["records.interactions"], reason="claim", ref="PR-AAAA-AAAA", actor=STAFF)
    domain.restrict_sources(ada, sources=["records.interactions"], reason="claim", ref="PR-AAAA-AAAA", actor=STAFF)
    domain.merge_subjects(ada, bob, reason="same_person", actor=STAFF)
    domain.add_identifier(ada, kind="username", value="lady", source="test", proven=True, actor=SYSTEM)

    new = domain.split_subject(ada, identifiers=ada.identifiers.filter(kind="username"), reason="two_people", actor=STAFF)

    for person in (ada, new):
        assert [(row.source, row.reason) for row in restrictions_of(person)] == [("records.interactions", "claim")]
