"""The desk: what each role may do, a queue that shows what burns and nothing of the person, a ticket that opens with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import registry
from requests_app.domain import answer_reopening, assign, open_personal_data
from requests_app.enums import Status
from requests_app.errors import NotAllowed, NotProven, ReasonMissing
from requests_app.models import Look, Request
from requests_app.roles import AGENT, AUDITOR, DPO, ROLES, make_roles
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import ToldSource, filed, fresh, make_dpo, reopened, staff_actor, with_role, worked
from tests.requests_app.test_fulfilment import refuse_for_ever

pytestmark = pytest.mark.django_db

LIST = "/admin/requests_app/request/"
PERSON = {"full_name": "Ana Beispiel", "username": "ana", "email": "ana@example.com", "password": None}


def at_desk(role: str = DPO) -> Client:
    """A client of somebody at the desk, signed in with a second factor."""
    return signed_in(with_role(make_staff(password=None), role), fresh=True)


def user_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def ticket(request: Request, path: str = "change/") -> str:
    return f"{LIST}{request.pk}/{path}"


@pytest.fixture
def request_in_review() -> Request:
    return worked(make_account(**PERSON))


# Roles -----------------------------------------------------------------------------------------------------------------


def test_the_roles_exist_after_a_migration_and_can_be_made_again() -> None:
    before = {group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()}

    make_roles()

    assert set(before) >= {DPO, AGENT, AUDITOR}
    assert before == {group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()}
    assert {label.partition(".")[2] for label in ROLES[DPO]} == before[DPO]


def test_a_permission_that_was_taken_away_or_added_by_hand_is_put_right() -> None:
    group = Group.objects.get(name=AUDITOR)
    before = set(group.permissions.values_list("pk", flat=True))
    group.permissions.set(Group.objects.get(name=DPO).permissions.all())

    make_roles()

    assert set(group.permissions.values_list("pk", flat=True)) == before


MAY = {
    # path: (needs, roles that may)
    "list": (LIST, {DPO, AGENT, AUDITOR}),
    "ticket": ("change/", {DPO, AGENT, AUDITOR}),
    "find": (f"{LIST}find/", {DPO, AGENT}),
    "preview": ("preview/", {DPO, AGENT}),
}


@pytest.mark.parametrize("role", [DPO, AGENT, AUDITOR, ""])
@pytest.mark.parametrize("name", list(MAY))
def test_who_may_read_what(request_in_review: Request, role: str, name: str) -> None:
    path, roles = MAY[name]
    client = at_desk(role) if role else signed_in(make_staff(password=None), fresh=True)

    answer = client.get(path if path.startswith("/") else ticket(request_in_review, path))

    assert (answer.status_code != 403) == (role in roles)


@pytest.mark.parametrize("role", [DPO, AGENT, AUDITOR, ""])
@pytest.mark.parametrize("path", ["act/released/", "assign/", "withhold/", "look/"])
def test_who_may_do_what(request_in_review: Request, role: str, path: str) -> None:
    client = at_desk(role) if role else signed_in(make_staff(password=None), fresh=True)

    answer = client.post(ticket(request_in_review, path), {"source": "requests.requests", "reason": "x", "assignee": ""})

    assert (answer.status_code != 403) == (role in {DPO, AGENT})
    assert client.get(ticket(request_in_review, path)).status_code in {403, 405}


@pytest.mark.parametrize("path", [LIST, f"{LIST}1/change/", f"{LIST}find/"])
def test_people_without_the_desk_get_no_desk(request_in_review: Request, path: str) -> None:
    answers = [client.get(path) for client in (Client(), signed_in(make_account(password=None), fresh=True))]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_nobody_is_given_what_nobody_has_proven_and_the_ticket_offers_no_such_thing() -> None:
    request, client = filed(), at_desk()
    assert 'name="assignee"' in client.get(ticket(request)).content.decode()
    Request.objects.filter(pk=request.pk).update(status=Status.RECEIVED, subject=None, verified_at=None)

    page = client.get(ticket(request)).content.decode()
    answer = client.post(ticket(request, "assign/"), {"assignee": user_of(client).pk}, follow=True)

    assert 'name="assignee"' not in page
    assert "Nobody has proven this request yet" in answer.content.decode()
    with pytest.raises(NotProven):
        assign(Request.objects.get(pk=request.pk), assignee=None, actor=staff_actor())


def test_configuration_is_for_the_data_protection_officer() -> None:
    change = {label for label in ROLES[DPO] if label.startswith("datamap.change")}

    assert change
    assert not change & {*ROLES[AGENT], *ROLES[AUDITOR]}
    assert not any(label.endswith(("work_request", "see_personal_data")) for label in ROLES[AUDITOR])


# The queue -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_takes_the_same_queries_for_few_and_many(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        filed()
    client = at_desk()
    client.get(LIST)

    with django_assert_num_queries(9):
        page = client.get(LIST).content.decode()

    assert page.count('class="field-ref"') == count


def test_the_queue_shows_nothing_of_the_person_and_what_burns_first(request_in_review: Request) -> None:
    later, overdue = filed(), filed()
    Request.objects.filter(pk=overdue.pk).update(due_at=clock.now() - timedelta(days=2))
    Request.objects.filter(pk=later.pk).update(due_at=clock.now() + timedelta(days=90))

    page = at_desk().get(LIST).content.decode()

    assert page.index(overdue.ref) < page.index(request_in_review.ref) < page.index(later.ref)
    assert "2 days overdue" in page or "3 days overdue" in page
    assert not any(word in page for word in ("ana@example.com", "Beispiel"))


@pytest.mark.parametrize(
    ("choice", "found"), [("overdue", ["overdue"]), ("week", ["week"]), ("desk", ["review"]), ("new", ["overdue", "week", "review"])]
)
def test_the_queue_can_be_cut_by_what_burns(request_in_review: Request, choice: str, found: list[str]) -> None:
    requests = {"review": request_in_review, "overdue": filed(), "week": filed()}
    Request.objects.filter(pk=requests["overdue"].pk).update(due_at=clock.now() - timedelta(days=1))
    Request.objects.filter(pk=requests["week"].pk).update(due_at=clock.now() + timedelta(days=3))

    page = at_desk().get(LIST, {"burns": choice}).content.decode()

    assert [name for name, request in requests.items() if request.ref in page] == [name for name in requests if name in found]


def test_a_reference_is_found_however_it_is_typed(request_in_review: Request) -> None:
    other = filed()

    page = at_desk().get(LIST, {"q": request_in_review.ref.lower().replace("-", " ")}).content.decode()

    assert request_in_review.ref in page
    assert other.ref not in page


def test_an_exact_identifier_is_posted_and_the_search_is_noted(request_in_review: Request) -> None:
    client = at_desk()

    page = client.post(f"{LIST}find/", {"kind": "email", "value": "ANA@example.com"}).content.decode()
    nothing = client.post(f"{LIST}find/", {"kind": "email", "value": "nobody@example.com"}).content.decode()

    assert request_in_review.ref in page
    assert "No request of a person" in nothing
    assert list(AuditEntry.objects.filter(verb="requests.searched_by_identifier").values_list("parameters", flat=True)) == [
        {"found": 1},
        {"found": 0},
    ]


# The ticket ------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("D-07")
def test_nothing_personal_is_shown_before_a_reason(request_in_review: Request) -> None:
    client = at_desk()

    closed = client.get(ticket(request_in_review)).content.decode()
    refused = client.post(ticket(request_in_review, "look/"), {"reason": "prepare_answer", "note": ""})
    client.post(ticket(request_in_review, "look/"), {"reason": "prepare_answer", "note": "Check the address."})
    opened = client.get(ticket(request_in_review)).content.decode()

    assert not any(word in closed for word in ("ana@example.com", "Beispiel"))
    assert refused.status_code == 422
    assert all(word in opened for word in ("ana@example.com", "Beispiel"))
    entry = AuditEntry.objects.get(verb="requests.personal_data_opened")
    assert (entry.ticket, entry.parameters, entry.actor_ref) == (
        request_in_review.ref,
        {"reason": "prepare_answer"},
        str(user_of(client).pk),
    )


def test_a_look_is_for_one_person_one_ticket_and_a_quarter_of_an_hour(request_in_review: Request) -> None:
    client, colleague = at_desk(), at_desk()
    client.post(ticket(request_in_review, "look/"), {"reason": "repair", "note": "A source failed."})

    assert "ana@example.com" in client.get(ticket(request_in_review)).content.decode()
    assert "ana@example.com" not in colleague.get(ticket(request_in_review)).content.decode()
    with clock.stopped_at(clock.now() + timedelta(minutes=16)):
        client.session.save()
        assert Look.objects.filter(expires_at__gt=clock.now()).count() == 0


def test_if_the_trail_can_not_be_written_nothing_opens(request_in_review: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    from requests_app.domain import desk

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(desk, "record", refuse)

    with pytest.raises(OSError, match="disk full"):
        open_personal_data(request_in_review, reason="repair", note="x", actor=Actor.for_user(make_dpo()))
    assert not Look.objects.exists()


def test_a_look_takes_a_known_reason_and_the_permission(request_in_review: Request) -> None:
    with pytest.raises(ReasonMissing):
        open_personal_data(request_in_review, reason="curiosity", note="x", actor=Actor.for_user(make_dpo()))
    auditor = with_role(make_staff(password=None, factor=False), AUDITOR)
    with pytest.raises(NotAllowed):
        open_personal_data(request_in_review, reason="repair", note="x", actor=Actor.for_user(auditor))


def test_the_preview_is_the_persons_document_and_an_entry_of_its_own(request_in_review: Request) -> None:
    client = at_desk()

    assert client.get(ticket(request_in_review, "preview/")).status_code == 302
    client.post(ticket(request_in_review, "look/"), {"reason": "prepare_answer", "note": "Check it."})
    answer = client.get(ticket(request_in_review, "preview/"))

    assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.filter(verb="requests.preview_opened", ticket=request_in_review.ref).count() == 1


def test_what_the_person_wrote_is_personal_too() -> None:
    request = reopened(make_account(**PERSON))
    client = at_desk()

    assert "The call of May." not in client.get(ticket(request)).content.decode()
    client.post(ticket(request, "look/"), {"reason": "question", "note": "What is missing?"})
    assert "The call of May." in client.get(ticket(request)).content.decode()


def test_what_staff_wrote_about_the_person_waits_for_a_reason_as_well() -> None:
    request = reopened(make_account(**PERSON))
    answer_reopening(request, answer="Ms Lim has no such call.", actor=staff_actor())
    client = at_desk()

    page = client.get(ticket(request)).content.decode()
    assert "Ms Lim" not in page
    assert "There is a note. Give a reason to read it." in page
    client.post(ticket(request, "look/"), {"reason": "question", "note": "What was said?"})
    assert "Ms Lim has no such call." in client.get(ticket(request)).content.decode()


def test_the_buttons_are_the_legal_moves(request_in_review: Request) -> None:
    client = at_desk()

    review = client.get(ticket(request_in_review)).content.decode()
    client.post(ticket(request_in_review, "act/released/"), {"sure": "on"})
    ready = client.get(ticket(request_in_review)).content.decode()

    assert "Release to the person" in review
    assert "Collect everything again" in review
    assert "Complete despite the failure" not in review
    assert fresh(request_in_review).status == Status.READY
    assert "Nothing to do for you now." in ready


def test_a_failure_is_completed_with_a_reason_at_the_ticket() -> None:
    with registry.temporarily(ToldSource("tests.broken", refuse_for_ever)):
        request = worked()
        client = at_desk()

        page = client.get(ticket(request)).content.decode()
        client.post(ticket(request, "act/completed_despite_failure/"), {"words": ""})
        assert fresh(request).status == Status.ATTENTION
        client.post(ticket(request, "act/completed_despite_failure/"), {"words": "Being moved."})

    assert "no_such_table" in page
    assert fresh(request).status == Status.ASSEMBLING


@pytest.mark.parametrize("event", ["proven", "assembled", "withdrawn", "teapot"])
def test_moves_of_others_can_not_be_made_at_the_desk(request_in_review: Request, event: str) -> None:
    assert at_desk().post(ticket(request_in_review, f"act/{event}/")).status_code == 404
    assert fresh(request_in_review).status == Status.REVIEW


def test_a_move_that_came_too_late_is_said_and_changes_nothing(request_in_review: Request) -> None:
    client = at_desk()
    client.post(ticket(request_in_review, "act/released/"), {"sure": "on"})

    answer = client.post(ticket(request_in_review, "act/released/"), {"sure": "on"}, follow=True)

    assert "This can&#x27;t be done" in answer.content.decode() or "can't be done" in answer.content.decode()
    assert fresh(request_in_review).status == Status.READY


def test_a_request_is_given_to_somebody_who_may_work_on_it(request_in_review: Request) -> None:
    client = at_desk(AGENT)
    agent, auditor = user_of(client), with_role(make_staff(password=None, factor=False), AUDITOR)

    client.post(ticket(request_in_review, "assign/"), {"assignee": agent.pk})
    assert fresh(request_in_review).assignee == agent
    client.post(ticket(request_in_review, "assign/"), {"assignee": auditor.pk})
    assert fresh(request_in_review).assignee == agent
    with pytest.raises(NotAllowed):
        assign(fresh(request_in_review), assignee=auditor, actor=Actor.for_user(agent))


def test_nothing_is_added_changed_or_deleted_by_hand(request_in_review: Request) -> None:
    client = signed_in(make_staff(password=None, is_superuser=True), fresh=True)

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(ticket(request_in_review, "delete/"), {"post": "yes"}).status_code == 403
    assert client.post(ticket(request_in_review), {"status": "closed"}).status_code in {200, 405}
    assert fresh(request_in_review).status == Status.REVIEW


def test_the_ticket_takes_a_fixed_number_of_queries(request_in_review: Request, django_assert_max_num_queries: Any) -> None:
    client = at_desk()
    client.get(ticket(request_in_review))

    with django_assert_max_num_queries(27):
        client.get(ticket(request_in_review))


def test_an_unknown_ticket_is_not_found() -> None:
    client = at_desk()

    assert [client.get(f"{LIST}{pk}/change/").status_code for pk in ("999", "abc")] == [404, 404]
