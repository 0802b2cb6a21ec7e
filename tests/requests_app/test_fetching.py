"""The file leaves the house only to the person, freshly proven, and not while somebody may have taken over the account."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from requests_app.domain import open_download
from requests_app.domain.people import actor_for
from requests_app.errors import BundleLocked
from requests_app.models import Bundle, DownloadGrant, Request
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import bundle_of, released, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return make_account(password=None)


@pytest.fixture
def request_ready(owner: Any) -> Request:
    return released(owner)


def paths(request: Request) -> tuple[str, str, str]:
    base = f"/requests/{request.ref}"
    return f"{base}/fetch/", f"{base}/fetch/open/", f"{base}/bundle/"


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.obligation("R-01", "G-02")
def test_a_fresh_log_in_opens_the_download_for_this_session(owner: Any, request_ready: Request) -> None:
    page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)

    assert client.get(file).status_code == 404
    opened = client.post(start)
    answer = client.get(file)

    assert opened["Location"] == file
    assert hashlib.sha256(content(answer)).hexdigest() == bundle_of(request_ready).sha256
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Content-Disposition"].startswith(f'attachment; filename="privacy-bundle-{request_ready.ref}.zip"')
    assert bundle_of(request_ready).fetched_at is not None
    assert AuditEntry.objects.filter(verb="requests.download_opened", ticket=request_ready.ref).count() == 1
    assert b"Download" in client.get(page).content


def test_without_a_fresh_log_in_the_button_asks_for_one(owner: Any, request_ready: Request) -> None:
    answer = signed_in(owner).post(paths(request_ready)[1])

    assert answer.status_code == 302
    assert "/accounts/" in answer["Location"]
    assert not DownloadGrant.objects.exists()


def test_a_broken_download_resumes_with_the_grant_alone(owner: Any, request_ready: Request) -> None:
    _page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)
    client.post(start)
    session = client.session
    session.pop("fresh_login_at")
    session.save()

    head = client.head(file)
    part = client.get(file, headers={"range": "bytes=100-199"})

    assert head["Content-Length"] == str(bundle_of(request_ready).size)
    assert (part.status_code, len(content(part))) == (206, 100)


def test_the_grant_belongs_to_one_session_and_ends(owner: Any, request_ready: Request) -> None:
    _page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)
    client.post(start)

    assert signed_in(owner, fresh=True).get(file).status_code == 404
    assert DownloadGrant.objects.get().expires_at - DownloadGrant.objects.get().opened_at == timedelta(hours=24)
    DownloadGrant.objects.update(expires_at=clock.now())
    assert client.get(file).status_code == 404


def test_after_a_credential_change_the_file_stays_locked(owner: Any, request_ready: Request) -> None:
    page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)
    client.post(start)
    assert client.get(file).status_code == 200

    type(owner).objects.filter(pk=owner.pk).update(credential_changed_at=clock.now() - timedelta(hours=71))

    locked = client.get(page).content.decode()
    assert "Locked for now" in locked
    assert f'action="{start}"' not in locked
    assert client.post(start)["Location"] == page
    assert client.get(file)["Location"] == page
    assert DownloadGrant.objects.count() == 1


def test_a_freeze_ends_the_session_and_locks_the_file(owner: Any, request_ready: Request) -> None:
    _page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)
    client.post(start)
    assert client.get(file).status_code == 200

    type(owner).objects.filter(pk=owner.pk).update(frozen_at=clock.now())

    assert client.get(file)["Location"] == reverse("account_frozen")
    with pytest.raises(BundleLocked):
        open_download(request_ready, session_key="another", actor=actor_for(request_ready.subject))


def test_the_lock_ends_after_72_hours(owner: Any, request_ready: Request) -> None:
    type(owner).objects.filter(pk=owner.pk).update(credential_changed_at=clock.now() - timedelta(hours=73))

    assert signed_in(owner, fresh=True).post(paths(request_ready)[1])["Location"] == paths(request_ready)[2]


def test_an_expired_bundle_is_gone(owner: Any, request_ready: Request) -> None:
    page, start, file = paths(request_ready)
    client = signed_in(owner, fresh=True)
    client.post(start)
    Bundle.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    assert client.get(file).status_code == 404
    assert client.post(start)["Location"] == page
    assert client.get(page).status_code == 302


@pytest.mark.parametrize("which", [0, 1, 2])
def test_nobody_else_gets_near(request_ready: Request, which: int) -> None:
    path = paths(request_ready)[which]
    stranger, nobody = signed_in(make_account(password=None), fresh=True), Client()

    answers = [client.post(path) if which == 1 else client.get(path) for client in (stranger, nobody)]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_staff_get_no_file_by_the_persons_way(request_ready: Request) -> None:
    from tests.factories.requests import make_dpo

    client = signed_in(make_dpo(), fresh=True)

    assert [client.get(paths(request_ready)[0]).status_code, client.post(paths(request_ready)[1]).status_code] == [404, 404]


def test_what_is_not_released_is_not_there(owner: Any) -> None:
    request = worked(owner)
    page, start, file = paths(request)
    client = signed_in(owner, fresh=True)

    assert client.get(page)["Location"] == f"/requests/{request.ref}/"
    assert client.post(start)["Location"] == page
    assert client.get(file).status_code == 404


def test_the_page_says_what_is_in_it_how_large_until_when_and_how_to_check(owner: Any, request_ready: Request) -> None:
    page = signed_in(owner).get(paths(request_ready)[0]).content.decode()
    bundle = bundle_of(request_ready)

    assert "What is in it" in page
    assert "Where we looked and found nothing" in page
    assert bundle.sha256 in page
    assert bundle.expires_at.strftime("%Y") in page
    assert "/.well-known/privacy-bundle-keys.json" in page
