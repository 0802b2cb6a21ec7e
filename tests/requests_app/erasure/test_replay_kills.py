"""Replays are killed one after the other, each at another statement: in the end everybody is erased again once, and nobody by half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.records.models import Interaction
from privacycenter.subjects.models import Identifier, Subject
from requests_app.erasure.serving import Standing, standing
from requests_app.models import LedgerEntry
from tests.factories.accounts import make_account
from tests.factories.erasure import go_back, noted
from tests.jobs.harness import ROOT, worker_environment
from tests.records.builders import bring_in, interaction, ndjson

PEOPLE = 6
KNOWN = "requests_app_ledgerentry"  # written last of each person
# Before the first statement; in the middle of the first person; with the first done; in the middle of the second; and so on.
MOMENTS = [(1, "any"), (20, "any"), (2, KNOWN), (40, "any"), (1, "records_interaction"), (2, KNOWN), (1, "audit_auditentry")]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.obligation("K-03")]


def held(email: str) -> set[bool]:
    """Whether each room still holds this address."""
    return {
        User.objects.filter(email=email).exists(),
        Identifier.objects.filter(value=email).exists(),
        Interaction.objects.filter(identifier_value=email).exists(),
    }


def test_killed_at_any_moment_a_replay_goes_on_where_it_was(ledger: Path, tmp_path: Path, settings: Any) -> None:
    emails = [f"person{number}@example.com" for number in range(PEOPLE + 1)]
    subjects = [make_account(email=email, password=None).subject for email in emails]
    bring_in(ndjson([interaction(identifier={"kind": "email", "value": email}) for email in emails]))
    numbers = [noted(subject) for subject in subjects[:PEOPLE]]
    go_back()
    environment = worker_environment(tmp_path, ERASURE_LEDGER=settings.ERASURE_LEDGER)

    def replay(number: int, table: str) -> int:
        command = [sys.executable, "-m", "tests.requests_app.erasure.killed", str(number), table, "replay_erasures"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode

    erased = []
    for moment in MOMENTS:
        assert replay(*moment) == -9
        states = [held(email) for email in emails]
        assert all(len(state) == 1 for state in states)  # nobody by half
        assert states[-1] == {True}
        erased.append(states.count({False}))
        assert standing() is Standing.REPLAY

    assert (erased[:3], erased) == ([0, 0, 1], sorted(erased))  # what is done stays done
    assert erased[-1] < PEOPLE
    assert replay(10_000, "any") == 0
    assert [held(email) for email in emails] == [{False}] * PEOPLE + [{True}]
    assert standing() is Standing.FIT
    assert LedgerEntry.objects.count() == 2 * PEOPLE
    assert Subject.objects.filter(erased_at__isnull=False).count() == PEOPLE
    again = AuditEntry.objects.filter(verb="requests.erased_again").values_list("parameters__entry", flat=True)
    assert sorted(again) == sorted(numbers)
