"""What staff were writing when their session ended comes back after they have signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from requests_app.limits.asking import purposes_to_object
from requests_app.models import Request
from requests_app.roles import DPO
from requests_app.views.access import DRAFT_LENGTH
from tests.factories.accounts import make_staff
from tests.factories.requests import with_role
from tests.requests_app.limits.helpers import asked

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/request/"


def restriction() -> Request:
    return asked("restriction", ground="accuracy", categories=["forms", "interactions"])


def objection() -> Request:
    return asked("objection", marketing=False, purposes=[purposes_to_object()[0].key])


@pytest.mark.parametrize(
    ("make", "page", "typed", "shown"),
    [
        (
            restriction,
            "limit/restrict/",
            {"categories": ["forms"], "letter": "While we check."},
            ["While we check.</textarea>", 'value="forms"'],
        ),
        (objection, "limit/balance/", {"letter": "We think so too."}, ["We think so too.</textarea>"]),
        (objection, "write/refuse/", {"ground": "manifestly_excessive", "reasoning": "Again."}, ["Again.</textarea>"]),
        (restriction, "write/ask/", {"about": "identity", "words": "Who are you?"}, ["Who are you?</textarea>"]),
    ],
)
def test_what_was_typed_comes_back_after_signing_in(make: object, page: str, typed: dict[str, object], shown: list[str]) -> None:
    request = make()  # type: ignore[operator]
    url, client = f"{LIST}{request.pk}/{page}", Client()

    sent_away = client.post(url, typed)
    client.force_login(with_role(make_staff(password=None), DPO))
    back = client.get(url)

    assert sent_away.status_code == 302
    assert back.status_code == 200
    text = back.content.decode()
    assert all(words in text for words in shown)
    if "categories" in typed:
        assert text.count("checked") == 1
    assert shown[0] in client.get(url).content.decode()  # it stays until the form is sent
    assert Request.objects.get().letter is None


def test_what_is_too_long_to_be_kept_is_given_back() -> None:
    request, client = restriction(), Client()
    url = f"{LIST}{request.pk}/limit/restrict/"

    answer = client.post(url, {"letter": "x" * DRAFT_LENGTH})

    assert answer.status_code == 413
    assert "x" * DRAFT_LENGTH in answer.content.decode()
    client.force_login(with_role(make_staff(password=None), DPO))
    assert client.get(url).status_code == 200
