"""Errors under /api/: problem details (RFC 9457) whatever went wrong, and nothing of what was sent in them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from privacycenter.kernel import clock
from privacycenter.kernel.problems import handle_exception, pointer
from privacycenter.preferences.api.base import ClientView, PersonView
from privacycenter.urls import urlpatterns as real_patterns
from tests.api.conftest import Caller
from tests.factories.accounts import make_account, signed_in

pytestmark = pytest.mark.django_db

SECRET = "ada@example.com"


class Faulty(PersonView):
    def get(self, request):
        raise RuntimeError(SECRET)


class Unnamed(ClientView):
    def get(self, request):
        return None


urlpatterns = [*real_patterns, path("api/v1/faulty/", Faulty.as_view(), name="faulty"), path("api/v1/unnamed/", Unnamed.as_view())]


def check(answer, status: int, code: str) -> dict:
    body = answer.json()
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"urn:privacycenter:problem:{code}"
    assert body["title"]
    assert SECRET not in answer.content.decode()
    assert int(answer.get("Content-Length", len(answer.content))) == len(answer.content)
    return body


def test_what_is_wrong_with_the_body_is_said_with_a_pointer(caller):
    answer = caller.post("decisions/", {"questions": SECRET, "chanel": SECRET})

    body = check(answer, 400, "invalid")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("#/questions", "not_a_list"),
        ("#/chanel", "unknown_field"),
    }


@pytest.mark.parametrize("body", [b"{", b"[1,", b'{"questions": NaN}', b"\xff\xfe", b"[" * 5000, b'{"questions": "\\ud800"}', b"nul"])
def test_what_is_not_json_is_refused(caller, body):
    check(caller.post("decisions/", body), 400, "parse_error")


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"1", b'"ada@example.com"', b"true"])
def test_a_body_that_is_no_object_is_refused(caller, body):
    check(caller.post("decisions/", body), 400, "invalid")


def test_another_media_type_is_refused(caller):
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", SECRET):
        check(caller.post("decisions/", b"{}", **{"Content-Type": media_type}), 415, "unsupported_media_type")


def test_too_much_is_refused(caller, settings):
    check(caller.post("decisions/", {"questions": [{}] * 10_001}), 413, "too_large")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    check(caller.post("decisions/", {"questions": [SECRET * 100]}), 413, "too_large")


def test_an_answer_in_another_form_than_json_is_not_offered(caller):
    check(caller.post("decisions/", {"questions": []}, Accept="text/html"), 406, "not_acceptable")


def test_an_unknown_address_and_another_method_are_problems():
    check(Client().get(f"/api/v1/{SECRET}/"), 404, "not_found")
    check(Client().get("/api/"), 404, "not_found")
    check(Client().get("/api/v2/decisions/"), 404, "not_found")


def test_another_method_is_a_problem_and_names_the_right_one(caller):
    answer = Client().get("/api/v1/decisions/", headers={"Authorization": f"Bearer {caller.token}"})

    check(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_a_bad_host_is_a_problem():
    check(Client().get("/api/v1/me/", headers={"Host": "evil.example"}), 400, "invalid")


def test_nobody_signed_in_is_a_problem_and_no_redirect():
    answer = Client().get("/api/v1/me/preferences/")

    check(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Session ")


def test_a_call_from_another_site_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_account())

    answer = client.patch("/api/v1/me/preferences/", {"choices": []}, content_type="application/json")

    check(answer, 403, "permission_denied")


def test_too_many_calls_are_told_when_to_come_back(caller, settings):
    settings.API_CALLS_PER_MINUTE = 2
    with clock.stopped_at(clock.now()):
        answers = [caller.post("decisions/", {"questions": []}) for _ in range(3)]

    assert answers[0].status_code == 200
    check(answers[-1], 429, "throttled")
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_one_clients_calls_are_not_counted_against_another(caller, settings):
    settings.API_CALLS_PER_MINUTE = 1
    other = Caller()
    with clock.stopped_at(clock.now()):
        assert [caller.post("decisions/", {"questions": []}).status_code for _ in range(2)] == [200, 429]

        assert other.post("decisions/", {"questions": []}).status_code == 200


@pytest.mark.urls("tests.api.test_problems")
def test_a_fault_of_ours_says_nothing_of_what_happened(caplog):
    client = signed_in(make_account())
    client.raise_request_exception = False

    check(client.get("/api/v1/faulty/"), 500, "server_error")
    assert any(record.exc_info for record in caplog.records), "it must be logged"


@pytest.mark.urls("tests.api.test_problems")
def test_a_view_that_names_no_scope_is_closed(caller):
    answer = Client().get("/api/v1/unnamed/", headers={"Authorization": f"Bearer {caller.token}"})

    check(answer, 403, "insufficient_scope")


def test_answers_are_not_stored(caller):
    assert caller.post("decisions/", {"questions": []})["Cache-Control"] == "no-store"


def test_a_pointer_escapes_what_it_must():
    assert pointer("a/b", "c~d", 3) == "#/a~1b/c~0d/3"
    assert pointer() == "#"


@given(
    st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3))
)
def test_any_error_of_the_framework_becomes_a_problem(details):
    answer = handle_exception(ValidationError(details), {})

    assert answer.status_code == 400
    assert all(set(error) == {"pointer", "code", "detail"} for error in answer.data.get("errors", []))
