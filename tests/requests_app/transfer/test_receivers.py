"""Receivers: named by a person, decided by staff, chosen by everybody; verbs and pages of the desk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivateAddress
from privacycenter.mail.models import OutboxMessage
from requests_app.domain.people import actor_for
from requests_app.errors import KnownAlready, NotAllowed, ReasonMissing
from requests_app.models import Look, Receiver, Transfer
from requests_app.roles import AUDITOR
from requests_app.transfer import receivers
from requests_app.transfer.addresses import tidy_address
from requests_app.transfer.checks import check_loopback
from requests_app.transfer.choosing import choose_receiver, drop_choice, name_receiver
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.errors import AddedByYou, CannotTransfer, NotApproved, NotAReceiver, ReceiverDecided, ReceiverTurnedDown
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import filed, make_dpo, staff_actor, with_role
from tests.factories.transfers import make_receiver

pytestmark = pytest.mark.django_db
URL = "https://takeover.acme.example/uploads"


@pytest.fixture(autouse=True)
def _every_host_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers, "public_addresses", lambda host, port, **options: ["1.1.1.1"])


def named(url: str = URL, name: str = "Acme", **account: str) -> Transfer:
    request = filed(make_account(password=None, **account), kind="portability")
    return name_receiver(request, name=name, url=url, actor=actor_for(request.subject))


def colleague() -> Actor:
    return Actor.for_user(make_dpo(username="second-dpo", email="second-dpo@x.example"))


def only_reads() -> Actor:
    return Actor.for_user(with_role(make_staff(username="reader", password=None, factor=False), AUDITOR))


def mails(kind: str) -> int:
    return OutboxMessage.objects.filter(kind=kind).count()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://Acme.Example ", "https://acme.example/"),
        ("https://acme.example:443/in", "https://acme.example/in"),
        ("https://acme.example:8443/in/", "https://acme.example:8443/in/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://acme.example./", "https://acme.example/"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str):
    assert tidy_address(typed) == kept
    assert tidy_address(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "acme.example",
        "http://acme.example/",
        "ftp://acme.example/",
        "https://me:secret@acme.example/",
        "https://me@acme.example/",
        "https://acme.example/?token=1",
        "https://acme.example/?",
        "https://acme.example/#a",
        "https://acme.example/a b",
        "https://acme.example\\@evil.example/",
        "https://acme.example/\u202e",
        "https://acme.example:99999/",
        "https://acme.example:0/",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://-.example/",
        "https:///path",
        "https://" + "a" * 400 + ".example/",
        "https://acme.example/" + "a" * 400,
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(typed: str):
    with pytest.raises(NotAReceiver):
        tidy_address(typed)


def test_loopback_has_to_be_allowed(settings):
    settings.TRANSFER_ALLOW_LOOPBACK = True
    assert tidy_address("https://localhost:9443/files") == "https://localhost:9443/files"


def test_a_named_receiver_waits_and_others_who_name_it_wait_for_the_same():
    first, second = (
        named(),
        named(url="https://TAKEOVER.acme.example:443/uploads", name="My bank, account 5", username="second", email="s@x.example"),
    )

    assert first.receiver == second.receiver
    assert first.receiver.state == ReceiverState.PROPOSED
    assert first.receiver.shown_name == "takeover.acme.example", "what one person typed is not shown to others"
    assert AuditEntry.objects.filter(verb="requests.receiver_proposed").count() == 1
    assert AuditEntry.objects.filter(verb="requests.transfer_named").count() == 2


def test_approved_once_everybody_may_choose_it():
    transfer = named()
    receivers.approve_receiver(transfer.receiver, name="Acme Bank Ltd", seen="proposed", actor=staff_actor())

    found = Receiver.objects.get()
    assert (found.state, found.name, found.shown_name) == (ReceiverState.APPROVED, "Acme Bank Ltd", "Acme Bank Ltd")
    assert mails("requests.receiver_approved") == 1
    other = filed(make_account(password=None, username="other", email="o@x.example"), kind="portability")
    assert choose_receiver(other, receiver=found, actor=actor_for(other.subject)).state == TransferState.NAMED
    assert AuditEntry.objects.filter(verb="requests.receiver_approved", parameters={"receiver": found.public_id}).exists()


def test_a_receiver_in_a_private_network_is_never_approved(monkeypatch: pytest.MonkeyPatch):
    transfer = named()

    def refuse(*args: object, **options: object) -> list[str]:
        raise PrivateAddress

    monkeypatch.setattr(receivers, "public_addresses", refuse)
    with pytest.raises(PrivateAddress):
        receivers.approve_receiver(transfer.receiver, name="Acme", seen="proposed", actor=staff_actor())
    assert Receiver.objects.get().state == ReceiverState.PROPOSED


def test_turned_down_the_person_is_told_and_the_next_one_at_once():
    transfer = named()
    with pytest.raises(ReasonMissing):
        receivers.turn_down_receiver(transfer.receiver, reason=" ", actor=staff_actor())
    receivers.turn_down_receiver(transfer.receiver, reason="It is not who it says.", actor=colleague())

    transfer.refresh_from_db()
    assert (transfer.state, transfer.ended_at is not None) == (TransferState.TURNED_DOWN, True)
    assert mails("requests.receiver_turned_down") == 1
    with pytest.raises(ReceiverTurnedDown, match="It is not who it says"):
        named(username="second", email="s@x.example")
    assert AuditEntry.objects.filter(verb="requests.transfer_turned_down").exists()


def test_an_approval_that_is_withdrawn_ends_what_was_chosen_and_can_be_given_again():
    transfer = named()
    staff = staff_actor()
    receivers.approve_receiver(transfer.receiver, name="Acme", seen="proposed", actor=staff)
    receivers.withdraw_approval(transfer.receiver, reason="It was sold.", actor=staff)

    transfer.refresh_from_db()
    assert (transfer.state, transfer.error_code) == (TransferState.TURNED_DOWN, receivers.WITHDRAWN)
    with pytest.raises(NotApproved):
        choose_receiver(transfer.request, receiver=transfer.receiver, actor=actor_for(transfer.request.subject))
    receivers.approve_receiver(transfer.receiver, name="Acme", seen="withdrawn", actor=staff)
    assert Receiver.objects.get().reason is None
    verbs = AuditEntry.objects.filter(verb__startswith="requests.receiver_").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == [f"requests.receiver_{step}" for step in ("proposed", "approved", "withdrawn", "approved")]


def test_a_decision_that_came_second_changes_nothing():
    transfer, staff = named(), staff_actor()
    seen = Receiver.objects.get()
    receivers.turn_down_receiver(transfer.receiver, reason="No.", actor=staff)

    with pytest.raises(ReceiverDecided):
        receivers.turn_down_receiver(seen, reason="No again.", actor=staff)
    with pytest.raises(ReceiverDecided):
        receivers.withdraw_approval(seen, reason="No again.", actor=staff)
    assert Receiver.objects.get().reason == "No."


@pytest.mark.parametrize("seen", ["proposed", "approved"])
def test_an_approval_does_not_override_the_no_of_a_colleague(seen: str):
    transfer = named()
    receivers.turn_down_receiver(transfer.receiver, reason="No.", actor=colleague())

    with pytest.raises(ReceiverDecided):
        receivers.approve_receiver(transfer.receiver, name="Acme", seen=seen, actor=staff_actor())
    assert (Receiver.objects.get().state, Receiver.objects.get().reason) == (ReceiverState.TURNED_DOWN, "No.")


def test_who_added_it_leaves_the_approval_to_a_colleague_where_there_is_one():
    staff = staff_actor()
    alone = receivers.add_receiver(name="Acme", url=URL, actor=staff)
    receivers.approve_receiver(alone, name="Acme", seen="proposed", actor=staff)
    other = colleague()
    receiver = receivers.add_receiver(name="Other", url="https://other.example/", actor=staff)
    with pytest.raises(AddedByYou):
        receivers.approve_receiver(receiver, name="Other", seen="proposed", actor=staff)
    receivers.approve_receiver(receiver, name="Other", seen="proposed", actor=other)
    receiver.refresh_from_db()
    assert receiver.state == ReceiverState.APPROVED


def test_only_those_who_may_decide_do():
    transfer, nobody = named(), only_reads()

    with pytest.raises(NotAllowed):
        receivers.approve_receiver(transfer.receiver, name="Acme", seen="proposed", actor=nobody)
    with pytest.raises(NotAllowed):
        receivers.turn_down_receiver(transfer.receiver, reason="No.", actor=nobody)
    with pytest.raises(NotAllowed):
        receivers.add_receiver(name="Acme", url=URL, actor=nobody)
    with pytest.raises(NotAllowed):
        name_receiver(transfer.request, name="Other", url="https://other.example/", actor=nobody)


def test_staff_can_add_one_that_nobody_named():
    receiver = receivers.add_receiver(name="Acme", url=URL, actor=staff_actor())
    assert receiver.state == ReceiverState.PROPOSED
    with pytest.raises(KnownAlready):
        receivers.add_receiver(name="Acme", url=URL, actor=colleague())


def test_another_choice_replaces_the_first_and_leaves_nothing_behind():
    transfer = named()
    request, actor = transfer.request, actor_for(transfer.request.subject)
    approved = make_receiver(url="https://other.example/")
    choose_receiver(request, receiver=approved, actor=actor)

    assert list(Receiver.objects.all()) == [approved], "a proposal that nobody holds on to is gone"
    drop_choice(request, actor=actor)
    drop_choice(request, actor=actor)
    assert not Transfer.objects.exists()
    assert Receiver.objects.filter(pk=approved.pk).exists()
    assert AuditEntry.objects.filter(verb="requests.transfer_dropped").count() == 1


def test_only_a_copy_to_take_along_goes_to_a_receiver():
    request = filed(kind="access")
    with pytest.raises(CannotTransfer):
        name_receiver(request, name="Acme", url=URL, actor=actor_for(request.subject))
    assert not Receiver.objects.exists()


# The desk ---------------------------------------------------------------------------------------------------------------

LIST = "/admin/requests_app/receiver/"


@pytest.fixture
def desk() -> Client:
    return signed_in(make_dpo(factor=True), fresh=True)


def test_the_list_shows_first_what_waits(desk: Client):
    make_receiver("Alpha", "https://alpha.example/")
    named(name="Zeta")

    page = desk.get(LIST).content.decode()
    assert re.search(r"Zeta.*Alpha", page, re.DOTALL)
    assert "takeover.acme.example" in page


def test_the_desk_approves_and_withdraws(desk: Client):
    transfer = named(name="Zeta")
    key = transfer.receiver_id
    assert "Approve it" in desk.get(f"{LIST}{key}/change/").content.decode()
    assert desk.post(f"{LIST}{key}/approve/", {"name": "", "seen": "proposed"}).status_code == 422

    answer = desk.post(f"{LIST}{key}/approve/", {"name": "Zeta AG", "seen": "proposed"}, follow=True)
    assert "Withdraw the approval" in answer.content.decode()
    assert desk.post(f"{LIST}{key}/withdraw/", {"reason": ""}).status_code == 422
    answer = desk.post(f"{LIST}{key}/withdraw/", {"reason": "It was sold."}, follow=True)
    assert "It was sold." in answer.content.decode()


def test_the_desk_shows_what_a_colleague_decided_in_between(desk: Client):
    transfer = named(name="Zeta")
    key = transfer.receiver_id
    assert 'name="seen" value="proposed"' in desk.get(f"{LIST}{key}/change/").content.decode()
    receivers.turn_down_receiver(transfer.receiver, reason="It is not who it says.", actor=colleague())

    page = desk.post(f"{LIST}{key}/approve/", {"name": "Zeta AG", "seen": "proposed"}, follow=True).content.decode()
    assert "just been decided" in page
    assert "It is not who it says." in page
    assert Receiver.objects.get().state == ReceiverState.TURNED_DOWN


def test_the_desk_turns_down_with_a_reason(desk: Client):
    key = named().receiver_id
    answer = desk.post(f"{LIST}{key}/turn_down/", {"reason": "It is not who it says."}, follow=True)
    assert "Turned down" in answer.content.decode()


def test_the_desk_adds_one(desk: Client):
    assert desk.get(f"{LIST}add/").status_code == 200
    assert desk.post(f"{LIST}add/", {"name": "Acme", "url": "http://acme.example/"}).status_code == 422
    answer = desk.post(f"{LIST}add/", {"name": "Acme", "url": URL})
    assert answer.url == reverse("admin:requests_app_receiver_change", args=[Receiver.objects.get().pk])
    assert desk.post(f"{LIST}add/", {"name": "Acme", "url": URL}).status_code == 422


def test_what_is_not_there_is_not_found(desk: Client):
    assert desk.get(f"{LIST}99999/change/").status_code == 404
    assert desk.get(f"{LIST}x/change/").status_code == 404


def test_those_who_only_read_see_no_form():
    receiver = make_receiver()
    client = signed_in(with_role(make_staff(password=None), AUDITOR), fresh=True)
    page = client.get(f"{LIST}{receiver.pk}/change/")
    assert page.status_code == 200
    assert "Withdraw the approval" not in page.content.decode()
    assert client.post(f"{LIST}{receiver.pk}/withdraw/", {"reason": "No."}).status_code == 403
    assert Receiver.objects.get().state == ReceiverState.APPROVED


def test_loopback_is_an_error_where_others_come_to(settings):
    assert check_loopback(None) == []
    settings.TRANSFER_ALLOW_LOOPBACK, settings.SITE_IS_LOOPBACK = True, False
    assert [message.id for message in check_loopback(None)] == ["privacycenter.E050"]
    settings.SITE_IS_LOOPBACK = True
    assert check_loopback(None) == []


def test_the_ticket_says_that_a_receiver_waits_and_names_it_after_a_look_only(desk: Client):
    transfer = named(name="Zeta")
    ticket = f"/admin/requests_app/request/{transfer.request.pk}/change/"
    page = desk.get(ticket).content.decode()
    assert "The receiver waits to be checked" in page
    assert "Zeta" not in page
    officer = User.objects.get(is_staff=True)
    now = clock.now()
    Look.objects.create(
        request=transfer.request, user=officer, reason="answer", note="x", opened_at=now, expires_at=now + timedelta(minutes=9)
    )
    assert "Zeta" in desk.get(ticket).content.decode()
