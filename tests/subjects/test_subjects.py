from __future__ import annotations

import threading

import pytest
from django.db import connections

from privacycenter.audit.models import AuditEntry
from privacycenter.audit.queries import entries_about
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.sources import registry
from privacycenter.subjects import domain, queries
from privacycenter.subjects.errors import CannotMerge, CannotSplit, IdentifierTaken, StaffOnly
from privacycenter.subjects.models import Identifier, PushDevice, Subject

SYSTEM = Actor.system("test")
STAFF = Actor(ActorKind.STAFF, "7")


@pytest.fixture
def ada(db):
    subject = domain.create_subject(actor=SYSTEM)
    domain.add_identifier(subject, kind="email", value="ada@example.com", source="test", proven=True, actor=SYSTEM)
    return subject


@pytest.fixture
def bob(db):
    subject = domain.create_subject(actor=SYSTEM)
    domain.add_identifier(subject, kind="email", value="bob@example.com", source="test", proven=True, actor=SYSTEM)
    return subject


def test_proven_identifier_finds_its_person_in_any_spelling(ada):
    assert queries.subject_with("email", " ADA@Example.com ") == ada
    assert queries.subject_with("email", "not an address") is None


def test_unproven_identifier_finds_nobody(ada, bob):
    domain.add_identifier(bob, kind="phone", value="+60321610000", source="import", actor=SYSTEM)

    assert queries.subject_with("phone", "+60321610000") is None
    assert queries.is_known("phone", "+60321610000")
    assert queries.proven_identifiers(bob) == [("email", "bob@example.com")]


def test_unproven_identifier_of_somebody_else_takes_nothing_away(ada, bob):
    domain.add_identifier(bob, kind="email", value="ada@example.com", source="import", actor=SYSTEM)

    assert queries.subject_with("email", "ada@example.com") == ada


def test_identifier_can_not_be_proven_by_two_people(ada, bob):
    claimed = domain.add_identifier(bob, kind="email", value="ada@example.com", source="import", actor=SYSTEM)

    with pytest.raises(IdentifierTaken):
        domain.prove_identifier(claimed, actor=SYSTEM)

    assert queries.subject_with("email", "ada@example.com") == ada
    assert not Identifier.objects.proven().filter(subject=bob, value="ada@example.com").exists()


def test_adding_twice_is_one_row_and_one_entry(ada):
    domain.add_identifier(ada, kind="email", value="ADA@example.com", source="again", actor=SYSTEM)

    assert ada.identifiers.count() == 1
    assert AuditEntry.objects.filter(verb="subjects.identifier_added").count() == 1


def test_malformed_identifier_is_refused(ada):
    with pytest.raises(InvalidIdentifier):
        domain.add_identifier(ada, kind="email", value="nonsense", source="test", actor=SYSTEM)


def test_person_without_account_is_found_or_made_by_a_proven_address(ada):
    assert domain.subject_for_proven(kind="email", value="Ada@example.com", source="code", actor=SYSTEM) == ada

    new = domain.subject_for_proven(kind="email", value="eve@example.com", source="code", actor=SYSTEM)

    assert queries.subject_with("email", "eve@example.com") == new
    assert Subject.objects.count() == 2


def test_code_for_an_address_that_others_carry_unproven_makes_a_new_person(ada):
    domain.add_identifier(ada, kind="email", value="eve@example.com", source="referral", actor=SYSTEM)

    assert domain.subject_for_proven(kind="email", value="eve@example.com", source="code", actor=SYSTEM) != ada


def test_staff_merge_moves_everything_and_leaves_a_trace_of_both(ada, bob):
    domain.add_identifier(bob, kind="email", value="ada@example.com", source="import", actor=SYSTEM)
    bob_id = str(bob.public_id)

    domain.merge_subjects(ada, bob, reason="same_person", actor=STAFF)

    assert queries.subject_with("email", "bob@example.com") == ada
    assert ada.identifiers.count() == 2
    assert not Subject.objects.filter(pk=bob.pk).exists()
    assert entries_about(bob_id).first().verb == "subjects.merged"


def test_proof_survives_a_merge_into_the_unproven_twin(ada, bob):
    domain.add_identifier(ada, kind="email", value="bob@example.com", source="import", actor=SYSTEM)

    domain.merge_subjects(ada, bob, reason="same_person", actor=STAFF)

    assert queries.subject_with("email", "bob@example.com") == ada


@pytest.mark.parametrize("actor", [SYSTEM, Actor(ActorKind.PERSON, "1"), Actor(ActorKind.ANONYMOUS)])
def test_only_staff_merge_and_split(ada, bob, actor):
    with pytest.raises(StaffOnly):
        domain.merge_subjects(ada, bob, reason="r", actor=actor)
    with pytest.raises(StaffOnly):
        domain.split_subject(ada, identifiers=ada.identifiers.all(), reason="r", actor=actor)


def test_person_is_not_merged_with_themself(ada):
    with pytest.raises(CannotMerge):
        domain.merge_subjects(ada, ada, reason="r", actor=STAFF)


def test_split_moves_the_chosen_identifiers_to_a_new_person(ada):
    second = domain.add_identifier(ada, kind="email", value="eve@example.com", source="test", proven=True, actor=SYSTEM)

    new = domain.split_subject(ada, identifiers=[second], reason="two_people", actor=STAFF)

    assert queries.subject_with("email", "eve@example.com") == new
    assert queries.subject_with("email", "ada@example.com") == ada


def test_split_of_all_none_or_foreign_identifiers_is_refused(ada, bob):
    for identifiers in ([], list(ada.identifiers.all()), list(bob.identifiers.all())):
        with pytest.raises(CannotSplit):
            domain.split_subject(ada, identifiers=identifiers, reason="r", actor=STAFF)


def test_unknown_time_zone_is_refused(ada):
    domain.set_locale(ada, time_zone="Asia/Kuala_Lumpur", language="ms", actor=SYSTEM)
    with pytest.raises(ValueError, match="time zone"):
        domain.set_locale(ada, time_zone="Mars/Olympus", language="", actor=SYSTEM)

    ada.refresh_from_db()
    assert (ada.time_zone, ada.language) == ("Asia/Kuala_Lumpur", "ms")


@pytest.mark.obligation("R-01")
def test_identifiers_are_exported_with_source_and_proof(ada, django_assert_num_queries):
    source = registry.get("subjects.identifiers")
    locator = source.locate(ada)

    with django_assert_num_queries(1):
        [record] = list(source.export(locator))

    identifier = ada.identifiers.get()
    assert record.values == {
        "kind": "E-mail address",
        "value": "ada@example.com",
        "source": "test",
        "added_at": identifier.created_at,
        "proven_at": identifier.proven_at,
    }
    assert source.count(locator) == 1


def test_no_name_of_a_person_shows_in_str(ada):
    assert "ada" not in f"{ada} {ada.identifiers.get()}"


@pytest.mark.django_db(transaction=True)
def test_two_people_proving_one_address_at_once_leaves_one_owner():
    barrier = threading.Barrier(2)
    found: list[int] = []

    def prove() -> None:
        barrier.wait()
        try:
            found.append(domain.subject_for_proven(kind="email", value="eve@example.com", source="code", actor=SYSTEM).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=prove) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert Subject.objects.count() == 1


def test_what_somebody_is_reached_by_takes_one_query_and_serves_what_they_have_proven(ada, django_assert_num_queries):
    domain.add_identifier(ada, kind="phone", value="+60312345678", source="test", actor=SYSTEM)

    with django_assert_num_queries(1):
        reach = queries.reach_of(ada)
        proven = queries.proven_identifiers(ada)

    assert reach == ({"email", "phone"}, False)
    assert proven == [("email", "ada@example.com")]


def test_a_switched_off_device_and_a_person_without_anything_are_reached_by_nothing(db):
    nobody = domain.create_subject(actor=SYSTEM)
    assert queries.reach_of(nobody) == (frozenset(), False)

    device = PushDevice.objects.create(subject=nobody, label="Phone", endpoint="x", endpoint_digest="x", created_at=clock.now())
    assert queries.reach_of(nobody) == (frozenset(), True)
    domain.switch_off_push_device(device, actor=SYSTEM)
    assert queries.reach_of(nobody) == (frozenset(), False)
    assert queries.proven_identifiers(nobody) == []
