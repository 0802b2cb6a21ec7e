"""The outbox as staff see it: what became of a message, never what it said or to whom in full."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message
from privacycenter.mail.models import OutboxMessage
from tests.factories.accounts import make_staff, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    """Staff who may do everything, at the admin."""
    return signed_in(make_staff(is_superuser=True))


def queue(count: int) -> None:
    for number in range(count):
        context = {"name": "Ada", "code": "ABCD-2345", "link": "http://localhost:8000/p/1"}
        queue_message("test.hello", to=f"ada{number}@example.com", context=context, ticket="R-1", actor=Actor.system("test"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_outbox_shows_masked_addresses_at_the_same_cost(desk: Client, count: int) -> None:
    queue(count)
    with CaptureQueriesContext(connection) as captured:
        page = desk.get("/admin/mail/outboxmessage/").content.decode()

    assert page.count("a…@e…com") == count
    assert "A greeting" in page
    assert len([query for query in captured if "mail_outboxmessage" in query["sql"] and "ROLLBACK" not in query["sql"]]) <= 6


def test_no_page_shows_an_address_a_subject_or_a_body_or_lets_anything_be_changed(desk: Client) -> None:
    queue(1)
    message = OutboxMessage.objects.get()
    assert message.subject == "A code for Ada"  # it could have leaked
    detail = f"/admin/mail/outboxmessage/{message.pk}/"
    pages = [desk.get(path).content.decode() for path in ("/admin/mail/outboxmessage/", f"{detail}change/")]

    for page in pages:
        assert "R-1" in page
        for secret in ("ada0@", "ABCD-2345", "A code for"):
            assert secret not in page
    assert desk.post(f"{detail}change/", {}).status_code == 403
    assert desk.post(f"{detail}delete/", {"post": "yes"}).status_code == 403
    assert desk.get("/admin/mail/outboxmessage/add/").status_code == 403


def test_the_admin_is_closed_to_everybody_else(client: Client) -> None:
    assert client.get("/admin/mail/outboxmessage/").status_code in {302, 403, 404}
