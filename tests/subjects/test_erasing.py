"""The row of a person who was erased: a bare number, to which nothing and nobody is tied again (R-03)."""

from __future__ import annotations

import pytest

from privacycenter.kernel.sources import Erased, Treatment, registry
from privacycenter.subjects import domain
from privacycenter.subjects.errors import PersonErased
from privacycenter.subjects.models import Identifier, Subject
from tests.factories.preferences import STAFF, SYSTEM, make_person
from tests.subjects.test_desk import officer, url  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-03")]
ADDRESS = "ada@example.com"


@pytest.fixture
def erased() -> Subject:
    """Somebody who was restricted and a child, with a language, after the last step."""
    ada = make_person(ADDRESS)
    domain.set_locale(ada, time_zone="Asia/Kuala_Lumpur", language="en", actor=SYSTEM)
    domain.restrict_subject(ada, reason="disputed", actor=STAFF)
    domain.mark_child(ada, reason="told", actor=STAFF)
    for key in ("subjects.identifiers", "subjects.push_devices", "subjects.locale"):
        source = registry.get(key)
        source.erase(source.locate(ada), source.describe().erasure.treatment)
    return Subject.objects.get(pk=ada.pk)


def test_only_numbers_and_dates_stay(erased: Subject) -> None:
    left = Subject.objects.values().get(pk=erased.pk)

    assert {name: value for name, value in left.items() if name not in {"id", "public_id", "created_at", "erased_at"}} == {
        "former_ids": [],
        "time_zone": "",
        "language": "",
        "restricted_at": None,
        "is_child": False,
    }
    assert left["erased_at"] is not None
    assert registry.get("subjects.locale").erase({"subject": erased.pk}, Treatment.ANONYMISE) == Erased()


def test_nothing_is_tied_to_the_row_again(erased: Subject) -> None:
    bob = make_person("bob@example.com")

    for verb in (
        lambda: domain.add_identifier(erased, kind="email", value=ADDRESS, source="tests", proven=True, actor=SYSTEM),
        lambda: domain.note_proof(erased, kind="email", value=ADDRESS, proof="letter", actor=STAFF),
        lambda: domain.merge_subjects(bob, erased, reason="same", actor=STAFF),
        lambda: domain.merge_subjects(erased, bob, reason="same", actor=STAFF),
    ):
        with pytest.raises(PersonErased):
            verb()

    assert not Identifier.objects.filter(subject=erased).exists()


def test_the_address_finds_a_new_person(erased: Subject) -> None:
    again = domain.subject_for_proven(kind="email", value=ADDRESS, source="tests", actor=SYSTEM)

    assert again.pk != erased.pk


def test_the_desk_sees_that_the_person_was_erased_and_is_offered_nothing(erased: Subject, officer) -> None:  # noqa: F811
    page = officer.get(url("change", erased))

    assert "Nothing leads from here to anybody." in page.content.decode()
    assert page.context["may_manage"] is False
    assert [officer.post(url(name, erased), {"reason": "proof"}).status_code for name in ("show", "prove", "merge", "split", "limit")] == [
        403
    ] * 5
