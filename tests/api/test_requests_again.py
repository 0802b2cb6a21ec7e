"""Calls of `requests/` that come twice, and those for somebody who is represented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.preferences.models import ApiAnswer
from requests_app.models import IdentityProof, Request
from tests.api.conftest import Caller
from tests.api.test_requests import BODY, file, get
from tests.factories.accounts import make_account, signed_in

pytestmark = pytest.mark.django_db


# The same call twice -----------------------------------------------------------------------------------------------------------


def file_under(caller: Caller, key: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {caller.token}", "Idempotency-Key": key}
    return Client().post("/api/v1/requests/", BODY | more, content_type="application/json", headers=headers)


def test_the_same_key_with_the_same_body_files_once_and_gets_the_first_answer(caller: Caller) -> None:
    first, again = file_under(caller, '"8e03978e"'), file_under(caller, "8e03978e")
    other = file_under(caller, "another")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert other.json()["reference"] != first.json()["reference"]
    assert Request.objects.count() == 2
    kept = ApiAnswer.objects.order_by("pk")[0]
    assert "8e03978e" not in f"{kept.key_digest} {kept.answer}"
    assert "ana@example.com" not in str(kept.answer)


def test_the_same_key_with_another_body_is_refused_and_one_of_another_client_is_another(caller: Caller) -> None:
    file_under(caller, "8e03978e")

    changed = file_under(caller, "8e03978e", kind="portability")
    other = file_under(Caller("requests"), "8e03978e", kind="portability")

    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")
    assert other.status_code == 201
    assert Request.objects.count() == 2


@pytest.mark.parametrize("key", ['""', "x" * 256, "schlüssel"])
def test_a_key_that_is_none_is_refused(caller: Caller, key: str) -> None:
    assert file_under(caller, key).status_code == 400
    assert not Request.objects.exists()


def test_a_key_is_forgotten_after_a_week(caller: Caller) -> None:
    file_under(caller, "8e03978e")
    ApiAnswer.objects.update(created_at=clock.now() - timedelta(days=8))

    assert file_under(caller, "8e03978e", kind="portability").status_code == 201


REPRESENTED = {
    "behalf": "agent",
    "capacity": "lawyer",
    "requester_name": "Rita Rezende",
    "person_name": "Ana Souza",
    "person_address": "ana@example.com",
}


def test_an_agent_asks_for_somebody_who_is_represented_in_the_same_way_as_on_the_pages(caller: Caller) -> None:
    answer = file(caller, address="rita@example.com", represented=REPRESENTED)
    request = Request.objects.get()
    run_until_idle()

    assert answer.status_code == 201
    assert (request.behalf, request.channel, request.subject, request.filed_by) == ("agent", "api", None, None)
    assert request.representation.person_address == "ana@example.com"
    [message] = mail.outbox
    assert message.to == ["rita@example.com"]
    assert "A request for another person" in str(message.body)
    client = Client()
    client.post(f"/requests/confirm/{IdentityProof.objects.get().public_id}/")
    code = next(line.strip() for line in str(message.body).splitlines() if line.startswith("    "))
    opened = client.post("/requests/code/", {"code": code})

    assert opened["Location"] == f"/requests/{request.ref}/proof/"
    assert client.get(opened["Location"]).status_code == 200
    assert get(caller, request.ref).json()["status"] == "received"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"kind": "withdrawal"}, "not_for_another"),
        ({"represented": REPRESENTED | {"person_address": "rita@example.com"}}, "not_for_another"),
        ({"represented": REPRESENTED | {"behalf": "self"}}, "behalf"),
        ({"represented": REPRESENTED | {"person_name": "4111 1111 1111 1111"}}, "person_name"),
        ({"represented": REPRESENTED | {"behalf": "child", "capacity": "parent"}}, "not_for_another"),
    ],
)
def test_a_representation_that_can_not_be_is_refused_with_the_reason(caller: Caller, more: dict[str, Any], where: str) -> None:
    answer = file(caller, **{"address": "rita@example.com", "represented": REPRESENTED} | more)

    assert 400 <= answer.status_code < 500
    assert where in answer.content.decode()
    assert not Request.objects.exists()


def test_the_holder_of_an_account_confirms_that_they_asked_for_another(caller: Caller) -> None:
    rita = make_account(username="rita", email="rita@example.com", password=None)
    file(caller, address="rita@example.com", represented=REPRESENTED)
    run_until_idle()

    answer = signed_in(rita, fresh=True).post(f"/requests/confirm/{IdentityProof.objects.get().public_id}/")
    request = Request.objects.get()

    assert answer["Location"] == f"/requests/{request.ref}/proof/"
    assert request.filed_by == rita.subject
