"""Requests for somebody else while they close, wait to be fetched, or are reviewed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.answers.grounds import Ground
from requests_app.attachments import Checked, check_file
from requests_app.behalf.deciding import accept_representation, end_authority, refuse_representation
from requests_app.behalf.documents import KINDS, send_documents
from requests_app.behalf.errors import NotForAnother, NotReady, ProofNoLongerStands
from requests_app.behalf.standing import obstacle_of
from requests_app.behalf.stopping import can_be_stopped, stop_by_represented
from requests_app.domain import ask_for_review, decide_request, open_download, refuse_request, release_bundle
from requests_app.domain.people import actor_for, actor_of_requester, address_of
from requests_app.enums import Status
from requests_app.errors import IllegalMove
from requests_app.models import ProofDocument, Representation, Request, TimelineEvent
from requests_app.queries import account_of, released_bundle
from tests.factories.accounts import make_account, signed_in
from tests.factories.behalf import PERSON, accepted_for, after_notice, filed_for, link_of, see_documents, submitted_for
from tests.factories.requests import fresh, staff_actor
from tests.requests_app.desk.test_entering import entered, proven

pytestmark = pytest.mark.django_db


def ready() -> Request:
    """A copy for a child that waits to be fetched."""
    request = after_notice(accepted_for("child"))
    release_bundle(request, actor=staff_actor())
    return fresh(request)


def test_the_person_stops_it_while_the_copy_waits_and_nobody_fetches_it() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = ready()
    page = signed_in(paul).get(f"/requests/{request.ref}/").content.decode()
    assert "Stop this request" in page

    stop_by_represented(request, actor=actor_for(paul.subject))

    request = fresh(request)
    assert (request.status, obstacle_of(request)) == (Status.CLOSED, "authority_ended")
    assert released_bundle(request) is None
    assert not can_be_stopped(request)
    with pytest.raises(PrivacyCenterError):
        open_download(request, session_key="k", actor=actor_of_requester(request))
    with pytest.raises(IllegalMove):
        stop_by_represented(request, actor=actor_for(paul.subject))


def test_a_review_is_asked_by_the_same_on_the_same_proof() -> None:
    request = accepted_for("child")
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="It was asked before.", actor=staff_actor())
    request = fresh(request)

    review = fresh(ask_for_review(request, words="It was not.", actor=actor_of_requester(request)))

    assert (review.behalf, review.filed_by, address_of(review)) == ("child", request.filed_by, address_of(request))
    assert obstacle_of(review) == ""
    Representation.objects.filter(request=review).update(of_age_on=clock.now().date().isoformat())
    assert obstacle_of(review) == "of_age"
    assert obstacle_of(request) == ""


def test_what_arrives_while_the_request_closes_is_not_kept() -> None:
    stale = filed_for("child")
    submitted = fresh(stale)
    paper = check_file(name="paper.txt", content=b"I am who I say.")
    send_documents(submitted, files={kind: [paper] for kind in KINDS["child"]}, actor=actor_of_requester(submitted))
    refuse_representation(fresh(submitted), reason="This is no proof.", actor=staff_actor())

    with pytest.raises(IllegalMove):
        send_documents(stale, files={kind: [paper] for kind in KINDS["child"]}, actor=actor_of_requester(stale))

    assert not ProofDocument.objects.filter(removed_at=None).exists()


def test_no_work_begins_once_the_authority_has_ended() -> None:
    request = submitted_for("child")
    actor = staff_actor()
    see_documents(request, actor=actor)
    end_authority(request, note="She called: it is over.", actor=actor)

    with pytest.raises(NotReady):
        accept_representation(request, identifier_kind="email", identifier=PERSON, note="All of it.", actor=actor)


def test_what_staff_entered_on_paper_ends_like_what_was_filed_here() -> None:
    request = proven(entered(behalf="agent"), identifier=PERSON, method="authority", contact="agent@example.com")
    run_until_idle()
    request = fresh(request)
    representation = request.representation
    assert (representation.accepted_at is not None, obstacle_of(request)) == (True, "")

    end_authority(request, note="He called: it is over.", actor=staff_actor())

    assert obstacle_of(fresh(request)) == "authority_ended"
    with pytest.raises(ProofNoLongerStands):
        release_bundle(fresh(request), actor=staff_actor())


def test_a_child_on_paper_comes_of_age_and_one_of_age_is_refused() -> None:
    with pytest.raises(NotForAnother):
        proven(entered(behalf="child"), identifier=PERSON, method="entitled", born_on=date(1990, 1, 1))
    request = proven(
        entered(behalf="child", kind="portability"),
        identifier=PERSON,
        method="entitled",
        contact="parent@example.com",
        requester_name="Rita Requester",
        capacity="parent",
        born_on=date(2018, 3, 4),
    )

    representation = fresh(request).representation
    assert (representation.capacity, representation.requester_name, representation.of_age_on) == ("parent", "Rita Requester", "2036-03-04")
    with clock.stopped_at(datetime(2036, 3, 5, tzinfo=UTC)):
        assert obstacle_of(fresh(request)) == "of_age"


def test_an_authority_that_ends_before_the_proof_on_paper_is_seen_lets_nothing_begin_and_its_note_stays() -> None:
    request = entered(behalf="agent")
    end_authority(request, note="She called: it is over.", actor=staff_actor())

    noted = TimelineEvent.objects.get(request=request, event="authority_ended")
    assert (noted.note, noted.is_internal) == ("She called: it is over.", True)
    with pytest.raises(NotReady):
        proven(request, identifier=PERSON, method="authority", contact="agent@example.com")


def test_after_the_authority_ended_the_requester_reads_no_more_of_it() -> None:
    request = ready()
    client = signed_in(account_of(request.filed_by), fresh=True)
    assert client.get(f"/requests/{request.ref}/fetch/").status_code == 200
    end_authority(request, note="A court ended it.", actor=staff_actor())

    answer = client.get(f"/requests/{request.ref}/fetch/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/requests/{request.ref}/"
    page = answer.content.decode()
    assert "The authority to ask for this person has ended." in page
    assert "/fetch/" not in page


def test_the_letter_is_shut_too_but_not_one_that_says_why_it_ended() -> None:
    answered = after_notice(accepted_for("child", kind="complaint"))
    decide_request(answered, outcome="fulfilled", answer="The secret of the file.", actor=staff_actor())
    refused = accepted_for("child", kind="access", user=make_account(username="rob", email="rob@example.com", password=None))
    for each in (answered, refused):
        end_authority(fresh(each), note="A court ended it.", actor=staff_actor())
    refuse_request(fresh(refused), ground=Ground.IDENTITY, reasoning="The authority has ended.", actor=staff_actor())

    shut = signed_in(account_of(answered.filed_by), fresh=True)
    assert shut.get(f"/requests/{answered.ref}/letter/").status_code == 302
    assert "The secret of the file." not in shut.get(f"/requests/{answered.ref}/").content.decode()
    told = signed_in(account_of(refused.filed_by), fresh=True)
    assert "The authority has ended." in told.get(f"/requests/{refused.ref}/").content.decode()


@pytest.mark.parametrize("is_accepted", [True, False])
def test_papers_go_as_soon_as_they_are_decided_and_that_they_were_seen_stays(is_accepted: bool) -> None:
    request, actor = submitted_for("deceased"), staff_actor()
    see_documents(request, actor=actor)
    if is_accepted:
        accept_representation(request, identifier_kind="email", identifier=PERSON, note="All of it.", actor=actor)
        assert fresh(request).is_open
    else:
        refuse_representation(request, reason="This is no proof.", actor=actor)

    for document in ProofDocument.objects.filter(request=request):
        assert (document.key, document.original_name, document.removed_at is not None) == (None, None, True)
        assert (document.seen_at is not None, document.decision) == (True, "accepted" if is_accepted else "refused")


def test_documents_are_counted_before_any_of_them_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    request = filed_for("child")
    client = signed_in(account_of(request.filed_by))
    monkeypatch.setattr("requests_app.domain.limits.UPLOADS_PER_REQUEST", 1)
    opened: list[str] = []

    def look(*, name: str, content: bytes) -> Checked:
        opened.append(name)
        return check_file(name=name, content=content)

    monkeypatch.setattr("requests_app.forms.check_file", look)
    address = f"/requests/{request.ref}/proof/"

    assert client.post(address, {"custody": SimpleUploadedFile("a.txt", b"One.")}).status_code == 302
    refused = client.post(address, {"custody": SimpleUploadedFile("b.txt", b"Two.")})

    assert refused.status_code == 429
    assert "Too many documents" in refused.content.decode()
    assert opened == ["a.txt"]
    monkeypatch.setattr("requests_app.domain.limits.UPLOADS_PER_REQUEST", 10)
    monkeypatch.setattr("requests_app.behalf.documents.MOST", 1)
    full = client.post(address, {"custody": SimpleUploadedFile("c.txt", b"Three.")})
    assert full.status_code == 422
    assert "No more than twenty" in full.content.decode()
    assert opened == ["a.txt"]


def test_a_forwarded_link_shows_the_requester_to_nobody_but_the_holder() -> None:
    make_account(username="paul", email=PERSON, password=None)
    request = submitted_for("agent")
    link = f"/requests/represented/{link_of(request).public_id}/"
    other = signed_in(make_account(username="olga", email="olga@example.com", password=None), fresh=True)

    page = other.get(link).content.decode()

    assert "Rita" not in page
    assert "another address than those of the account" in page
    other.post(link)
    assert fresh(request).representation.confirmed_at is None


def test_the_way_back_from_signing_in_does_not_carry_the_link() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = submitted_for("agent")
    link = f"/requests/represented/{link_of(request).public_id}/"
    client = Client()
    assert "?next=/requests/represented/&quot;" in client.get(link).content.decode().replace('"', "&quot;")

    client.force_login(paul, backend="django.contrib.auth.backends.ModelBackend")

    assert client.get("/requests/represented/")["Location"] == link
    assert client.get("/requests/represented/")["Location"] == "/requests/"
