"""The desk speaks to staff, and asks before it does what can't be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from privacycenter.kernel import clock
from requests_app.enums import Status
from requests_app.models import Request
from requests_app.roles import AGENT, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import filed, fresh, with_role, worked

pytestmark = pytest.mark.django_db

LIST = "/admin/requests_app/request/"


def at_desk(role: str = DPO) -> Client:
    return signed_in(with_role(make_staff(password=None), role), fresh=True)


@pytest.fixture
def request_in_review() -> Request:
    return worked(make_account(full_name="Ana Beispiel", username="ana", email="ana@example.com", password=None))


@pytest.mark.parametrize("event", ["released", "collected_again"])
def test_what_can_not_be_taken_back_needs_a_tick(request_in_review: Request, event: str) -> None:
    client = at_desk()

    page = client.get(f"{LIST}{request_in_review.pk}/change/").content.decode()
    answer = client.post(f"{LIST}{request_in_review.pk}/act/{event}/", follow=True)

    assert f'id="id_{event}_sure"' in page
    assert "tick the box above the button" in answer.content.decode()
    assert fresh(request_in_review).status == Status.REVIEW


def test_the_ticket_speaks_to_staff(request_in_review: Request) -> None:
    page = at_desk().get(f"{LIST}{request_in_review.pk}/change/").content.decode()

    assert "Profile<br>" in page
    assert "Your profile" not in page
    assert "a copy of your data" not in page


def test_a_withdrawn_request_is_not_withdrawn_by_staff(request_in_review: Request) -> None:
    Request.objects.filter(pk=request_in_review.pk).update(status="closed", outcome="withdrawn", answered_at=clock.now())
    client = at_desk()

    for page in (client.get(LIST), client.get(f"{LIST}{request_in_review.pk}/change/")):
        assert "by you" not in page.content.decode()


def test_what_is_overdue_stands_out_on_the_ticket(request_in_review: Request) -> None:
    Request.objects.filter(pk=request_in_review.pk).update(due_at=clock.now() - timedelta(days=2))

    assert '<strong class="burns">' in at_desk().get(f"{LIST}{request_in_review.pk}/change/").content.decode()


def test_the_queue_is_cut_by_right_in_plain_words(request_in_review: Request) -> None:
    page = at_desk().get(LIST, {"kind": "portability"}).content.decode()

    assert ">Portability<" in page
    assert request_in_review.ref not in page


@pytest.mark.parametrize("late", [0, 1, 2])
def test_the_desk_opens_with_requests_and_what_is_overdue(late: int) -> None:
    for _ in range(late):
        Request.objects.filter(pk=filed().pk).update(due_at=clock.now() - timedelta(days=1))

    page = at_desk(AGENT).get("/admin/").content.decode()

    assert {0: "Nothing is overdue", 1: "1 request is overdue", 2: "2 requests are overdue"}[late] in page
    assert page.index("app-requests_app") < page.index("app-subjects")


def test_a_list_is_titled_with_what_it_lists(request_in_review: Request) -> None:
    page = at_desk().get(LIST).content.decode()

    assert "<h1>Requests</h1>" in page
    assert "to view" not in page


def test_the_demo_says_so_at_the_desk(settings) -> None:
    settings.DEMO = True

    assert "demo-line" in at_desk().get("/admin/").content.decode()


def test_staff_find_the_desk_on_their_overview() -> None:
    assert 'href="/admin/"' in at_desk().get("/dashboard/").content.decode().partition("<main")[2]
    assert 'href="/admin/"' not in signed_in(make_account(password=None), fresh=True).get("/dashboard/").content.decode()
