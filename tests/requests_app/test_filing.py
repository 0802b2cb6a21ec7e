"""Filing with an account: proven by the fresh log-in, one open request of a kind, a clock that runs from receipt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.mail.models import OutboxMessage
from requests_app.domain import file_request
from requests_app.domain.filing import PER_DAY
from requests_app.domain.people import actor_for
from requests_app.enums import Channel, Status
from requests_app.errors import AlreadyOpen
from requests_app.models import Bundle, Request, TimelineEvent
from requests_app.rights import all_rights
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import filed, withdrawn
from tests.requests_app.together import in_threads

NEW = "/requests/new/"


@pytest.mark.django_db
@pytest.mark.obligation("R-01", "R-08")
def test_a_request_of_a_signed_in_person_is_proven_acknowledged_and_on_its_way() -> None:
    user = make_account(password=None)

    with clock.stopped_at(datetime(2025, 3, 3, 10, tzinfo=UTC)):
        request = file_request(kind="access", user=user, actor=actor_for(user.subject))

    stored = Request.objects.get(pk=request.pk)
    assert (stored.status, stored.channel, stored.subject) == (Status.COLLECTING, Channel.ACCOUNT, user.subject)
    assert stored.due_at == datetime(2025, 3, 24, 23, 59, 59, tzinfo=UTC)  # 21 days: Malaysia's law, earlier than the month of the GDPR
    assert stored.acknowledged_at == stored.verified_at
    assert [event.event for event in TimelineEvent.objects.filter(request=request)] == ["received", "proven"]
    assert list(AuditEntry.objects.filter(ticket=request.ref).values_list("verb", flat=True)) == [
        "requests.received",
        "requests.proven",
        "mail.message_queued",
    ]
    message = OutboxMessage.objects.get(ticket=request.ref)
    assert (message.kind, message.to) == ("requests.acknowledgement", user.email)
    assert request.ref in message.subject
    assert "24 March 2025" in message.body
    assert Job.objects.filter(kind="requests.fulfil", key=str(Bundle.objects.get(request=request).pk)).count() == 1


@pytest.mark.django_db
def test_a_second_one_of_the_kind_is_refused_with_the_open_one() -> None:
    user = make_account(password=None)
    first = filed(user)

    with pytest.raises(AlreadyOpen) as refused:
        filed(user)

    assert refused.value.ref == first.ref
    assert Request.objects.count() == 1
    assert filed(user, kind="portability").kind == "portability"


@pytest.mark.django_db(transaction=True)
def test_of_two_submits_at_once_one_is_filed() -> None:
    user = make_account(password=None)

    answers = in_threads(4, lambda: file_request(kind="access", user=user, actor=actor_for(user.subject)))

    refs = {answer.ref for answer in answers}
    assert sum(isinstance(answer, Request) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyOpen) for answer in answers) == 3
    assert len(refs) == 1
    assert Request.objects.count() == Bundle.objects.count() == 1
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_ten_requests_a_day_are_enough() -> None:
    user = make_account(password=None)
    for _ in range(PER_DAY):
        withdrawn(user)

    answer = signed_in(user, fresh=True).post("/requests/new/", {"kind": "access"})
    assert (answer.status_code, Request.objects.count()) == (429, PER_DAY)
    assert "Try again tomorrow" in answer.content.decode()
    Request.objects.update(received_at=clock.now() - timedelta(hours=25))
    assert filed(user).pk


@pytest.mark.django_db
def test_the_page_says_what_comes_and_by_when_before_anything_is_sent() -> None:
    user = make_account(password=None)
    client = signed_in(user)

    with clock.stopped_at(clock.now()):
        page = client.get(NEW, {"kind": "access"}).content.decode()

    assert "What you will get" in page
    assert "at the latest" in page
    assert Request.objects.count() == 0


@pytest.mark.django_db
def test_which_right_is_asked_in_plain_questions_with_examples() -> None:
    page = signed_in(make_account(password=None)).get(NEW).content.decode()

    assert "I want to know what you hold about me" in page
    assert "I want to take my data to another service" in page
    assert page.count("For example") == len([right for right in all_rights() if right.is_listed])


@pytest.mark.django_db
def test_filing_asks_for_a_fresh_log_in_and_goes_on_afterwards() -> None:
    user = make_account(password=None)

    asked = signed_in(user).post(NEW, {"kind": "access"})
    filed_now = signed_in(user, fresh=True).post(NEW, {"kind": "access"})

    assert asked.status_code == 302
    assert asked["Location"].startswith(reverse("account_step_up"))
    assert filed_now["Location"] == reverse("requests:detail", args=[Request.objects.get().ref])


@pytest.mark.django_db
def test_the_open_request_is_shown_instead_of_a_form() -> None:
    user = make_account(password=None)
    request = filed(user)
    client = signed_in(user, fresh=True)

    page = client.get(NEW, {"kind": "access"}).content.decode()
    answer = client.post(NEW, {"kind": "access"})

    assert request.ref in page
    assert 'name="kind"' not in page
    assert answer["Location"] == reverse("requests:detail", args=[request.ref])


@pytest.mark.django_db
def test_an_unknown_kind_leads_to_the_choice() -> None:
    page = signed_in(make_account(password=None), fresh=True).post(NEW, {"kind": "teapot"})

    assert page.status_code == 200
    assert Request.objects.count() == 0


def test_references_are_random_and_readable() -> None:
    from requests_app.references import PATTERN, new_reference, tidy_reference

    refs = {new_reference() for _ in range(200)}

    assert len(refs) == 200
    assert all(PATTERN.fullmatch(ref) for ref in refs)
    assert tidy_reference(" pr 7k3m q9xa ") == "PR-7K3M-Q9XA"
    assert tidy_reference("nonsense") == "PR-NONS-ENSE"
    assert tidy_reference("12") == ""
