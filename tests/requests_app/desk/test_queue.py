"""Tools around the queue: counts, views, the board, actions on several requests, the export. None shows anything of a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from requests_app.admin import bulk
from requests_app.admin.bulk import CAP
from requests_app.admin.queue import CappedPaginator
from requests_app.charts import bars
from requests_app.figures import first_of_month, month_figures, queue_counts
from requests_app.models import EmergencyStop, Request, SavedView
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import filed, fresh, make_dpo, released, with_role, withdrawn, worked

pytestmark = pytest.mark.django_db

LIST = "/admin/requests_app/request/"
PERSON = {"full_name": "Ana Beispiel", "username": "ana", "email": "ana@example.com", "password": None}


def at_desk(role: str = DPO) -> Client:
    return signed_in(with_role(make_staff(password=None), role), fresh=True)


def chosen(action: str, *requests: Request, **more: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [request.pk for request in requests], **more}


# Counts and the list -------------------------------------------------------------------------------------------------------


def test_the_counts_are_those_of_the_filters() -> None:
    ready, late, soon = released(), filed(), filed()
    now = clock.now()
    Request.objects.filter(pk=late.pk).update(due_at=now - timedelta(days=1))
    Request.objects.filter(pk=soon.pk).update(due_at=now + timedelta(days=2))
    resting = filed()  # its clock rests while the person is asked: it is not late
    Request.objects.filter(pk=resting.pk).update(due_at=now - timedelta(days=1), paused_at=now, status="waiting")
    withdrawn()
    client = at_desk()

    counts = queue_counts()
    shown = {
        name: client.get(f"{LIST}?burns={name}").context["cl"].result_count
        for name in ("overdue", "week", "desk", "person", "new", "proof")
    }

    assert vars(counts) == shown
    assert shown == {"overdue": 1, "week": 1, "desk": 0, "person": 2, "new": 3, "proof": 0}
    assert ready.status == "ready"


def test_what_protects_a_child_stands_before_what_is_overdue_by_the_index_of_the_list() -> None:
    late, urgent, done = filed(), filed(), withdrawn()
    Request.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(days=12))
    Request.objects.filter(pk__in=[urgent.pk, done.pk]).update(is_priority=True)
    client = at_desk()

    page = client.get(LIST)

    rows = page.context["cl"].queryset
    assert [row.ref for row in rows] == [urgent.ref, late.ref, done.ref]
    assert page.content.decode().count("<strong>Urgent</strong>") == 1
    assert "before all others" in client.get(f"{LIST}{urgent.pk}/change/").content.decode()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        assert "request_order" in rows.explain()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_a_fixed_number_of_queries(number: int) -> None:
    for _each in range(number):
        filed()
    client = at_desk()
    client.get(LIST)

    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)

    tables = [query["sql"] for query in queries if "requests_app_" in query["sql"]]
    assert len(tables) == 5  # counts, proof to look at, views, how many, which


def test_the_list_counts_so_far_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests_app.admin.queue.MOST", 2)
    for _each in range(4):
        filed()

    assert CappedPaginator(Request.objects.order_by("pk"), 50).count == 2


# Views ---------------------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_without_a_search_and_is_mine_alone() -> None:
    mine, other = at_desk(), at_desk()
    filed()

    answer = mine.post(f"{LIST}views/keep/", {"name": "Late ones", "query": "burns=overdue&q=PR-7K3M-Q9XA&evil=1&kind=access"})

    assert answer["Location"] == f"{LIST}?burns=overdue&kind=access"
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("Late ones", "burns=overdue&kind=access")
    assert "Late ones" in mine.get(LIST).content.decode()
    assert "Late ones" not in other.get(LIST).content.decode()
    other.post(f"{LIST}views/{view.pk}/remove/")
    assert SavedView.objects.exists()
    mine.post(f"{LIST}views/{view.pk}/remove/")
    assert not SavedView.objects.exists()


def test_the_same_name_replaces_what_it_stood_for_and_nothing_is_kept_without_a_filter() -> None:
    client = at_desk()
    client.post(f"{LIST}views/keep/", {"name": "Mine", "query": "burns=week"})
    client.post(f"{LIST}views/keep/", {"name": "Mine", "query": "burns=new"})
    client.post(f"{LIST}views/keep/", {"name": "Empty", "query": "page=2"})

    assert list(SavedView.objects.values_list("name", "query")) == [("Mine", "burns=new")]


# Several at once -------------------------------------------------------------------------------------------------------------


def test_each_request_says_what_became_of_it_and_one_that_fails_stops_no_other() -> None:
    ready, unproven = worked(), filed()
    Request.objects.filter(pk=unproven.pk).update(status="received", subject=None, verified_at=None)
    client = at_desk()

    asked = client.post(LIST, chosen("release", ready, unproven))
    refused = client.post(LIST, chosen("release", ready, unproven, confirmed="1"))
    untouched = fresh(ready).status
    done = client.post(
        LIST, chosen("release", ready, unproven, confirmed="1", sure="on") | {"_selected_action": [ready.pk, unproven.pk, 0]}
    )

    assert (asked.status_code, refused.status_code, untouched) == (200, 422, "review")
    results = {getattr(each["request"], "ref", None): (each["is_done"], each["words"]) for each in done.context["results"]}
    assert results[None] == (False, "This request does not exist any more.")
    assert results[ready.ref] == (True, "It is now “Released”.")
    assert results[unproven.ref] == (False, "Nobody has proven this request yet: until then there is no work on it.")
    assert (fresh(ready).status, Request.objects.get(pk=unproven.pk).status) == ("ready", "received")


@pytest.mark.parametrize("action", ["take", "give_back", "retry_failed", "collect_again", "release"])
def test_no_action_touches_what_nobody_has_proven_and_each_says_why(action: str) -> None:
    unproven, proven = filed(), filed()
    Request.objects.filter(pk=unproven.pk).update(status="received", subject=None, verified_at=None)

    answer = at_desk().post(LIST, chosen(action, unproven, proven, confirmed="1", sure="on"))

    words = {each["request"].ref: each["words"] for each in answer.context["results"]}
    assert words[unproven.ref] == "Nobody has proven this request yet: until then there is no work on it."
    assert words[proven.ref] != words[unproven.ref]
    stored = Request.objects.get(pk=unproven.pk)
    assert (stored.status, stored.assignee_id) == ("received", None)


def test_where_a_request_stands_is_said_beside_what_can_not_be_done_with_it() -> None:
    ready, client = worked(), at_desk()

    answer = client.post(LIST, chosen("retry_failed", ready))

    assert answer.context["results"][0]["words"] == "This can't be done with the request as it stands. It is now “To be released”."
    assert "Nothing was done; the reasons stand beside each." in answer.content.decode()


def test_a_ticket_that_went_while_the_action_ran_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, there = filed(), filed()
    client, real = at_desk(), bulk._chosen

    def choose(*arguments: Any) -> Any:
        found = real(*arguments)
        Request.objects.filter(pk=gone.pk).delete()
        return found

    monkeypatch.setattr("requests_app.admin.bulk._chosen", choose)
    answer = client.post(LIST, chosen("take", gone, there))

    assert [each["is_done"] for each in answer.context["results"]] == [False, True]
    assert "changed by somebody else" in answer.context["results"][0]["words"]


@pytest.mark.parametrize("key", ["²", "٣", "-1", "9" * 30, "", "1; --", "\x00"])
def test_keys_that_no_list_has_offered_are_nobodys(key: str) -> None:
    request, client = filed(), at_desk()

    answer = client.post(LIST, chosen("take", request) | {"_selected_action": [str(request.pk), key]})

    assert answer.status_code == 200
    assert [each["is_done"] for each in answer.context["results"] if each["request"]] == [True]


def test_requests_are_taken_and_given_back() -> None:
    one, two = filed(), filed()
    client = at_desk()

    client.post(LIST, chosen("take", one, two))
    taken = set(Request.objects.values_list("assignee_id", flat=True))
    client.post(LIST, chosen("give_back", one))

    assert taken == {int(client.session["_auth_user_id"])}
    assert Request.objects.get(pk=one.pk).assignee_id is None


def test_more_than_the_cap_is_refused_as_a_whole() -> None:
    requests = [filed(withdrawn().subject.account) for _each in range(2)]
    client = at_desk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("requests_app.admin.bulk.CAP", 1)
        answer = client.post(LIST, chosen("take", *requests))

    assert CAP == 50
    assert answer.status_code == 422
    assert "Nothing was done" in answer.content.decode()
    assert not Request.objects.filter(assignee__isnull=False).exists()


def test_an_auditor_has_no_actions() -> None:
    request = filed()

    answer = at_desk(AUDITOR).post(LIST, chosen("take", request))

    assert "What became of each" not in answer.content.decode()
    assert fresh(request).assignee_id is None


# Export ----------------------------------------------------------------------------------------------------------------------


def test_the_export_holds_what_the_filters_show_nothing_of_the_person_and_no_formula() -> None:
    shown, hidden = filed(make_account(**PERSON)), withdrawn()
    staff = make_dpo(username="=cmd")
    Request.objects.filter(pk=shown.pk).update(assignee=staff)

    answer = at_desk().get(f"{LIST}export/?state=collecting")
    text = b"".join(answer).decode()

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[0] for line in text.lstrip("\ufeff").splitlines()] == ["reference", shown.ref]
    assert text.rstrip().endswith(",'=cmd")
    assert not any(word in text for word in ("Ana", "Beispiel", "ana@example.com", hidden.ref))
    assert AuditEntry.objects.filter(verb="requests.list_exported").count() == 1


# The board -------------------------------------------------------------------------------------------------------------------


def test_the_board_counts_a_month_by_right() -> None:
    quick, late, open_one = released(), released(), filed()
    withdrawn()
    then = late.answered_at - timedelta(days=40)
    Request.objects.filter(pk=late.pk).update(received_at=then, verified_at=then, due_at=late.answered_at - timedelta(days=9))
    figures = month_figures(first_of_month())

    (access,) = figures.kinds
    assert (access.received, access.answered, access.on_time, access.late, access.withdrawn) == (3, 2, 1, 1, 1)
    assert (access.days, figures.steps, figures.overdue_now) == (20.0, (1, 0, 0, 0, 0, 0, 1), 0)
    assert {quick.status, open_one.status} == {"ready", "collecting"}


def test_the_board_is_drawn_without_style_or_script_and_for_all_of_the_desk() -> None:
    released()

    for role in (DPO, AGENT, AUDITOR):
        text = at_desk(role).get(f"{LIST}board/").content.decode()
        assert '<svg class="chart"' in text
        assert "style=" not in text
    assert at_desk().get(f"{LIST}board/?month=1999-01").status_code == 404
    assert "Nothing came in" in at_desk().get(f"{LIST}board/?month=2020-01").content.decode()
    assert signed_in(make_account(password=None)).get(f"{LIST}board/").status_code in (302, 403)


def test_bars_have_one_scale_and_the_smallest_is_seen() -> None:
    chart = bars([("a", [(1_000, "x")], "1000"), ("b", [(1, "x"), (0, "y")], "1"), ("c", [], "0")])

    widths = [[bar.width for bar in row.bars] for row in chart.rows]
    assert widths == [[410], [2, 0], []]
    assert not chart.is_empty
    assert bars([]).is_empty


# Stops and holds at the desk -------------------------------------------------------------------------------------------------


def test_stops_are_made_and_lifted_at_the_desk_by_those_who_may() -> None:
    client, agent = at_desk(), at_desk(AGENT)

    made = client.post(f"{LIST}stops/", {"form": "stop", "source": "", "reason": "The disk is filling up."})
    seen = agent.get(f"{LIST}stops/").content.decode()
    refused = agent.post(f"{LIST}stops/", {"form": "stop", "source": "", "reason": "Mine"})

    assert made.status_code == 302
    assert "The disk is filling up." in seen
    assert "Stop now" not in seen
    assert refused.status_code == 422
    assert EmergencyStop.objects.count() == 1


def test_a_hold_is_placed_on_a_ticket_and_its_note_waits_for_a_reason() -> None:
    request = filed(make_account(**PERSON))
    client = at_desk()
    day = (clock.now() + timedelta(days=30)).date().isoformat()

    client.post(f"{LIST}{request.pk}/hold/", {"source": "", "ground": "A claim in court", "until": day, "note": "Ana sued"})
    text = client.get(f"{LIST}{request.pk}/change/").content.decode()

    assert "A claim in court" in text
    assert "Ana sued" not in text
