"""Requests for somebody else while they close, wait to be fetched, or are reviewed."""

from __future__ import annotations

import pytest

from privacycenter.kernel import clock
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.answers.grounds import Ground
from requests_app.attachments import check_file
from requests_app.behalf.deciding import accept_representation, end_authority, refuse_representation
from requests_app.behalf.documents import KINDS, send_documents
from requests_app.behalf.errors import NotReady
from requests_app.behalf.standing import obstacle_of
from requests_app.behalf.stopping import can_be_stopped, stop_by_represented
from requests_app.domain import ask_for_review, open_download, refuse_request, release_bundle
from requests_app.domain.people import actor_for, actor_of_requester, address_of
from requests_app.enums import Status
from requests_app.errors import IllegalMove
from requests_app.models import ProofDocument, Representation, Request
from requests_app.queries import released_bundle
from tests.factories.accounts import make_account, signed_in
from tests.factories.behalf import PERSON, accepted_for, filed_for, see_documents, submitted_for
from tests.factories.requests import fresh, staff_actor

pytestmark = pytest.mark.django_db


def ready() -> Request:
    """A copy for a child that waits to be fetched."""
    request = accepted_for("child")
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
