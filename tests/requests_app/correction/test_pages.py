"""The pages of a rectification: the person's, from gathering to the note, and the desk's, where values need a look."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from requests_app.correction.proposing import propose
from requests_app.domain import open_personal_data
from requests_app.enums import Decision, Outcome, Status
from requests_app.models import Annotation, Correction, RecipientNotice, Request
from requests_app.roles import AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.corrections import CALLS, DictSource, a_call, decided, draft, ordered, sent
from tests.factories.requests import fresh, with_role

pytestmark = pytest.mark.django_db

RECORDS = f"/requests/correct/in/{CALLS}/"
FORM = "/requests/new/?kind=rectification"


@pytest.fixture
def amira() -> Any:
    return make_account(password=None, email="amira@example.com", username="amira")


@pytest.fixture
def browser(amira) -> Client:
    return signed_in(amira, fresh=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


# The person ------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-02")
def test_from_a_record_to_a_request(amira, browser: Client) -> None:
    call = a_call(amira)
    assert "Conversations with sales and support" in text(browser.get("/requests/correct/"))
    assert "Moved to flat 12 b" in text(browser.get(RECORDS))

    began = browser.post(RECORDS, {"record": str(call.pk), "field": "summary"})
    wrong = browser.post(began["Location"], {"value": "Moved to flat 12 b", "reason": "I moved."})
    kept = browser.post(began["Location"], {"value": "Moved to flat 21 b", "reason": "I moved."})
    form = text(browser.get(FORM))
    filed = browser.post("/requests/new/", {"kind": "rectification", "asked-words": ""})

    assert (wrong.status_code, "I moved." in text(wrong), "what we hold already" in text(wrong)) == (422, True, True)
    assert (kept.status_code, kept["Location"]) == (302, FORM)
    assert "Conversations with sales and support: Summary" in form
    assert str(call.pk) not in began["Location"].replace(str(Correction.objects.get().pk), "")
    page = text(browser.get(filed["Location"]))
    assert "Moved to flat 21 b" in page
    assert Correction.objects.get().request is not None


def test_with_nothing_gathered_and_nothing_said_the_form_says_what_is_missing(browser: Client) -> None:
    answer = browser.post("/requests/new/", {"kind": "rectification", "asked-words": " "})

    assert answer.status_code == 422
    assert "choose it among your data first" in text(answer)
    assert not Request.objects.exists()


def test_without_an_account_the_form_asks_for_words() -> None:
    answer = text(Client().get(FORM))

    assert "What is wrong, and what should it be?" in answer
    assert "Look through my data" not in answer


def test_own_records_and_drafts_are_closed_to_everybody_else(amira) -> None:
    item = draft(amira, a_call(amira))
    pages = ["/requests/correct/", RECORDS, f"/requests/correct/{item.pk}/"]
    somebody = signed_in(make_account(password=None, email="b@example.com"), fresh=True)

    assert [Client().get(page).status_code for page in pages] == [302, 302, 302]
    assert [signed_in(amira).get(page).status_code for page in pages[1:]] == [302, 302]  # signed in, but not freshly
    assert somebody.get(pages[2]).status_code == 404
    assert somebody.post(f"{pages[2]}remove/").status_code == 404
    assert "Moved to flat" not in text(somebody.get(RECORDS))
    answer = somebody.post(RECORDS, {"record": item.record, "field": "summary"}, follow=True)
    assert "find this record" in text(answer)
    assert Correction.objects.count() == 1


def test_records_are_not_shown_while_the_account_is_locked(amira, browser: Client) -> None:
    call = a_call(amira)
    item = draft(amira, call)
    assert "Moved to flat 12 b" in text(browser.get(RECORDS))

    type(amira).objects.filter(pk=amira.pk).update(frozen_at=call.occurred_at)

    for page in (RECORDS, f"/requests/correct/{item.pk}/"):
        answer = text(browser.get(page, follow=True))
        assert "Moved to flat" not in answer


def test_what_was_typed_when_the_session_had_ended_comes_back(amira, browser: Client) -> None:
    item = propose(amira.subject, source=CALLS, record_key=str(a_call(amira).pk), field="summary")
    path = f"/requests/correct/{item.pk}/"
    visitor = Client()

    answer = visitor.post(path, {"value": "Moved to flat 21 b. " * 300, "reason": "My lease." * 100})
    visitor.force_login(amira)
    session = visitor.session
    session["fresh_login_at"] = browser.session["fresh_login_at"]
    session.save()

    assert answer["Location"].startswith("/accounts/login/")
    assert text(visitor.get(path)).count("Moved to flat 21 b. ") == 300


@pytest.mark.parametrize(
    ("held", "typed", "expected"),
    [
        ({"flat": 7}, {"value": "8"}, 8),
        ({"flat": True}, {"value": "no"}, False),
        ({"flat": ["a", "b"]}, {"value": "a\n\n c "}, ["a", "c"]),
        ({"flat": {"Name": "Ana", "Age": 4}}, {"value_0": "Anna", "value_1": "5"}, {"Name": "Anna", "Age": 5}),
        ({"flat": None}, {"value": "x"}, "x"),
    ],
)
def test_a_value_keeps_its_type(amira, browser: Client, held: dict[str, Any], typed: dict[str, str], expected: Any) -> None:
    from privacycenter.kernel.sources import registry  # app ready

    with registry.temporarily(DictSource(**held)):
        item = propose(amira.subject, source="tests.outside", record_key="a", field="flat")
        answer = browser.post(f"/requests/correct/{item.pk}/", typed)

    from requests_app.correction.proposing import proposed_value  # app ready

    item.refresh_from_db()
    assert answer.status_code == 302
    assert proposed_value(item) == expected


def test_a_note_is_left_from_the_page_of_the_answer(amira, browser: Client) -> None:
    call, other = a_call(amira), a_call(amira, "Asked for an offer")
    draft(amira, call)
    draft(amira, other, "Asked for nothing")
    request = sent(amira)
    _made, refused = decided(request, True, False)
    path = f"/requests/{request.ref}/"
    assert "Your lease says 12 b." not in text(browser.get(path))  # not yet answered
    ordered(request)
    run_until_idle()
    page = text(browser.get(path))

    note = f"{path}corrections/{refused.pk}/note/"
    answer = browser.post(note, {"words": "I never asked."})

    assert note in page
    assert "Service providers" in page
    assert "/complain/" in page
    assert answer["Location"] == path
    assert "I never asked." in text(browser.get(path))
    assert "I never asked." in text(browser.get(RECORDS))
    assert Annotation.objects.get().field == "summary"
    stranger = signed_in(make_account(password=None, email="b@example.com"))
    assert [stranger.get(note).status_code, Client().get(note).status_code] == [404, 404]


def test_the_person_s_page_costs_the_same_with_one_correction_and_with_three(amira, browser: Client) -> None:
    costs = []
    for _round in range(2):
        draft(amira, a_call(amira))
        if _round:
            draft(amira, a_call(amira))
            draft(amira, a_call(amira))
        request = sent(amira)
        browser.get("/requests/")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/requests/{request.ref}/").status_code == 200
        costs.append(len(queries))

    assert costs == [13, 13]


# The desk --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Client:
    return signed_in(with_role(make_staff(password=None), DPO), fresh=True)


def ticket(request: Request, path: str = "change/") -> str:
    return f"/admin/requests_app/request/{request.pk}/{path}"


def look(request: Request, desk: Client) -> None:
    from accounts.models import User  # app ready
    from privacycenter.kernel.actor import Actor  # app ready

    user = User.objects.get(pk=desk.session["_auth_user_id"])
    open_personal_data(request, reason="prepare_answer", note="to compare", actor=Actor.for_user(user))


@pytest.mark.obligation("D-07")
def test_values_show_and_are_decided_with_a_look_only(amira, desk: Client) -> None:
    draft(amira, a_call(amira))
    request = sent(amira, "It is all wrong.")
    item = Correction.objects.get()
    before = text(desk.get(ticket(request)))
    closed = desk.post(ticket(request, f"corrections/{item.pk}/"), {"verdict": "accept"})

    look(request, desk)
    after = text(desk.get(ticket(request)))
    bad = desk.post(ticket(request, f"corrections/{item.pk}/"), {"verdict": "refuse", "reason": " "})
    desk.post(ticket(request, f"corrections/{item.pk}/"), {"verdict": "accept", "reason": ""})
    desk.post(ticket(request, "corrections/do/order/"))

    assert ("Summary" in before, "flat 12 b" in before, "all wrong" in before) == (True, False, False)
    assert closed.status_code == 302
    assert all(words in after for words in ("flat 12 b", "flat 21 b", "all wrong", "my lease"))
    assert bad.status_code == 422
    assert (Correction.objects.get().decision, fresh(request).status) == (Decision.ACCEPTED, Status.CORRECTING)


def test_what_staff_typed_when_their_session_had_ended_comes_back(amira) -> None:
    draft(amira, a_call(amira))
    request = sent(amira)
    path = ticket(request, f"corrections/{Correction.objects.get().pk}/")
    visitor = Client()

    visitor.post(path, {"verdict": "refuse", "reason": "The lease names another flat."})
    desk = signed_in(with_role(make_staff(password=None), DPO), fresh=True)
    session = desk.session
    session["requests_drafts"] = visitor.session["requests_drafts"]
    session.save()
    look(request, desk)

    assert "The lease names another flat." in text(desk.get(path))


def test_a_correction_is_added_from_the_words_and_opening_records_is_noted_first(amira, desk: Client) -> None:
    call = a_call(amira)
    request = sent(amira, "You wrote flat 12 b. It is 21 b.")
    add = ticket(request, f"corrections/add/{CALLS}/")
    assert desk.get(add).status_code == 302
    assert not AuditEntry.objects.filter(verb="requests.records_opened").exists()

    look(request, desk)
    assert "Conversations" in text(desk.get(ticket(request, "corrections/add/")))
    assert "flat 12 b" in text(desk.get(add))
    began = desk.post(add, {"record": str(call.pk), "field": "summary"})
    done = desk.post(began["Location"], {"value": "Moved to flat 21 b", "reason": ""})

    assert done["Location"] == ticket(request)
    assert AuditEntry.objects.filter(verb="requests.records_opened").count() == 1
    assert Correction.objects.get().added_by_id is not None


def test_what_came_of_telling_a_recipient_is_noted(amira, desk: Client) -> None:
    draft(amira, a_call(amira))
    request = sent(amira)
    decided(request, True)
    ordered(request)
    run_until_idle()
    notice = RecipientNotice.objects.get()
    path = ticket(request, f"notices/{notice.pk}/")

    bad = desk.post(path, {"state": "told", "how": "", "note": ""})
    good = desk.post(path, {"state": "told", "how": "letter", "note": ""})

    assert (bad.status_code, good.status_code) == (422, 302)
    assert "Letter" in text(desk.get(ticket(request)))
    assert fresh(request).outcome == Outcome.FULFILLED


def test_pages_of_the_desk_are_closed_to_auditors_and_customers(amira) -> None:
    draft(amira, a_call(amira))
    request = sent(amira)
    item = Correction.objects.get()
    paths = [f"corrections/{item.pk}/", f"corrections/{item.pk}/fill/", "corrections/add/", f"corrections/add/{CALLS}/"]
    auditor = signed_in(with_role(make_staff(password=None), AUDITOR), fresh=True)

    assert {auditor.get(ticket(request, path)).status_code for path in paths} == {403}
    assert auditor.post(ticket(request, "corrections/do/order/")).status_code == 403
    assert {signed_in(amira, fresh=True).get(ticket(request, path)).status_code for path in paths} <= {302, 403}
    assert {Client().get(ticket(request, path)).status_code for path in paths} == {302}
