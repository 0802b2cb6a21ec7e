"""A person's own pages: who sees what, in which state, and how many queries that takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from requests_app.domain.messages import add_note
from requests_app.enums import Status
from requests_app.models import IdentityProof, Request, TimelineEvent
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import filed, fresh, released, reopened, staff_actor, withdrawn, worked
from tests.requests_app.test_proof import KNOWN, file, know, mailed, prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return make_account(password=None)


def by_code(request: Request) -> Client:
    """A client that proved itself with a code for this request."""
    client = Client()
    client.get(f"/requests/{request.ref}/")
    client.post(f"/requests/{request.ref}/code/")
    proof = IdentityProof.objects.latest("pk")
    client.post("/requests/code/", {"code": mailed(proof)})
    return client


@pytest.fixture
def without_account() -> Request:
    know()
    proof = file()
    return prove(proof, mailed(proof))


# Who sees it -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "withdraw/", "reopen/", "fetch/", "bundle/"])
def test_somebody_elses_request_is_not_there(owner: Any, path: str) -> None:
    request = filed(owner)

    assert signed_in(make_account(password=None)).get(f"/requests/{request.ref}/{path}").status_code == 404


def test_a_link_alone_shows_the_same_as_a_link_to_nothing(owner: Any) -> None:
    request = filed(owner)
    client = Client()
    client.get("/requests/")

    def page(ref: str) -> tuple[int, str]:
        answer = client.get(f"/requests/{ref}/")
        return answer.status_code, answer.content.decode().replace(ref, "REF").split("csrfmiddlewaretoken")[0]

    assert page(request.ref) == page("PR-AAAA-AAAA")
    assert client.get("/requests/nonsense/").status_code == 404


@pytest.mark.obligation("R-01", "R-08")
def test_without_an_account_a_code_opens_the_request_for_this_session(without_account: Request) -> None:
    client = by_code(without_account)

    assert "Collecting your data" in client.get(f"/requests/{without_account.ref}/").content.decode()
    assert without_account.ref in client.get("/requests/").content.decode()
    assert "Show us that it is your request" in Client().get(f"/requests/{without_account.ref}/").content.decode()


def test_the_session_gets_a_new_key_with_the_proof(without_account: Request) -> None:
    client = Client()
    client.post(f"/requests/{without_account.ref}/code/")
    before = client.session.session_key
    client.post("/requests/code/", {"code": mailed(IdentityProof.objects.latest("pk"))})

    assert client.session.session_key != before


def test_a_code_opens_no_other_request_of_the_same_person(without_account: Request) -> None:
    proof = file(kind="portability")
    other = prove(proof, mailed(proof))

    assert "Show us that it is your request" in by_code(without_account).get(f"/requests/{other.ref}/").content.decode()


def test_an_account_made_meanwhile_closes_the_way_by_code(without_account: Request) -> None:
    client = by_code(without_account)
    assert "Collecting" in client.get(f"/requests/{without_account.ref}/").content.decode()
    from privacycenter.kernel.actor import Actor
    from privacycenter.subjects.domain import merge_subjects

    account = make_account(password=None)
    merge_subjects(
        account.subject, without_account.subject, reason="same_person", actor=Actor.for_user(make_account(password=None, is_staff=True))
    )

    assert "Show us that it is your request" in client.get(f"/requests/{without_account.ref}/").content.decode()


def test_without_an_account_the_download_takes_a_fresh_code(without_account: Request) -> None:
    from datetime import timedelta

    from privacycenter.kernel import clock
    from requests_app.domain import release_bundle
    from tests.factories.requests import staff_actor

    run_until_idle()
    release_bundle(fresh(without_account), actor=staff_actor())
    ref = without_account.ref
    client = by_code(without_account)

    with clock.stopped_at(clock.now() + timedelta(minutes=6)):
        assert "fresh code" in client.get(f"/requests/{ref}/fetch/").content.decode()
        assert client.post(f"/requests/{ref}/fetch/open/")["Location"] == f"/requests/{ref}/fetch/"
    assert client.post(f"/requests/{ref}/fetch/open/")["Location"] == f"/requests/{ref}/bundle/"
    assert client.get(f"/requests/{ref}/bundle/").status_code == 200


# States ----------------------------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_can_be_done(owner: Any) -> None:
    page = signed_in(owner).get("/requests/").content.decode()

    assert "No requests yet" in page
    assert "/requests/new/" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_few_and_many(owner: Any, count: int, django_assert_num_queries: Any) -> None:
    for number in range(count):
        request = withdrawn(owner) if number else filed(owner, kind="portability")
    client = signed_in(owner)
    client.get("/requests/")  # the first visit notes the session's start

    with django_assert_num_queries(5):  # session, user, subject (for the time zone), count, rows
        page = client.get("/requests/").content.decode()

    assert page.count("request-list__title") == count
    assert request.ref in page


def test_many_requests_come_in_pages(owner: Any) -> None:
    for days in range(21, 0, -1):
        with clock.stopped_at(clock.now() - timedelta(days=days)):
            withdrawn(owner)
    client = signed_in(owner)

    first, second = client.get("/requests/").content.decode(), client.get("/requests/?page=2").content.decode()

    assert (first.count("request-list__title"), second.count("request-list__title")) == (20, 1)


def test_a_request_in_work_shows_honest_progress_and_why_the_date(owner: Any) -> None:
    request = filed(owner)

    page = signed_in(owner).get(f"/requests/{request.ref}/").content.decode()

    assert "Waiting for its turn." in page
    assert "Look again" in page
    assert "Why this date" in page
    assert "GDPR Art. 12(3)" in page
    assert "Withdraw the request" in page
    assert "Something is missing" not in page


def test_a_finished_one_shows_the_button_and_the_way_back(owner: Any) -> None:
    request = released(owner)

    page = signed_in(owner).get(f"/requests/{request.ref}/").content.decode()

    assert "Ready to download" in page
    assert f"/requests/{request.ref}/fetch/" in page
    assert f"/requests/{request.ref}/reopen/" in page
    assert f"/requests/{request.ref}/withdraw/" not in page


def test_a_request_in_review_takes_few_queries(owner: Any, django_assert_max_num_queries: Any) -> None:
    request = worked(owner)
    client = signed_in(owner)

    with django_assert_max_num_queries(12):
        page = client.get(f"/requests/{request.ref}/").content.decode()

    assert "A colleague checks it" in page


# Acts ------------------------------------------------------------------------------------------------------------------


def test_withdrawing_asks_first_and_then_destroys(owner: Any) -> None:
    request = filed(owner)
    client = signed_in(owner)

    asked = client.get(f"/requests/{request.ref}/withdraw/")
    assert Request.objects.get().status == Status.COLLECTING
    done = client.post(f"/requests/{request.ref}/withdraw/", follow=True)

    assert "Withdraw this request?" in asked.content.decode()
    assert "Withdrawn by you" in done.content.decode()


def test_an_answered_request_can_not_be_withdrawn(owner: Any) -> None:
    request = released(owner)

    assert signed_in(owner).post(f"/requests/{request.ref}/withdraw/")["Location"] == f"/requests/{request.ref}/"
    assert fresh(request).status == Status.READY


@pytest.mark.obligation("R-01")
def test_something_missing_goes_to_the_desk_in_the_persons_words(owner: Any) -> None:
    request = released(owner)
    client = signed_in(owner)

    client.post(f"/requests/{request.ref}/reopen/", {"words": "The call of 3 May."})

    assert fresh(request).status == Status.REOPENED
    assert TimelineEvent.objects.filter(request=request).latest("id").note == "The call of 3 May."
    assert "The call of 3 May." in client.get(f"/requests/{request.ref}/").content.decode()


@pytest.mark.parametrize("words", ["", "   ", "Card 4111 1111 1111 1111 is missing", "x" * 2001])
def test_what_can_not_be_taken_is_said_at_the_field(owner: Any, words: str) -> None:
    request = released(owner)

    answer = signed_in(owner).post(f"/requests/{request.ref}/reopen/", {"words": words})

    assert answer.status_code == 422
    assert fresh(request).status == Status.READY


def test_a_reopened_one_can_not_be_reopened_again(owner: Any) -> None:
    request = reopened(owner)

    assert signed_in(owner).get(f"/requests/{request.ref}/reopen/").status_code == 302


def test_words_survive_the_end_of_the_session(owner: Any) -> None:
    request = released(owner)
    path = f"/requests/{request.ref}/reopen/"
    client = Client()

    lost = client.post(path, {"words": "The call of 3 May."})
    assert "Your words are kept" in lost.content.decode()
    assert "3 May" not in str(dict(client.session))
    client.force_login(owner)

    assert "The call of 3 May." in client.get(path).content.decode()


def test_long_words_come_back_whole_and_stay_until_they_are_sent(owner: Any) -> None:
    request = released(owner)
    path = f"/requests/{request.ref}/reopen/"
    client, words = Client(), "The call of 3 May. " * 1000 + "The end."
    client.post(path, {"words": words})
    client.force_login(owner)

    assert words in client.get(path).content.decode()
    assert words in client.get(path).content.decode()  # loaded again
    client.post(path, {"words": "The call of 3 May."})
    assert "requests_drafts" not in client.session or not client.session["requests_drafts"]


def test_words_that_are_too_long_to_be_kept_are_given_back_with_the_reason(owner: Any) -> None:
    client, words = Client(), "x" * 100_000 + "<b>"

    answer = client.post("/requests/PR-AAAA-AAAA/reopen/", {"words": words})

    page = answer.content.decode()
    assert answer.status_code == 413
    assert "x" * 100_000 + "&lt;b&gt;" in page
    assert "100003" in page.replace(",", "")
    assert "requests_drafts" not in client.session


def test_of_words_typed_too_late_the_last_five_are_kept(owner: Any) -> None:
    client = Client()
    for letter in "ABCDEF":
        client.post(f"/requests/PR-{letter * 4}-AAAA/reopen/", {"words": letter})

    assert list(client.session["requests_drafts"]) == [f"reopen:PR-{letter * 4}-AAAA" for letter in "BCDEF"]
    assert client.post("/requests/anything/reopen/", {"words": "x"}).status_code == 404


def test_what_a_code_opened_shuts_after_half_an_hour_without_use(without_account: Request) -> None:
    client, page, start = by_code(without_account), f"/requests/{without_account.ref}/", clock.now()

    def opens(minutes: int) -> bool:
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            return "Leave this request" in client.get(page).content.decode()

    assert [opens(minutes) for minutes in (29, 58, 87, 118, 119)] == [True, True, True, False, False]


def test_leaving_a_request_forgets_the_session(without_account: Request) -> None:
    client = by_code(without_account)
    key = client.session.session_key

    assert "left the request" in client.post("/requests/leave/", follow=True).content.decode()
    assert client.session.session_key != key
    assert "Leave this request" not in client.get(f"/requests/{without_account.ref}/").content.decode()
    assert client.get("/requests/leave/").status_code == 405


def test_a_later_log_in_shuts_what_a_code_opened(without_account: Request, owner: Any) -> None:
    client = by_code(without_account)

    client.force_login(owner)

    assert client.get(f"/requests/{without_account.ref}/").status_code == 404


def test_the_reference_form_leads_to_the_request() -> None:
    client = Client()

    assert client.post("/requests/", {"reference": "pr-7k3m q9xa"})["Location"] == "/requests/PR-7K3M-Q9XA/"
    assert client.post("/requests/", {"reference": "?"}).status_code == 422


@pytest.mark.parametrize("path", ["/requests/", "/requests/new/", "/requests/new/?kind=access", "/requests/PR-7K3M-Q9XA/"])
def test_pages_work_without_script_and_have_one_heading(path: str) -> None:
    page = Client().get(path).content.decode()

    assert page.count("<h1>") == 1
    assert "<script" not in page
    assert " style=" not in page


def test_a_request_under_a_known_address_of_nobody_is_listed_nowhere() -> None:
    know(KNOWN)
    file()

    assert Request.objects.verified().count() == 0


def test_a_date_that_has_passed_is_no_promise(owner: Any) -> None:
    request = worked(owner)
    Request.objects.filter(pk=request.pk).update(due_at=clock.now() - timedelta(days=2))
    client = signed_in(owner)

    page = client.get(f"/requests/{request.ref}/").content.decode()
    home = client.get("/dashboard/").content.decode()

    assert "It is late, and we are sorry." in page
    assert "You have our answer by" not in page
    assert "Late, and we are sorry" in home


def test_what_colleagues_write_for_each_other_is_not_in_the_persons_list(owner: Any) -> None:
    request = worked(owner)
    add_note(request, words="Ask the archive.", actor=staff_actor())

    page = signed_in(owner).get("/dashboard/activity/").content.decode()

    assert "note for colleagues" not in page
    assert "It was confirmed that a request is yours" in page
