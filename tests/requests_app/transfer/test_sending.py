"""The upload itself, to a receiver on this machine that verifies every request with the published keys."""

from __future__ import annotations

import hashlib
import socket
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock, outbound
from requests_app.models import Receiver
from requests_app.transfer import sending, wire
from requests_app.transfer.enums import TransferState
from requests_app.transfer.sending import SEND
from requests_app.transfer.wire import Line
from requests_app.transfer.words import why_ended
from tests.factories.transfers import confirmed, make_receiver, portable
from tests.factories.tus_receiver import TusReceiver, keys_of
from tests.requests_app.transfer.helpers import another, mails, now_of, verbs, work

pytestmark = pytest.mark.django_db


@pytest.mark.obligation("R-05")
def test_a_copy_arrives_whole_signed_and_with_proof(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    run_until_idle()

    done = now_of(transfer)
    assert (done.state, done.sent, done.size) == (TransferState.DONE, len(content), len(content))
    assert bytes(their_side.only.data) == content
    assert their_side.only.metadata == {
        "filename": "privacy-bundle.zip",
        "filetype": "application/zip",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert their_side.methods() == ["POST", "HEAD", *["PATCH"] * 5]
    assert done.receipt == f"R-{hashlib.sha256(content).hexdigest()[:8]}"
    assert (done.upload_url, done.error_code, why_ended(done)) == (None, "", "")
    assert done.begun_at is not None
    assert verbs() == ["named", "confirmed", "begun", "done"]
    assert (mails("requests.transfer_confirmed"), mails("requests.transfer_done")) == (1, 1)


def test_the_published_keys_alone_verify(their_side: TusReceiver, acme: Receiver, content: bytes):
    their_side.keys = keys_of(Client().get("/.well-known/privacy-bundle-keys.json").content)
    transfer = confirmed(portable(content), acme)
    run_until_idle()
    assert now_of(transfer).state == TransferState.DONE


def test_nothing_of_the_person_stands_in_jobs_and_addresses(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    job = Job.objects.get(kind=SEND)
    assert (job.key, job.payload) == (str(transfer.pk), {"transfer": transfer.pk})
    run_until_idle()
    for _method, path in their_side.asked:
        assert transfer.request.ref not in path


@pytest.mark.parametrize("after", [0, 1, 65_000])
def test_cut_in_the_middle_it_goes_on_where_the_receiver_is(their_side: TusReceiver, acme: Receiver, content: bytes, after: int):
    transfer = confirmed(portable(content), acme)
    passed: list[int] = []

    def cut_the_third() -> None:
        passed.append(1)
        if len(passed) == 3:
            their_side.cuts.append(after)

    their_side.before_piece = cut_the_third
    work()
    cut = now_of(transfer)
    assert (cut.state, cut.sent) == (TransferState.SENDING, 2 * 65_536)
    assert len(their_side.only.data) == 2 * 65_536 + after
    job = Job.objects.get(kind=SEND)
    assert (job.state, job.errors) == (JobState.WAITING, 0), "it got further, so nothing counts against it"

    work()
    assert now_of(transfer).state == TransferState.DONE
    assert bytes(their_side.only.data) == content
    assert verbs().count("begun") == 1


def test_the_answer_to_the_last_piece_may_be_lost(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content[:1000]), acme)
    their_side.cuts.append(1000)
    work()
    assert Job.objects.get(kind=SEND).errors == 1
    work()
    assert now_of(transfer).state == TransferState.DONE
    assert now_of(transfer).receipt
    assert their_side.methods() == ["POST", "HEAD", "PATCH", "HEAD"]


def test_a_worker_that_dies_before_it_notes_the_upload_finds_it_again(
    their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: pytest.MonkeyPatch
):
    transfer = confirmed(portable(content), acme)

    def die(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sending.Claim, "hold", die)
        with pytest.raises(KeyboardInterrupt):
            work()
    Job.objects.filter(kind=SEND).update(state=JobState.WAITING, lease_until=None)
    work()
    assert now_of(transfer).state == TransferState.DONE
    assert len(their_side.uploads) == 1, "the same key finds the same upload"


def test_a_long_one_gives_other_work_its_turn(their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sending, "RUN_SECONDS", -1.0)
    transfer = confirmed(portable(content), acme)
    work()
    assert (now_of(transfer).state, Job.objects.get(kind=SEND).state) == (TransferState.SENDING, JobState.WAITING)
    monkeypatch.setattr(sending, "RUN_SECONDS", 60.0)
    work()
    assert now_of(transfer).state == TransferState.DONE


def test_memory_does_not_grow_with_the_copy(their_side: TusReceiver, acme: Receiver, monkeypatch: pytest.MonkeyPatch):
    content = bytes(24 * 1024 * 1024)
    transfer = confirmed(portable(content), acme)
    monkeypatch.setattr(sending, "PIECE", 1024 * 1024)
    their_side.keeps = False
    tracemalloc.start()
    try:
        work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert now_of(transfer).state == TransferState.DONE
    assert peak < 12 * 1024 * 1024


# What the receiver says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "status", "headers", "code", "words"),
    [
        ("POST", 401, {}, "not_let_in", "does not take data from us"),
        ("POST", 403, {}, "not_let_in", "does not take data from us"),
        ("POST", 404, {}, "no_such_address", "takes no data at this address"),
        ("POST", 413, {}, "too_large", "too large"),
        ("POST", 301, {"Location": "https://elsewhere.example/"}, "redirected", "another address"),
        ("POST", 307, {"Location": "/other"}, "redirected", "another address"),
        ("POST", 422, {}, "refused_422", "its answer was 422"),
        ("POST", 200, {}, "not_the_protocol", "in the way that was agreed"),
        ("POST", 201, {"Location": "https://elsewhere.example/1"}, "leads_elsewhere", "another address"),
        ("POST", 201, {"Location": "http://localhost/1"}, "leads_elsewhere", "another address"),
        ("POST", 201, {"Location": "//10.0.0.1/1"}, "leads_elsewhere", "another address"),
        ("POST", 201, {"Location": "https://localhost:1/1"}, "leads_elsewhere", "another address"),
        ("POST", 201, {}, "leads_elsewhere", "another address"),
        ("POST", 201, {"Location": "/takeover/1", "Tus-Resumable": "0.2.2"}, "not_the_protocol", "agreed"),
        ("HEAD", 200, {}, "not_the_protocol", "agreed"),
        ("HEAD", 200, {"Upload-Offset": "-1"}, "not_the_protocol", "agreed"),
        ("HEAD", 200, {"Upload-Offset": "9999999999"}, "not_the_protocol", "agreed"),
        ("HEAD", 200, {"Upload-Offset": "0", "Upload-Length": "5"}, "not_the_protocol", "agreed"),
        ("PATCH", 403, {}, "not_let_in", "does not take data from us"),
        ("PATCH", 302, {"Location": "/other"}, "redirected", "another address"),
        ("PATCH", 415, {}, "refused_415", "its answer was 415"),
        ("PATCH", 204, {}, "not_the_protocol", "agreed"),
    ],
)
def test_a_refusal_ends_it_and_is_explained(
    their_side: TusReceiver, acme: Receiver, method: str, status: int, headers: dict[str, str], code: str, words: str
):
    transfer = confirmed(portable(b"x" * 1000), acme)
    their_side.answers[method] = [(status, headers)]
    work()

    ended = now_of(transfer)
    assert (ended.state, ended.error_code) == (TransferState.FAILED, code)
    assert words in str(why_ended(ended))
    assert mails("requests.transfer_ended") == 1
    assert Job.objects.get(kind=SEND).state == JobState.DONE
    assert ended.upload_url is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 507])
def test_trouble_of_theirs_is_waited_for(their_side: TusReceiver, acme: Receiver, status: int):
    transfer = confirmed(portable(b"x" * 1000), acme)
    their_side.answers["POST"] = [(status, {"Retry-After": "120"})]
    before = clock.now()
    work()
    job = Job.objects.get(kind=SEND)
    assert (job.state, job.last_error) == (JobState.WAITING, f"answered_{status}")
    assert timedelta(seconds=115) < job.run_at - before < timedelta(seconds=180)
    work()
    assert now_of(transfer).state == TransferState.DONE


def test_nobody_waits_longer_than_an_hour_because_they_say_so(their_side: TusReceiver, acme: Receiver):
    confirmed(portable(b"x" * 1000), acme)
    their_side.answers["POST"] = [(503, {"Retry-After": "999999"})]
    work()
    assert Job.objects.get(kind=SEND).run_at < clock.now() + timedelta(seconds=3700)


def test_one_that_never_answers_is_given_up_and_the_person_told(their_side: TusReceiver, acme: Receiver):
    transfer = confirmed(portable(b"x" * 1000), acme)
    their_side.answers["POST"] = [(503, {})] * 20
    for _try in range(12):
        work()
    ended = now_of(transfer)
    assert (ended.state, ended.error_code) == (TransferState.FAILED, "answered_503")
    assert "did not answer" in str(why_ended(ended))
    assert mails("requests.transfer_ended") == 1


def test_a_piece_that_was_damaged_is_sent_again(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    their_side.answers["PATCH"] = [(460, {}), (409, {})]
    for _try in range(3):
        work()
    assert now_of(transfer).state == TransferState.DONE
    assert bytes(their_side.only.data) == content


def test_a_receiver_that_loses_the_upload_gets_a_new_one_but_not_for_ever(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    their_side.answers["HEAD"] = [(404, {})]
    work()
    work()
    assert now_of(transfer).state == TransferState.DONE
    assert len(their_side.uploads) == 2

    other = confirmed(portable(content, another()), acme)
    their_side.answers["HEAD"] = [(410, {})] * 10
    for _try in range(6):
        work()
    assert (now_of(other).state, now_of(other).error_code) == (TransferState.FAILED, "upload_lost")


# The way to the receiver -----------------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_not_taken(their_side: TusReceiver, acme: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    transfer = confirmed(portable(b"x" * 1000), acme)
    work()
    assert Job.objects.get(kind=SEND).last_error == "certificate"
    assert now_of(transfer).begun_at is None
    assert their_side.asked == []


def test_a_certificate_of_another_name_is_not_taken(certificates: Any, their_side: TusReceiver, acme: Receiver, monkeypatch: Any):
    Receiver.objects.filter(pk=acme.pk).update(url=their_side.url.replace("localhost", "acme.example"))
    found = socket.getaddrinfo

    def lead_here(host: str, *args: Any, **options: Any) -> Any:
        return found("127.0.0.1" if host == "acme.example" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lead_here)
    confirmed(portable(b"x" * 1000), Receiver.objects.get(pk=acme.pk))
    work()
    assert Job.objects.get(kind=SEND).last_error == "certificate"


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "::ffff:10.0.0.1", "fe80::1", "224.0.0.1"])
def test_a_name_that_leads_to_a_private_address_gets_nothing(settings: Any, monkeypatch: pytest.MonkeyPatch, address: str):
    settings.TRANSFER_ALLOW_LOOPBACK = False
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *args, **options: [(0, 0, 0, "", (address, 443))])
    monkeypatch.setattr(wire, "HTTPSConnection", None)
    transfer = confirmed(portable(b"x" * 1000), make_receiver())
    work()
    ended = now_of(transfer)
    assert (ended.state, ended.error_code) == (TransferState.FAILED, "private_address")
    assert "public internet" in str(why_ended(ended))


def test_the_name_is_looked_up_once_and_never_again(their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: Any):
    """A name that leads to another address the second time (DNS rebinding) finds nobody who asks."""
    asked: list[str] = []
    found = socket.getaddrinfo

    def first_here_then_inside(host: str, *args: Any, **options: Any) -> Any:
        if host != "localhost":
            return found(host, *args, **options)
        asked.append(host)
        return found("127.0.0.1" if len(asked) == 1 else "10.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", first_here_then_inside)
    their_side.cuts.append(10)  # it connects anew as well
    with Line(acme.url) as line:
        upload = line.create(size=3, metadata={"filename": "a"}, key="k")
        line._close()
        assert line.offset(upload, size=3) == (0, "")
    their_side.cuts.clear()
    assert asked == ["localhost"]


def test_no_proxy_of_the_environment_gets_in_between(their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: Any):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    transfer = confirmed(portable(content), acme)
    work()
    assert now_of(transfer).state == TransferState.DONE


def test_a_cut_never_takes_the_encryption_off(their_side: TusReceiver, acme: Receiver):
    with Line(acme.url) as line:
        sock = line._connected().sock
        with outbound.at_most(0.01, sock):
            assert sock.recv(1) == b"", "cut"
        assert sock.version() is not None, "what is written now would go in the clear"


def test_a_request_that_takes_too_long_is_cut(their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: Any):
    monkeypatch.setattr(wire, "SECONDS", 0.3)
    their_side.pause = 3.0
    confirmed(portable(content), acme)
    began = clock.now()
    work()
    assert Job.objects.get(kind=SEND).last_error == "not_reached"
    assert clock.now() - began < timedelta(seconds=2.5)
