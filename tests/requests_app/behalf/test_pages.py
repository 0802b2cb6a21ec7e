"""The pages on which people ask for somebody else, send proof, and say yes or no; and the ticket of the desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.subjects.models import Identifier
from requests_app.domain import ask_person, release_bundle
from requests_app.enums import Status
from requests_app.fulfilment import housekeeping
from requests_app.models import IdentityProof, ProofDocument, Request
from requests_app.queries import account_of
from requests_app.roles import AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.behalf import PERSON, accepted_for, after_notice, filed_for, link_of, submitted_for
from tests.factories.requests import fresh, staff_actor, with_role, worked
from tests.requests_app.desk.test_entering import entered, proven
from tests.requests_app.test_proof import know, mailed

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/request/"
CAPACITY = {"child": "parent", "agent": "authorised", "deceased": "heir"}


def given(behalf: str = "agent", **more: Any) -> dict[str, Any]:
    values = {
        "kind": "access",
        "requester_name": "Rita Requester",
        "capacity": CAPACITY[behalf],
        "person_name": "Paul Person",
        "person_address": PERSON,
        "born_on": "2018-03-04",
        "known_by": "",
        "words": "",
        "country": "",
        "address": "rita@example.com",
    }
    return values | more


def paper(name: str = "paper.txt", content: bytes = b"I am who I say.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def by_code(client: Client, behalf: str = "agent", **more: Any) -> Request:
    """A request for another by somebody without an account, whose code was taken."""
    client.post(f"/requests/for/{behalf}/", given(behalf, **more))
    proof = IdentityProof.objects.latest("pk")
    client.post("/requests/code/", {"code": mailed(proof)})
    return Request.objects.latest("pk")


def officer() -> Client:
    return signed_in(with_role(make_staff(password=None), DPO), fresh=True)


def test_the_ways_to_ask_for_another_are_found_from_where_rights_are() -> None:
    choose, one = Client().get("/requests/new/").content.decode(), Client().get("/requests/new/?kind=access").content.decode()

    for behalf in CAPACITY:
        assert f'href="/requests/for/{behalf}/"' in choose
        assert f'href="/requests/for/{behalf}/?kind=access"' in one
    assert "/requests/for/" not in Client().get("/requests/new/?kind=objection").content.decode()
    assert Client().get("/requests/for/self/").status_code == 404


@pytest.mark.parametrize("behalf", ["child", "agent", "deceased"])
def test_without_an_account_a_code_leads_to_the_page_for_the_proof(behalf: str) -> None:
    client = Client()
    client.post(f"/requests/for/{behalf}/", given(behalf))
    proof = IdentityProof.objects.get()
    answer = client.post("/requests/code/", {"code": mailed(proof)})
    request = Request.objects.get()

    assert answer["Location"] == f"/requests/{request.ref}/proof/"
    page = client.get(answer["Location"]).content.decode()
    fields = re.findall(r'type="file" name="(\w+)"', page)
    assert fields == {"child": ["custody"], "agent": ["authority"], "deceased": ["death", "entitlement"]}[behalf]
    empty = client.post(answer["Location"], {})
    assert empty.status_code == 422
    sent = client.post(answer["Location"], {field: paper() for field in fields}, follow=True).content.decode()
    assert "Your proof is here." in sent
    assert ProofDocument.objects.count() == len(fields)


def test_what_was_typed_is_kept_beside_what_is_wrong() -> None:
    answer = Client().post("/requests/for/child/", given("child", born_on="1990-01-01", kind="complaint"))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Write what is to be corrected" in page
    assert 'value="Paul Person"' in page
    answer = Client().post("/requests/for/child/", given("child", born_on="1990-01-01"))
    assert answer.status_code == 422
    assert "of age" in answer.content.decode()
    assert not Request.objects.exists()


def test_the_answer_is_the_same_whether_the_person_is_known() -> None:
    make_account(username="paul", email=PERSON, password=None)
    pages = []
    for address in (PERSON, "nobody@example.com"):
        client = Client()
        request = by_code(client, address=f"rita-{len(pages)}@example.com", person_address=address)
        page = client.post(f"/requests/{request.ref}/proof/", {"authority": paper()}, follow=True).content.decode()
        run_until_idle()
        page += client.get(f"/requests/{request.ref}/").content.decode()
        pages.append(re.sub(r"PR-\w{4}-\w{4}|csrf\S+ value=\S+|<time.*?</time>", "", page))

    assert pages[0] == pages[1]


def test_a_file_that_is_no_document_is_refused_and_nothing_is_kept() -> None:
    user = make_account(password=None)
    request = filed_for("child", user=user)

    page = signed_in(user).post(f"/requests/{request.ref}/proof/", {"custody": paper("x.pdf", b"<html><script>")})

    assert page.status_code == 422
    assert not ProofDocument.objects.exists()


def test_a_signed_in_requester_files_with_their_account() -> None:
    user = make_account(password=None)
    answer = signed_in(user, fresh=True).post("/requests/for/child/", given("child"))
    request = Request.objects.get()

    assert answer["Location"] == f"/requests/{request.ref}/proof/"
    assert (request.filed_by, request.channel) == (user.subject, "account")
    assert request.ref in signed_in(user).get("/requests/").content.decode()
    stranger = signed_in(make_account(username="eve", email="eve@example.com", password=None))
    for page in ("", "proof/", "stop/"):
        assert stranger.get(f"/requests/{request.ref}/{page}").status_code == 404


def test_opening_the_link_changes_nothing_and_both_answers_are_posted() -> None:
    know(PERSON)
    request = submitted_for("agent")
    link = f"/requests/represented/{link_of(request).public_id}/"
    page = Client().get(link).content.decode()
    assert Client().get(f"{link}no/").status_code == 405

    assert "Rita Requester" in page
    assert fresh(request).representation.confirmed_at is None
    Client().post(link)
    assert fresh(request).representation.confirmed_at is not None
    assert "answered already" in Client().get(link, follow=True).content.decode()


def without_tokens(page: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value)="\w+"', r"\1", page)


def test_a_no_by_the_link_ends_it_when_silence_would() -> None:
    know(PERSON)
    request = submitted_for("agent")

    client = signed_in(account_of(request.filed_by))
    before = without_tokens(client.get(f"/requests/{request.ref}/").content.decode())
    page = Client().post(f"/requests/represented/{link_of(request).public_id}/no/", follow=True).content.decode()

    assert "Nothing is given to anybody" in page
    assert without_tokens(client.get(f"/requests/{request.ref}/").content.decode()) == before
    assert "answered already" in Client().get(f"/requests/represented/{link_of(request).public_id}/", follow=True).content.decode()
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        housekeeping._lapse()
    assert (fresh(request).status, fresh(request).outcome) == (Status.CLOSED, "not_verified")
    assert "it was not confirmed that you may ask" in client.get(f"/requests/{request.ref}/").content.decode()


def test_a_holder_of_an_account_sees_who_asks_after_signing_in() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = submitted_for("agent")
    link = f"/requests/represented/{link_of(request).public_id}/"

    visitor = Client().get(link).content.decode()
    Client().post(link)
    assert fresh(request).representation.confirmed_at is None
    assert "Rita" not in visitor
    assert "Rita" in signed_in(paul).get(link).content.decode()
    assert link_of(request).public_id not in re.search(r'href="([^"]*login/[^"]*)"', visitor).group(1)
    signed_in(paul, fresh=True).post(link)

    assert fresh(request).representation.confirmed_at is not None


def test_the_person_sees_who_asks_and_stops_it_and_sees_no_more() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = after_notice(accepted_for("child"))
    release_bundle(request, actor=staff_actor())
    client = signed_in(paul, fresh=True)

    page = client.get(f"/requests/{request.ref}/").content.decode()
    listed = client.get("/requests/").content.decode()
    for more in ("fetch/", "bundle/", "messages/", "proof/", "withdraw/"):
        assert client.get(f"/requests/{request.ref}/{more}").status_code == 404, more
    assert "Rita Requester" in page
    assert request.ref in listed
    assert request.ref in client.get("/dashboard/").content.decode()

    other = accepted_for("child", user=make_account(username="rob", email="rob@example.com", password=None), kind="portability")
    asked = client.get(f"/requests/{other.ref}/stop/")
    client.post(f"/requests/{other.ref}/stop/")

    assert "Stop this request?" in asked.content.decode()
    assert fresh(other).status == Status.CLOSED


def test_the_contact_opens_the_answer_by_a_mailed_code_although_the_person_has_an_account() -> None:
    make_account(username="paul", email=PERSON, password=None)
    request = proven(entered(behalf="deceased"), identifier=PERSON, method="entitled", contact="heir@example.com")
    run_until_idle()
    release_bundle(after_notice(request), actor=staff_actor())
    client = Client()
    client.post(f"/requests/{request.ref}/code/")
    client.post("/requests/code/", {"code": mailed(IdentityProof.objects.latest("pk"))})

    answer = client.post(f"/requests/{request.ref}/fetch/open/", follow=True)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    # who makes an account with the address signs in from then on
    make_account(username="hans", email="heir@example.com", password=None)
    assert client.get(f"/requests/{request.ref}/fetch/").status_code == 404


# The desk --------------------------------------------------------------------------------------------------------------


def test_the_desk_looks_with_a_reason_and_begins_the_work() -> None:
    request = submitted_for("deceased")
    client = officer()
    ticket = f"{LIST}{request.pk}/change/"
    document = ProofDocument.objects.filter(request=request).first()
    file = f"{LIST}{request.pk}/proof/{document.public_id}/"

    assert request.ref in client.get(f"{LIST}?burns=proof").content.decode()
    hidden = client.get(ticket).content.decode()
    assert client.get(file).status_code == 302
    assert ProofDocument.objects.filter(seen_at=None).count() == 2
    for secret in ("Rita", "Paul", "paper.txt", PERSON):
        assert secret not in hidden
    client.post(f"{LIST}{request.pk}/look/", {"reason": "prepare_answer", "note": "The proof."})
    for each in ProofDocument.objects.all():
        saved = client.get(f"{LIST}{request.pk}/proof/{each.public_id}/")
        assert b"".join(saved.streaming_content) == b"I am who I say."
        assert saved["Content-Disposition"].startswith("attachment")
    shown = client.get(ticket).content.decode()
    assert "Rita" in shown
    assert f'value="{PERSON}"' in shown
    client.post(
        f"{LIST}{request.pk}/representation/accept/",
        {"identifier_kind": "email", "identifier": PERSON, "note": "Death and inheritance.", "may_be_new": "on"},
    )

    assert fresh(request).status == Status.COLLECTING
    auditor = signed_in(with_role(make_staff(password=None, username="audrey", email="audrey@example.com"), AUDITOR), fresh=True)
    assert auditor.get(file).status_code == 403
    assert auditor.post(f"{LIST}{request.pk}/representation/refuse/", {"words": "No."}).status_code == 403


def test_the_desk_refuses_with_a_reason_that_the_requester_reads() -> None:
    request = submitted_for("child")
    client = officer()
    client.post(f"{LIST}{request.pk}/representation/refuse/", {"words": ""})
    assert fresh(request).status == Status.RECEIVED
    client.post(f"{LIST}{request.pk}/representation/refuse/", {"words": "It names another child."})

    page = signed_in(account_of(fresh(request).filed_by)).get(f"/requests/{request.ref}/").content.decode()
    assert "It names another child." in page


def test_identity_is_asked_for_from_the_ticket_sent_on_the_page_and_decided_at_the_desk() -> None:
    owner = make_account(password=None)
    request = worked(owner)
    client = officer()
    assert "Ask for proof of identity" in client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert client.post(f"{LIST}{request.pk}/write/identity/", {"words": ""}).status_code == 422
    client.post(f"{LIST}{request.pk}/write/identity/", {"words": "Your address is new to us."})
    person = signed_in(owner)
    page = person.get(f"/requests/{request.ref}/").content.decode()
    assert f"/requests/{request.ref}/proof/" in page
    assert "Your address is new to us." in person.get(f"/requests/{request.ref}/proof/").content.decode()
    person.post(f"/requests/{request.ref}/proof/", {"identity": paper()})
    client.post(f"{LIST}{request.pk}/look/", {"reason": "prepare_answer", "note": "The proof."})
    document = ProofDocument.objects.get()
    b"".join(client.get(f"{LIST}{request.pk}/proof/{document.public_id}/").streaming_content)
    client.post(f"{LIST}{request.pk}/identity/accept/", {"words": "It fits."})

    document.refresh_from_db()
    assert document.decision == "accepted"
    assert document.key is None
    ticket = client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "seen by" in ticket
    assert "file removed" in ticket


def test_a_question_in_words_asks_for_no_document() -> None:
    owner = make_account(password=None)
    request = worked(owner)
    ask_person(request, question="Which address did you use?", about="identity", actor=staff_actor())

    assert signed_in(owner).get(f"/requests/{request.ref}/proof/").status_code == 302


def test_words_do_not_answer_where_a_document_was_asked_for_and_are_kept() -> None:
    owner = make_account(password=None)
    request = worked(owner)
    ask_person(request, question="Your address is new to us.", about="identity", wants_document=True, actor=staff_actor())
    person, page = signed_in(owner), f"/requests/{request.ref}/"

    assert f"{page}proof/" in person.get(page).content.decode()
    answer = person.post(f"{page}reply/", {"words": "It is me, I swear."})

    assert answer.status_code == 422
    assert "words alone do not answer it" in answer.content.decode()
    assert "It is me, I swear." in answer.content.decode()
    assert fresh(request).status == "waiting"


# Words that fit who reads them -----------------------------------------------------------------------------------------


def test_a_child_born_in_the_future_is_refused_beside_its_field() -> None:
    ahead = (clock.now().date() + timedelta(days=2)).isoformat()
    answer = Client().post("/requests/for/child/", given("child", born_on=ahead))

    assert answer.status_code == 422
    assert "This day lies ahead of us." in answer.content.decode()
    assert not Request.objects.exists()


def test_a_proof_of_identity_waits_to_be_looked_at_and_offers_no_way_out_of_a_failure() -> None:
    owner = make_account(password=None)
    request = worked(owner)
    ask_person(request, question="Who?", about="identity", wants_document=True, actor=staff_actor())
    signed_in(owner).post(f"/requests/{request.ref}/proof/", {"identity": paper()})

    ticket = officer().get(f"{LIST}{request.pk}/change/").content.decode()

    assert "A proof of identity came: look at it first." in ticket
    assert "A proof of identity waits for you." in ticket
    assert "is not accepted" not in ticket
    assert "Try the failed parts again" not in ticket
    assert "Complete despite the failure" not in ticket


def test_the_ticket_points_to_the_proof_that_waits_and_speaks_of_others() -> None:
    request = submitted_for("child")
    ticket = officer().get(f"{LIST}{request.pk}/change/").content.decode()

    assert "The proof that they may ask waits for you." in ticket
    assert "Nothing to do for you now." not in ticket
    assert "For their child, as parent or guardian" in ticket
    assert "For my child" not in ticket


def test_the_requester_reads_that_their_proof_is_being_looked_at() -> None:
    request = submitted_for("child")
    requester = signed_in(account_of(request.filed_by))

    for page in ("/requests/", f"/requests/{request.ref}/"):
        assert "Your proof is being looked at" in requester.get(page).content.decode()
        assert "Waiting for your proof" not in requester.get(page).content.decode()


def test_the_represented_person_reads_words_about_themselves() -> None:
    know(PERSON)
    request = submitted_for("agent")

    page = Client().get(f"/requests/represented/{link_of(request).public_id}/").content.decode()

    assert "As your lawyer" in page
    assert "As their lawyer" not in page


def test_what_staff_typed_stays_and_a_new_person_takes_a_tick() -> None:
    request = submitted_for("child")
    client = officer()
    accept = f"{LIST}{request.pk}/representation/accept/"
    typed = {"identifier_kind": "email", "identifier": PERSON, "note": "A paper with a stamp."}

    early = client.post(accept, typed)
    assert early.status_code == 422
    assert "Look at the documents first." in early.content.decode()
    assert "A paper with a stamp." in early.content.decode()
    ProofDocument.objects.update(seen_at=clock.now())
    unknown = client.post(accept, typed).content.decode()
    assert "We know nobody by this." in unknown
    assert 'name="may_be_new"' in unknown
    assert "A paper with a stamp." in unknown
    assert not Identifier.objects.filter(value=PERSON).exists()
    client.post(accept, typed | {"may_be_new": "on"})

    assert fresh(request).status == Status.COLLECTING


def test_something_must_be_said_by_which_the_person_may_be_known() -> None:
    answer = Client().post("/requests/for/deceased/", given("deceased", person_address="", known_by=" "))

    assert answer.status_code == 422
    assert "something else that we may know them by" in answer.content.decode()


def test_the_requester_sees_for_whom_and_the_person_that_another_asked() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = accepted_for("child")
    requester = signed_in(account_of(request.filed_by))

    assert "For Paul Person" in requester.get("/requests/").content.decode()
    assert "For Paul Person" in requester.get(f"/requests/{request.ref}/").content.decode()
    listed = signed_in(paul).get("/requests/").content.decode()
    assert "Asked for you by somebody else" in listed
    assert "Paul Person" not in listed
    told = next(each for each in mail.outbox if "We have your request" in each.subject)
    assert "for somebody else" in told.body
    assert "your personal data" not in told.body
    assert "Paul" not in told.subject + told.body


def test_no_field_for_proof_is_called_optional() -> None:
    request = filed_for("deceased")

    assert "optional" not in signed_in(account_of(request.filed_by)).get(f"/requests/{request.ref}/proof/").content.decode()
