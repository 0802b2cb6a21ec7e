"""Erasures at the desk, on the person's page and by command."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from privacycenter.kernel.sources import (
    registry,
)
from privacycenter.subjects.models import Identifier
from requests_app.roles import AUDITOR, DPO
from tests.factories.accounts import make_staff, signed_in
from tests.factories.requests import with_role
from tests.factories.whole import make_whole_person
from tests.requests_app.erasure.test_flow import Shelf, cooled, filed_erasure, plan_of

pytestmark = pytest.mark.django_db


# Desk and command ----------------------------------------------------------------------------------------------------------------


def test_the_desk_signs_keeps_and_hands_out_the_certificate() -> None:
    with registry.temporarily(Shelf(), Shelf("tests.other"), only=True):
        request = filed_erasure()
        one, two = (signed_in(with_role(make_staff(password=None), DPO), fresh=True) for _each in range(2))
        base = f"/admin/requests_app/request/{request.pk}/"
        kept = {"source": "tests.other", "ground": "claims", "reason": "A claim", "until": "2999-01-01"}
        one.post(f"{base}erasure/keep/", kept)
        digest = plan_of(request).digest
        one.post(f"{base}erasure/propose/", {"digest": digest})
        assert plan_of(request).proposed_by_id is None  # without the tick
        one.post(f"{base}erasure/propose/", {"digest": digest, "sure": "on"})
        assert "Somebody else has to approve it" in one.get(f"{base}change/").content.decode()
        assert "Approve this plan" in two.get(f"{base}change/").content.decode()
        two.post(f"{base}erasure/approve/", {"digest": digest, "sure": "on"})
        cooled(request)

    text = two.get(f"{base}change/").content.decode()
    assert "A claim" in text
    assert two.get(f"{base}erasure/certificate.pdf").content.startswith(b"%PDF")
    assert hashlib.sha256(two.get(f"{base}erasure/certificate.json").content).hexdigest()
    assert two.get(f"{base}erasure/certificate.exe").status_code == 404
    auditor = signed_in(with_role(make_staff(password=None), AUDITOR), fresh=True)
    assert auditor.post(f"{base}erasure/retry/").status_code == 403


def test_the_desk_names_sources_that_hold_nothing_in_one_line() -> None:
    empty = Shelf("tests.empty")
    empty.rows.clear()
    with registry.temporarily(Shelf(), empty, only=True):
        request = filed_erasure()
        client = signed_in(with_role(make_staff(password=None), DPO), fresh=True)
        page = client.get(f"/admin/requests_app/request/{request.pk}/change/").content.decode()

    assert "2 sources, 2 records" in page
    assert "1 more source was asked and holds nothing" in page
    assert page.count("<li>Shelf tests.empty</li>") == 1


def test_the_pages_say_in_words_that_the_copy_comes_before_the_deletion() -> None:
    with registry.temporarily(Shelf(), only=True):
        request = filed_erasure(copy_first=True)
        client = signed_in(request.subject.account)
        pages = [client.get(f"/requests/{ref}/").content.decode() for ref in (request.ref, request.follows.ref)]

    assert "You asked for a copy before anything is deleted:" in pages[0]
    assert "The deletion begins once you have fetched the copy, or its days are over:" in pages[1]


def test_the_command_only_simulates(capsys: pytest.CaptureFixture[str]) -> None:
    user = make_whole_person("ana")

    call_command("erase_subject", identifier=user.email, as_json=True)
    told = json.loads(capsys.readouterr().out)

    assert (told["simulated"], told["obstacle"]) == (True, None)
    assert {row["source"] for row in told["sources"]} >= {"accounts.profile", "records.interactions", "subjects.identifiers"}
    assert user.email not in json.dumps(told)
    assert Identifier.objects.filter(subject=user.subject).exists()
    with pytest.raises(CommandError):
        call_command("erase_subject", identifier="nobody@example.com")
