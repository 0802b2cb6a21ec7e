"""The holder of an account is told that somebody acts for them, has some days to stop it, and can."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.mail.models import OutboxMessage
from requests_app.behalf.confirming import confirm_representation
from requests_app.behalf.deciding import accept_representation
from requests_app.behalf.errors import NotReady, ProofNoLongerStands
from requests_app.behalf.standing import obstacle_of
from requests_app.behalf.stopping import find_stop_link, stop_by_link
from requests_app.domain import release_bundle
from requests_app.domain.entering import prove_by_staff
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.errors import WrongCode
from requests_app.fulfilment import housekeeping
from requests_app.models import IdentityProof, Request, TimelineEvent
from requests_app.roles import DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.behalf import PERSON, accepted_for, after_notice, confirmed_for, link_of, see_documents, submitted_for
from tests.factories.requests import fresh, staff_actor, with_role
from tests.requests_app.desk.test_entering import entered, proven

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/request/"


def holder() -> User:
    return make_account(username="paul", email=PERSON, password=None)


def told() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind="requests.acted_for"))


def stop_link(request: Request) -> IdentityProof:
    return IdentityProof.objects.get(request=request, purpose="stop")


@pytest.mark.parametrize("behalf", ["child", "deceased"])
def test_a_holder_is_told_what_somebody_may_do_for_them_and_nothing_of_who_it_is(behalf: str) -> None:
    holder()
    request = accepted_for(behalf)

    [message] = [each for each in mail.outbox if each.to == [PERSON]]
    body = str(message.body)
    assert "Somebody acts for you" in message.subject
    assert "What they ask for: " in body
    assert f"/requests/acted-for/{stop_link(request).public_id}/" in body
    for secret in ("Rita", "Requester", "rita@", "Paul"):
        assert secret not in message.subject + body
    assert ("you have died" in body) == (behalf == "deceased")


def test_nobody_is_told_without_an_account() -> None:
    without = accepted_for("child")
    assert (told(), obstacle_of(without)) == ([], "")


def test_an_agent_whom_the_holder_confirmed_waits_for_nothing() -> None:
    paul = holder()
    request = submitted_for("agent")
    confirm_representation(link_of(request), user=paul, actor=actor_for(paul.subject))
    see_documents(request, actor=staff_actor())
    accept_representation(fresh(request), identifier_kind="", identifier="", note="Seen.", actor=staff_actor())

    assert (told(), obstacle_of(fresh(request))) == ([], "")


@pytest.mark.parametrize("days", [3, 0])
def test_nothing_is_given_out_before_the_days_are_over(settings: Any, days: int) -> None:
    settings.REPRESENTED_NOTICE_DAYS = days
    holder()
    request = accepted_for("child")
    if days:
        assert obstacle_of(request) == "notice"
        with pytest.raises(ProofNoLongerStands):
            release_bundle(request, actor=staff_actor())
        request = after_notice(request)

    assert obstacle_of(request) == ""
    release_bundle(request, actor=staff_actor())
    assert fresh(request).status == Status.READY


def test_what_staff_enter_is_told_and_waits_as_well() -> None:
    holder()
    request = proven(entered(behalf="agent"), identifier=PERSON, method="authority", contact="agent@example.com")

    assert [message.ticket for message in told()] == [request.ref]
    assert obstacle_of(fresh(request)) == "notice"


def test_the_link_stops_it_once_and_staff_are_told() -> None:
    dpo = with_role(make_staff(password=None), DPO)
    holder()
    request = accepted_for("child")
    link = f"/requests/acted-for/{stop_link(request).public_id}/"
    page = Client().get(link).content.decode()
    assert "Rita" not in page
    assert fresh(request).is_open

    answer = Client().post(link, follow=True).content.decode()

    request = fresh(request)
    assert "It is stopped." in answer
    assert (request.status, request.outcome, obstacle_of(request)) == (Status.CLOSED, Outcome.WITHDRAWN, "authority_ended")
    assert TimelineEvent.objects.get(request=request, event="stopped_by_person").is_internal
    run_until_idle()
    assert [each.to for each in mail.outbox if "Stopped by the person" in each.subject].count([dpo.email]) == 1
    assert find_stop_link(link.split("/")[-2]) is None
    with pytest.raises(WrongCode):
        stop_by_link(stop_link(request))


def test_the_link_outlives_codes_and_ends_after_its_days() -> None:
    holder()
    request = accepted_for("child")
    token = stop_link(request).public_id
    with clock.stopped_at(clock.now() + timedelta(days=29)):
        housekeeping._forget()
        assert find_stop_link(token) is not None
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        assert find_stop_link(token) is None
        housekeeping._forget()
    assert not IdentityProof.objects.filter(public_id=token).exists()


def test_a_link_of_another_kind_stops_nothing() -> None:
    request = confirmed_for(person_address="somebody@example.com")
    other = IdentityProof.objects.get(request=request, purpose="confirm")

    assert find_stop_link(other.public_id) is None
    with pytest.raises(WrongCode):
        stop_by_link(other)


@pytest.mark.parametrize(("signed_in_days_ago", "why"), [(None, "account_active"), (200, "account_active"), (5, "account_used")])
def test_staff_look_twice_where_somebody_is_said_to_have_died_whose_account_can_be_used(signed_in_days_ago: int | None, why: str) -> None:
    paul = holder()
    if signed_in_days_ago is not None:
        User.objects.filter(pk=paul.pk).update(last_login=clock.now() - timedelta(days=signed_in_days_ago))
    request, actor = submitted_for("deceased"), staff_actor()
    see_documents(request, actor=actor)
    given: dict[str, Any] = {"identifier_kind": "email", "identifier": PERSON, "note": "Both papers.", "actor": actor}

    with pytest.raises(NotReady) as caught:
        accept_representation(request, **given, despite_account=False)
    assert caught.value.why == why
    accept_representation(request, **given, despite_account=True)
    paper = entered(behalf="deceased", kind="erasure")
    with pytest.raises(NotReady) as caught:
        prove_by_staff(paper, identifier_kind="email", identifier=PERSON, method="entitled", note="x", despite_account=False, actor=actor)
    assert caught.value.why == why


def test_the_tick_stands_on_the_ticket_only_where_it_is_needed() -> None:
    holder()
    request = submitted_for("deceased")
    client = signed_in(with_role(make_staff(password=None), DPO), fresh=True)
    see_documents(request, actor=staff_actor())
    typed = {"identifier_kind": "email", "identifier": PERSON, "note": "Death and inheritance."}
    assert "despite_account" not in client.get(f"{LIST}{request.pk}/change/").content.decode()

    refused = client.post(f"{LIST}{request.pk}/representation/accept/", typed)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert re.search(r'name="despite_account"', page)
    assert "Death and inheritance." in page
    client.post(f"{LIST}{request.pk}/representation/accept/", typed | {"despite_account": "on"})

    assert fresh(request).status == Status.COLLECTING
    assert "Holder of the account told" in client.get(f"{LIST}{request.pk}/change/").content.decode()
