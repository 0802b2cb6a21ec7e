"""What staff hide: who may, when it counts, what the person gets, labels that stay, and a trail without the text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Record, registry
from requests_app.bundle.signing import public_keys
from requests_app.bundle.verification import verify
from requests_app.domain import collect_again, complete_despite_failure, release_bundle, reopen_request, retry_failed
from requests_app.domain.people import actor_for
from requests_app.domain.retention import _forgetters
from requests_app.enums import LabelKind, Outcome, RedactionKind, Status
from requests_app.errors import CannotHide, IllegalMove, NotAllowed, RedactionsChanged
from requests_app.fulfilment.reading import open_bundle
from requests_app.models import Bundle, Redaction, Request, TimelineEvent
from requests_app.redaction.deciding import NEW, hide_place, hide_text, show_again
from requests_app.redaction.folding import fold
from requests_app.redaction.labels import label_words
from requests_app.roles import AUDITOR
from tests.factories.accounts import make_account, make_staff
from tests.factories.requests import ToldSource, archive_of, bundle_of, fresh, released, staff_actor, with_role, worked
from tests.requests_app.redaction.test_hiding import all_text_of
from tests.requests_app.test_fulfilment import refuse_for_ever

pytestmark = pytest.mark.django_db

PERSON = {"full_name": "Ana Beispiel", "username": "ana", "email": "ana@people.example", "password": None}
ITEMS = [
    Record("1", {"note": "Bo Müller <bo@others.example> called about Ana"}),
    Record("2", {"note": "BO MU\u0308LLER came by"}),
    Record("3", {"note": "nothing of others"}),
]


@pytest.fixture
def request_in_review() -> Any:
    with registry.temporarily(ToldSource(items=ITEMS)):
        yield worked(make_account(**PERSON))


def made_anew(request: Request) -> Request:
    collect_again(request, actor=staff_actor())
    run_until_idle()
    return fresh(request)


def document_of(request: Request) -> Any:
    with archive_of(bundle_of(request)) as archive:
        return json.loads(archive.read("personal-data.json"))


def told(document: Any) -> Any:
    return next(source for source in document["sources"] if source["key"] == "tests.told")


@pytest.mark.obligation("R-01")
def test_what_is_hidden_is_nowhere_in_the_copy_which_says_so_and_is_genuine(request_in_review: Request, tmp_path: Path) -> None:
    hide_text(request_in_review, text="Bo Müller", actor=staff_actor())
    hide_text(request_in_review, text="bo@others.example", label="person:1", actor=staff_actor())

    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())

    data = b"".join(open_bundle(bundle_of(request)).iter())
    text = all_text_of(data)
    assert "muller" not in text
    assert "bo@others" not in text
    source = told(document_of(request))
    assert [record["note"] for record in source["records"]] == [
        "[Person A] <[Person A]> called about Ana",
        "[Person A] came by",
        "nothing of others",
    ]
    assert source["reason"].startswith("In 3 places, data about other people was replaced by labels such as “Person A”.")
    assert text.count("article 15(4)") >= 3, "start page, PDF and JSON"
    assert "ask for a review on the page of your request" in text
    with archive_of(bundle_of(request)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["hidden"] == {
        "ground": "rights_of_others",
        "places": 3,
        "records": 0,
        "files": 0,
        "sources": [{"key": "tests.told", "places": 3, "records": 0, "files": 0}],
    }
    assert fresh(request).outcome == Outcome.IN_PART
    (tmp_path / "bundle.zip").write_bytes(data)
    assert verify(tmp_path / "bundle.zip", keys=public_keys()).errors == []


def test_nothing_is_released_before_the_copy_was_made_anew(request_in_review: Request) -> None:
    hide_text(request_in_review, text="Bo Müller", actor=staff_actor())

    with pytest.raises(RedactionsChanged):
        release_bundle(request_in_review, actor=staff_actor())

    request = fresh(request_in_review)
    assert request.status == Status.REVIEW
    assert bundle_of(request).released_at is None
    request = made_anew(request)
    show_again(Redaction.objects.get(), actor=staff_actor())
    with pytest.raises(RedactionsChanged):
        release_bundle(request, actor=staff_actor())
    request = made_anew(fresh(request))
    release_bundle(request, actor=staff_actor())
    assert "Bo Müller" in told(document_of(request))["records"][0]["note"]
    assert fresh(request).outcome == Outcome.FULFILLED


def complete(request: Request, *, actor: Actor) -> None:
    complete_despite_failure(request, reason="It is gone.", actor=actor)


@pytest.mark.parametrize("verb", [retry_failed, complete])
def test_parts_that_were_collected_before_are_not_used(verb: Callable[..., None]) -> None:
    failing = ToldSource("tests.fails", refuse_for_ever)
    with registry.temporarily(ToldSource(items=ITEMS), failing):
        request = worked(make_account(**PERSON))
        assert request.status == Status.ATTENTION
        hide_text(request, text="Bo Müller", actor=staff_actor())

        actor = staff_actor()
        with pytest.raises(RedactionsChanged):
            verb(request, actor=actor)

        request = made_anew(fresh(request))
        complete_despite_failure(request, reason="The archive of Bo Müller is gone.", actor=staff_actor())
        run_until_idle()
        data = b"".join(open_bundle(bundle_of(request)).iter())
    assert "muller" not in all_text_of(data)


def test_fields_and_records_and_what_is_found_in_none(request_in_review: Request) -> None:
    places = {"source": "tests.told", "actor": staff_actor()}
    hide_place(request_in_review, kind=RedactionKind.FIELD, record_key="1", field="note", label=NEW[LabelKind.STAFF], **places)
    hide_place(request_in_review, kind=RedactionKind.RECORD, record_key="2", **places)
    hide_text(request_in_review, text="Nobody Here", actor=staff_actor())

    source = told(document_of(made_anew(request_in_review)))

    assert [(record["key"], record["note"]) for record in source["records"]] == [("1", "[Staff member A]"), ("3", "nothing of others")]
    assert source["count"] == 2
    assert "1 record about others is left out." in source["reason"]


def test_a_copy_in_which_nothing_was_found_is_whole(request_in_review: Request) -> None:
    hide_text(request_in_review, text="Nobody Here", actor=staff_actor())

    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())

    assert fresh(request).outcome == Outcome.FULFILLED


@pytest.mark.parametrize("text", ["Ana", "beispiel", "ANA@people.example", "", "x", "4111 1111 1111 1111", "x" * 201])
def test_what_is_the_persons_own_or_too_little_is_not_hidden(request_in_review: Request, text: str) -> None:
    with pytest.raises(CannotHide):
        hide_text(request_in_review, text=text, actor=staff_actor())
    assert not Redaction.objects.exists()


def test_who_may_hide_and_when(request_in_review: Request) -> None:
    auditor = Actor.for_user(with_role(make_staff(password=None), AUDITOR))
    for actor in (auditor, actor_for(request_in_review.subject)):
        with pytest.raises(NotAllowed):
            hide_text(request_in_review, text="Bo Müller", actor=actor)
    redaction = hide_text(request_in_review, text="Bo Müller", actor=staff_actor())
    with pytest.raises(NotAllowed):
        show_again(redaction, actor=auditor)
    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())

    with pytest.raises(IllegalMove):
        hide_text(fresh(request), text="Somebody Else", actor=staff_actor())
    with pytest.raises(IllegalMove):
        show_again(redaction, actor=staff_actor())
    reopen_request(fresh(request), missing="Who wrote?", actor=actor_for(request.subject))
    show_again(redaction, actor=staff_actor())
    assert not Redaction.objects.filter(ended_at=None).exists()


def test_the_same_person_has_the_same_label_here_and_in_later_requests(request_in_review: Request) -> None:
    first = hide_text(request_in_review, text="Bo Müller", actor=staff_actor())
    other = hide_text(request_in_review, text="Cy Ender", actor=staff_actor())
    again = hide_text(request_in_review, text="BO  MÜLLER", actor=staff_actor())
    show_again(first, actor=staff_actor())
    back = hide_text(request_in_review, text="bo muller", actor=staff_actor())
    request = made_anew(request_in_review)
    release_bundle(request, actor=staff_actor())

    later = worked(request.subject.account, kind="portability")
    known = hide_text(later, text="Bo Müller", actor=staff_actor())
    new = hide_text(later, text="Dee Third", actor=staff_actor())

    assert again == first
    assert [label_words(item.label_kind, item.number) for item in (first, other, back, known, new)] == [
        "Person A",
        "Person B",
        "Person A",
        "Person A",
        "Person C",
    ]
    stranger = worked(make_account(password=None))
    assert hide_text(stranger, text="Cy Ender", actor=staff_actor()).number == 1


def test_labels_go_on_after_z() -> None:
    assert [label_words("person", number) for number in (1, 26, 27, 702, 703)] == [
        "Person A",
        "Person Z",
        "Person AA",
        "Person ZZ",
        "Person AAA",
    ]


def test_the_text_is_in_no_trail_no_job_and_in_the_clear_nowhere(request_in_review: Request) -> None:
    redaction = hide_text(request_in_review, text="Bo Müller", actor=staff_actor())
    request = made_anew(request_in_review)
    show_again(redaction, actor=staff_actor())

    trail = list(AuditEntry.objects.filter(ticket=request.ref, verb__startswith="requests.redaction").order_by("pk"))
    assert [(entry.verb, entry.parameters) for entry in trail] == [
        ("requests.redaction_added", {"kind": "text"}),
        ("requests.redaction_ended", {"kind": "text"}),
    ]
    with connection.cursor() as cursor:
        for model in (AuditEntry, Job, Redaction, Bundle, TimelineEvent):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            kept = fold(
                " ".join(
                    bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                    for row in cursor.fetchall()
                    for value in row
                )
            )
            assert "muller" not in kept, model
    redaction.refresh_from_db()
    assert redaction.text is None


def test_it_goes_with_the_request(request_in_review: Request) -> None:
    hide_text(request_in_review, text="Bo Müller", actor=staff_actor())

    for forget in _forgetters:
        forget([request_in_review.pk])

    assert not Redaction.objects.exists()


def test_with_something_hidden_staff_look_before_it_goes_out(settings: Any) -> None:
    settings.BUNDLE_AUTO_RELEASE = False
    with registry.temporarily(ToldSource(items=ITEMS)):
        request = worked(make_account(**PERSON))
        hide_text(request, text="Bo Müller", actor=staff_actor())
        settings.BUNDLE_AUTO_RELEASE = True
        assert made_anew(request).status == Status.REVIEW


def test_a_copy_in_which_nothing_is_hidden_says_nothing_of_it() -> None:
    request = released(make_account(**PERSON))

    bundle = bundle_of(request)
    assert bundle.hides is False
    assert "hidden" not in bundle.summary
    with archive_of(bundle) as archive:
        assert "hidden" not in json.loads(archive.read("manifest.json"))


def test_another_label_for_what_is_hidden_already_is_refused_in_words(request_in_review: Request) -> None:
    place: dict[str, Any] = {"kind": RedactionKind.RECORD, "source": "tests.told", "record_key": "1"}
    text = hide_text(request_in_review, text="Bo Müller", actor=staff_actor())
    record = hide_place(request_in_review, **place, actor=staff_actor())

    assert hide_text(request_in_review, text="Bo Müller", label=f"person:{text.number}", actor=staff_actor()) == text
    assert hide_place(request_in_review, **place, actor=staff_actor()) == record
    for label in (NEW[LabelKind.STAFF], f"person:{record.number}"):
        with pytest.raises(CannotHide, match="hidden already, as “Person A”"):
            hide_text(request_in_review, text="Bo Müller", label=label, actor=staff_actor())
    with pytest.raises(CannotHide, match="hidden already, as “Person B”"):
        hide_place(request_in_review, **place, label=NEW[LabelKind.PERSON], actor=staff_actor())
