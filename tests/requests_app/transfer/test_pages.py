"""The way of a person: chosen when filing or afterwards, confirmed after a fresh proof, watched, stopped, proven."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.subjects.domain import restrict_sources
from requests_app.domain import withdraw_request
from requests_app.domain.people import actor_for
from requests_app.domain.recipients import Changed, make_notices, tell_recipients
from requests_app.enums import NoticeEvent
from requests_app.errors import BundleGone
from requests_app.models import Bundle, Receiver, RecipientNotice, Request, Transfer
from requests_app.transfer import receivers
from requests_app.transfer.choosing import choose_receiver, confirm_transfer, seal_of
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.errors import ContentChanged, NotApproved
from requests_app.transfer.queries import receivers_of
from requests_app.transfer.sending import SEND
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import filed, fresh, staff_actor
from tests.factories.transfers import URL, confirmed, identity_open, make_receiver, portable
from tests.factories.tus_receiver import TusReceiver
from tests.requests_app.test_desk import at_desk

pytestmark = pytest.mark.django_db


def client_of(request: Request, *, is_fresh: bool = True) -> Client:
    return signed_in(User.objects.get(subject=request.subject), fresh=is_fresh)


def file_with(person: Client, **asked: str) -> Any:
    return person.post("/requests/new/", {"kind": "portability", "country": "", **{f"asked-{name}": text for name, text in asked.items()}})


def page(client: Client, request: Request, part: str = "") -> str:
    return client.get(f"/requests/{request.ref}/{part}", follow=True).content.decode()


def test_filed_with_a_receiver_of_the_list():
    receiver = make_receiver()
    make_receiver("Hidden", "https://hidden.example/", state="proposed")
    person = signed_in(make_account(password=None), fresh=True)
    form = person.get("/requests/new/?kind=portability").content.decode()
    assert "Acme Bank (takeover.acme.example)" in form
    assert "hidden.example" not in form

    file_with(person, receiver=receiver.public_id)
    request = Request.objects.get()
    assert Transfer.objects.get().receiver == receiver
    assert request.words is None
    assert "You chose Acme Bank" in page(person, request)


def test_filed_with_a_new_receiver_that_waits_for_staff():
    person = signed_in(make_account(password=None), fresh=True)
    file_with(person, receiver="new", name="Beta Cloud", url="https://Beta.example/in")
    receiver, request = Receiver.objects.get(), Request.objects.get()

    assert (receiver.name, receiver.url, receiver.state) == ("Beta Cloud", "https://beta.example/in", ReceiverState.PROPOSED)
    assert request.choices == {"receiver": "new"}, "what was typed stands in the encrypted words alone"
    assert "A colleague checks it first" in page(person, request)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"receiver": "new"}, "Name the other service"),
        ({"receiver": "new", "name": "Beta"}, "Type its address"),
        ({"receiver": "new", "name": "Beta", "url": "http://beta.example/"}, "https"),
        ({"receiver": "new", "name": "4111 1111 1111 1111", "url": "https://beta.example/"}, "card"),
        ({"receiver": "no-such"}, "Select a valid choice"),
    ],
)
def test_what_can_not_be_is_said_and_nothing_is_lost(asked: dict[str, str], words: str):
    answer = file_with(signed_in(make_account(password=None), fresh=True), **asked)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Request.objects.exists()


def test_filed_without_one_nothing_changes():
    person = signed_in(make_account(password=None), fresh=True)
    file_with(person, receiver="")
    assert "Have it sent to another service" in page(person, Request.objects.get())
    assert not Transfer.objects.exists()


def test_one_that_was_turned_down_is_refused_with_the_reason_when_named_again():
    make_receiver(state="turned_down")
    Receiver.objects.update(reason="It is not who it says.")
    answer = file_with(signed_in(make_account(password=None), fresh=True), receiver="new", name="Acme", url=URL)
    assert "It is not who it says." in answer.content.decode()


def test_a_request_that_is_withdrawn_takes_its_choice_along():
    person = signed_in(make_account(password=None), fresh=True)
    file_with(person, receiver="new", name="Beta", url="https://beta.example/")
    request = fresh(Request.objects.get())
    withdraw_request(request, actor=actor_for(request.subject))
    assert not Transfer.objects.exists()
    assert not Receiver.objects.exists()


def test_an_access_request_offers_no_receiver():
    request = filed()
    client = client_of(request)
    assert "another service" not in page(client, request)
    assert client.get(f"/requests/{request.ref}/transfer/").status_code == 302


def test_chosen_once_the_copy_is_ready_the_next_page_says_what_goes():
    make_receiver()
    request = portable(b"x" * 2048)
    client = client_of(request)
    answer = client.post(f"/requests/{request.ref}/transfer/", {"receiver": Receiver.objects.get().public_id})
    assert answer.url == f"/requests/{request.ref}/transfer/confirm/"

    shown = page(client, request, "transfer/confirm/")
    for words in ("Acme Bank", "takeover.acme.example", "2.0\xa0KB", "Your profile", "<td>3</td>", "It can't be called back"):
        assert words in shown, words


def test_nothing_is_sent_by_choosing_and_the_choice_can_be_taken_back():
    make_receiver()
    request = portable()
    client = client_of(request)
    client.post(f"/requests/{request.ref}/transfer/", {"receiver": Receiver.objects.get().public_id})
    assert not Job.objects.filter(kind=SEND).exists()
    assert "Chosen so far" in page(client, request, "transfer/")
    client.post(f"/requests/{request.ref}/transfer/", {"receiver": ""})
    assert not Transfer.objects.exists()


def test_it_starts_after_a_fresh_proof_only():
    request = portable()
    transfer = choose_receiver(request, receiver=make_receiver(), actor=actor_for(request.subject))
    seal = {"seal": seal_of(transfer, Bundle.objects.get())}

    stale = client_of(request, is_fresh=False).post(f"/requests/{request.ref}/transfer/start/", seal)
    assert stale.url.startswith("/accounts/confirm/")
    assert Transfer.objects.get().state == TransferState.NAMED
    client_of(request).post(f"/requests/{request.ref}/transfer/start/", seal)
    assert Transfer.objects.get().state == TransferState.SENDING
    assert client_of(request).get(f"/requests/{request.ref}/transfer/start/").status_code == 405


def test_others_find_nothing():
    request = portable()
    choose_receiver(request, receiver=make_receiver(), actor=actor_for(request.subject))
    stranger = signed_in(make_account(username="stranger", email="stranger@x.example", password=None), fresh=True)
    for part in ("transfer/", "transfer/confirm/", "transfer/stop/"):
        assert stranger.get(f"/requests/{request.ref}/{part}").status_code == 404
    assert stranger.post(f"/requests/{request.ref}/transfer/start/").status_code == 404
    assert Client().post(f"/requests/{request.ref}/transfer/start/").status_code == 404


def test_what_changed_since_it_was_looked_at_is_looked_at_again():
    request = portable()
    actor = actor_for(request.subject)
    transfer = choose_receiver(request, receiver=make_receiver(), actor=actor)
    seal = seal_of(transfer, Bundle.objects.get())
    Bundle.objects.update(sha256="0" * 64)
    with pytest.raises(ContentChanged):
        confirm_transfer(request, seal=seal, actor=actor)

    answer = client_of(request).post(f"/requests/{request.ref}/transfer/start/", {"seal": seal}, follow=True)
    assert "has changed since you looked" in answer.content.decode()
    assert Transfer.objects.get().state == TransferState.NAMED


def test_without_a_copy_or_an_approval_nothing_is_confirmed():
    request = portable()
    actor, receiver = actor_for(request.subject), make_receiver()
    transfer = choose_receiver(request, receiver=receiver, actor=actor)
    seal = seal_of(transfer, Bundle.objects.get())
    Receiver.objects.update(state=ReceiverState.WITHDRAWN)
    with pytest.raises(NotApproved):
        confirm_transfer(request, seal=seal, actor=actor)
    Bundle.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(BundleGone):
        confirm_transfer(request, seal=seal, actor=actor)


def test_a_locked_account_sees_why_and_starts_nothing():
    request = portable()
    transfer = choose_receiver(request, receiver=make_receiver(), actor=actor_for(request.subject))
    User.objects.update(credential_changed_at=clock.now())
    client = client_of(request)
    assert "Locked for now" in page(client, request, "transfer/confirm/")
    client.post(f"/requests/{request.ref}/transfer/start/", {"seal": seal_of(transfer, Bundle.objects.get())})
    assert Transfer.objects.get().state == TransferState.NAMED


def test_while_the_proof_of_identity_is_open_the_page_says_so_and_offers_nothing():
    request = portable()
    choose_receiver(request, receiver=make_receiver(), actor=actor_for(request.subject))
    identity_open(request)
    shown = page(client_of(request), request, "transfer/confirm/")
    assert "proof of identity" in shown
    assert "transfer/start/" not in shown


def test_what_is_restricted_does_not_go():
    request = portable()
    transfer = choose_receiver(request, receiver=make_receiver(), actor=actor_for(request.subject))
    restrict_sources(request.subject, sources=["accounts.profile"], reason="accuracy", ref=request.ref, actor=Actor.system("tests"))
    answer = client_of(request).post(
        f"/requests/{request.ref}/transfer/start/", {"seal": seal_of(transfer, Bundle.objects.get())}, follow=True
    )
    assert "End the restriction, or download" in answer.content.decode()
    assert Transfer.objects.get().state == TransferState.NAMED


def test_the_page_shows_how_far_it_is_and_stops_it():
    request = portable(b"x" * 4096)
    confirmed(request, make_receiver())
    Transfer.objects.update(sent=1024)
    client = client_of(request)
    shown = page(client, request)
    assert 'value="1024" max="4096"' in shown
    assert 'data-refresh="3"' in shown
    assert "request-progress" in shown
    assert client.get(f"/requests/{request.ref}/transfer/").status_code == 302, "no other choice while it goes"

    assert "Stop sending your copy?" in page(client, request, "transfer/stop/")
    answer = client.post(f"/requests/{request.ref}/transfer/stop/", follow=True).content.decode()
    assert "Stopped by you" in answer
    assert "Have it sent to another service" in answer
    assert client.post(f"/requests/{request.ref}/transfer/stop/").status_code == 302
    assert client.get(f"/requests/{request.ref}/transfer/stop/").status_code == 302


@pytest.mark.obligation("R-05")
def test_from_filing_to_proof(their_side: TusReceiver, content: bytes):
    """Named when filing, approved by staff, confirmed, sent for real, proven, and told of in the person's next copy."""
    person = signed_in(make_account(password=None), fresh=True)
    file_with(person, receiver="new", name="Their side", url=their_side.url)
    receiver = Receiver.objects.get()
    receivers.approve_receiver(receiver, name="Their side Ltd", seen="proposed", actor=staff_actor())
    Request.objects.all().delete()
    receiver.refresh_from_db()
    request = portable(content, User.objects.filter(is_staff=False).get())
    person.post(f"/requests/{request.ref}/transfer/", {"receiver": receiver.public_id})
    seal = seal_of(Transfer.objects.select_related("receiver").get(), Bundle.objects.get(request=request))
    person.post(f"/requests/{request.ref}/transfer/start/", {"seal": seal})
    run_due(kinds=[SEND])

    shown = page(person, request)
    transfer = Transfer.objects.get()
    assert transfer.state == TransferState.DONE
    for words in ("Received", "Their side Ltd", "300000", transfer.sha256, str(transfer.receipt), "reached the other service"):
        assert words in shown, words
    assert AuditEntry.objects.filter(
        verb="requests.transfer_done", ticket=request.ref, parameters={"receiver": receiver.public_id, "bytes": 300_000}
    ).exists()


def test_what_was_sent_stands_among_the_disclosures_of_the_next_copy(their_side: TusReceiver, acme: Receiver, content: bytes):
    from requests_app.fulfilment.facts import disclosures_of  # slow import

    request = portable(content)
    confirmed(request, acme)
    run_until_idle()
    (line,) = disclosures_of(request.subject)
    assert line["recipient"] == f"Acme Bank ({acme.host})"
    assert request.ref in line["what"]
    assert disclosures_of(filed(make_account(username="other", email="o@x.example", password=None)).subject) == []


def test_who_got_a_value_by_transfer_is_told_when_it_is_corrected(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    confirmed(request, acme)
    run_until_idle()
    wrong = filed(User.objects.get(subject=request.subject), kind="rectification")
    key = f"receiver:{acme.public_id}"

    notices = make_notices(wrong, NoticeEvent.CORRECTED, [Changed("accounts.profile", "Company", "New Ltd")])
    assert {notice.recipient_key: notice.recipient_name for notice in notices}[key] == "Acme Bank"
    assert make_notices(wrong, NoticeEvent.CORRECTED, [Changed("accounts.profile", "Company", "New Ltd")]) == []
    assert not make_notices(wrong, NoticeEvent.CORRECTED, [Changed("tests.elsewhere", "Note", "x")])
    tell_recipients(wrong, only_of=["accounts.profile"])
    assert RecipientNotice.objects.filter(recipient_key=key, state="due").exists(), "without an address staff tell it"
    tell_recipients(wrong, only_of=["accounts.sessions"])
    assert not RecipientNotice.objects.filter(recipient_key=key).exists()
    assert receivers_of(None) == {}


def test_the_list_of_receivers_is_read_on_a_phone_too() -> None:
    answer = at_desk().get("/admin/requests_app/receiver/")
    assert answer.status_code == 200
    assert "desk-list" in answer.content.decode()
