"""What an erasure leaves of requests, of copies made for them, and of mail that waits (R-03, K-02)."""

from __future__ import annotations

import pytest
from django.core import mail

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.sources import CannotErase, Treatment, registry
from privacycenter.mail.domain import queue_message
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.models import Subject
from requests_app.fulfilment.reading import open_bundle
from requests_app.models import Request
from tests.factories.accounts import make_account
from tests.factories.preferences import SYSTEM
from tests.factories.requests import bundle_of, filed, released

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-03")]


def erase(key: str, user):
    source = registry.get(key)
    locator = source.locate(Subject.objects.get(pk=user.subject_id))
    done = source.erase(locator, source.describe().erasure.treatment)
    return done, source.verify_erased(locator)


def test_a_copy_that_was_made_for_the_person_can_not_be_opened_any_more():
    user = make_account(password=None)
    request = released(user)
    assert b"".join(open_bundle(bundle_of(request)).iter())

    done, left = erase("requests.requests", user)
    run_until_idle()

    bundle = bundle_of(request)
    assert (done.retained, left, Request.objects.get(pk=request.pk).status) == (1, 1, request.status)
    assert (bundle.key, bundle.shredded_at is not None) == (None, True)
    assert list(bundle.steps.exclude(locator=None)) == []


def test_requests_are_not_deleted():
    user = make_account(password=None)
    filed(user)
    source = registry.get("requests.requests")

    with pytest.raises(CannotErase):
        source.erase(source.locate(user.subject), Treatment.DELETE)

    assert Request.objects.count() == 1


def test_mail_that_waits_is_not_sent_and_says_nothing_any_more():
    user, other = make_account(), make_account()
    for each in (user, other):
        queue_message("accounts.closed", to=each.email, context={"name": "x"}, subject_key=str(each.subject.public_id), actor=SYSTEM)

    done, left = erase("mail.messages", user)
    run_until_idle()

    assert (done.anonymised, left) == (1, 0)
    assert [message.to for message in mail.outbox] == [[other.email]]
    row = OutboxMessage.objects.earliest("pk")
    assert (row.state, row.to, row.subject, row.body, row.address_hash, row.subject_key) == ("refused", "", "", "", "", "")
