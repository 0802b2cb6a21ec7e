"""When an erased person is gone from backups: shown at the desk, and noted as evidence once it is so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.kernel import clock
from requests_app.models import LedgerEntry, Request, TimelineEvent
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.erasure import note_erasure, note_finished, noted, running
from tests.factories.requests import with_role

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("K-03"), pytest.mark.usefixtures("ledger")]

LIST = "/admin/requests_app/ledgerentry/"


def at_desk(role: str) -> Client:
    return signed_in(with_role(make_staff(password=None), role), fresh=True)


def erased(number: int = 1) -> list[Request]:
    return [LedgerEntry.objects.get(sequence=noted(make_account(password=None).subject)).request for _each in range(number)]


def work_the_job() -> None:
    enqueue("requests.note_backup_expiry", key="now")
    run_until_idle()


def test_the_day_counts_from_the_end_of_the_erasure(settings, ledger: Path):
    settings.BACKUP_EXPIRY_DAYS = 30
    now = clock.now()
    with clock.stopped_at(now):
        (request,) = erased()

    assert set(LedgerEntry.objects.filter(request=request).values_list("gone_by", flat=True)) == {now + timedelta(days=30)}


def test_the_evidence_is_written_once_when_the_day_has_come_and_not_before():
    running_request = running(make_account(password=None).subject)
    note_erasure(running_request)
    (request,) = erased()
    work_the_job()
    before = TimelineEvent.objects.filter(event="gone_from_backups").count()

    with clock.stopped_at(clock.now() + timedelta(days=90, seconds=1)):
        work_the_job()
        work_the_job()

    event = TimelineEvent.objects.get(event="gone_from_backups")
    assert (before, event.request, event.is_internal) == (0, request, True)
    assert list(AuditEntry.objects.filter(verb="requests.gone_from_backups").values_list("ticket", "parameters")) == [
        (request.ref, {"entry": event.details["entry"]})
    ]
    assert LedgerEntry.objects.filter(gone_noted_at__isnull=False).count() == 1


def test_the_evidence_is_written_for_a_request_whose_ticket_is_gone_as_well():
    (request,) = erased()
    Request.objects.filter(pk=request.pk).delete()

    with clock.stopped_at(clock.now() + timedelta(days=91)):
        work_the_job()

    assert AuditEntry.objects.get(verb="requests.gone_from_backups").ticket == request.ref


def test_the_ticket_says_by_when_and_since_when():
    (request,) = erased()
    path, desk = f"/admin/requests_app/request/{request.pk}/change/", at_desk(AGENT)

    assert "Gone from backups by" in desk.get(path).content.decode()
    LedgerEntry.objects.update(gone_by=clock.now() - timedelta(hours=1))
    assert "Gone from backups since" in desk.get(path).content.decode()


def test_the_ticket_of_a_running_erasure_promises_no_day_and_one_that_has_not_begun_says_nothing():
    plan = running(make_account(password=None).subject)
    path, desk = f"/admin/requests_app/request/{plan.request.pk}/change/", at_desk(AGENT)

    assert "Backups" not in desk.get(path).content.decode()
    note_erasure(plan)
    page = desk.get(path).content.decode()
    assert "count from the end of the erasure" in page
    assert "Gone from backups by" not in page


def test_the_person_reads_by_when_and_since_when_but_nothing_before_the_end():
    user = make_account(password=None)
    plan = running(user.subject)
    path, person = f"/requests/{plan.request.ref}/", signed_in(user, fresh=True)

    note_erasure(plan)
    assert "Backups" not in person.get(path).content.decode()
    note_finished(plan)
    assert "The last of them is gone by" in person.get(path).content.decode()
    LedgerEntry.objects.update(gone_by=clock.now() - timedelta(days=1))
    assert "is gone from our backups, too" in person.get(path).content.decode()


@pytest.mark.parametrize("role", [DPO, AGENT, AUDITOR])
def test_everybody_at_the_desk_sees_the_list_and_nobody_changes_it(role: str):
    (request,) = erased()
    desk, entry = at_desk(role), LedgerEntry.objects.earliest("sequence")

    page = desk.get(LIST, {"q": request.ref}).content.decode()

    assert request.ref in page
    assert "May still be in backups" in page
    assert desk.get(f"{LIST}{entry.pk}/change/").status_code == 200
    assert entry.hash in desk.get(f"{LIST}{entry.pk}/change/").content.decode()
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.post(f"{LIST}{entry.pk}/delete/").status_code == 403
    assert desk.post(f"{LIST}{entry.pk}/change/", {"reference": "x"}).status_code == 403


def test_the_list_takes_as_many_queries_for_one_as_for_three(django_assert_num_queries):
    desk = at_desk(AUDITOR)
    desk.get(LIST)
    for number in (1, 2):
        erased(number)
        with django_assert_num_queries(6):
            desk.get(LIST)
