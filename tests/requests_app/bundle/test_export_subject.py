"""The operator's way to a bundle: the same file, one audit entry, nothing left behind."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from privacycenter.audit.domain import record
from privacycenter.audit.models import AuditEntry
from privacycenter.audit.queries import entries_about, looks_at
from privacycenter.jobs.models import Job
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import Record, registry
from privacycenter.records.models import Interaction
from privacycenter.subjects.domain import add_identifier, subject_for_proven
from requests_app.bundle import assemble
from requests_app.bundle.signing import public_keys
from requests_app.bundle.verification import verify
from requests_app.models import Bundle, Request, Step
from requests_app.rights import all_rights
from tests.requests_app.bundle.facts import opened, paper
from tests.requests_app.bundle.sources import ListSource

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bundles")]

TEST = Actor.system("test")


@pytest.fixture(autouse=True)
def without_pdf(monkeypatch):
    """The PDF has tests of its own; here only the way matters."""
    monkeypatch.setattr(
        "requests_app.fulfilment.direct.assemble", lambda *args, **options: assemble.assemble(*args, render=paper, **options)
    )


@pytest.fixture
def amira():
    subject = subject_for_proven(kind="email", value="amira@example.com", source="test", actor=TEST)
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    Interaction.objects.create(
        identifier_kind="email", identifier_value="amira@example.com", origin="crm", received_at=moment, item_key="1", item_digest="1",
        channel="email", summary="Asked about a parcel", occurred_at=moment,
    )  # fmt: skip
    return subject


@pytest.mark.obligation("R-01")
def test_a_proven_identifier_gives_the_bundle_of_its_person(amira, tmp_path, bundles, capsys):
    call_command("export_subject", identifier="Amira@Example.com", output=tmp_path / "amira.zip", as_json=True)

    told = json.loads(capsys.readouterr().out)
    report = verify(tmp_path / "amira.zip", keys=public_keys())
    document = json.loads(opened((tmp_path / "amira.zip").read_bytes()).read("personal-data.json"))
    assert report.errors == []
    assert (told["reference"], told["size"]) == (report.reference, (tmp_path / "amira.zip").stat().st_size)
    assert [line["what"] for line in document["access_log"]] == ["Somebody who runs this service made a copy of all your data"]
    assert looks_at(str(amira.public_id)).count() == 1
    (held,) = [source for source in document["sources"] if source["key"] == "records.interactions"]
    assert [record["summary"] for record in held["records"]] == ["Asked about a parcel"]
    assert {source["key"] for source in document["sources"]} == {source.describe().key for source in registry.all()}
    assert stat.S_IMODE((tmp_path / "amira.zip").stat().st_mode) == 0o600


def test_rights_that_can_not_be_used_here_yet_name_the_contact_address(amira, tmp_path, settings):
    call_command("export_subject", identifier="amira@example.com", output=tmp_path / "amira.zip")

    rights = json.loads(opened((tmp_path / "amira.zip").read_bytes()).read("personal-data.json"))["rights"]["list"]
    here = {right["key"] for right in rights if settings.SITE_URL in right["text"]}
    by_mail = {right["key"] for right in rights if right["text"].endswith(f"write to {settings.OPERATOR_CONTACT}.")}
    assert here == {right["key"] for right in rights} & {right.kind.value for right in all_rights()}
    assert by_mail == {right["key"] for right in rights} - here - {"complaint"}


@pytest.mark.obligation("R-01")
def test_what_staff_did_without_seeing_anything_is_no_look(amira, tmp_path):
    person, staff = str(amira.public_id), Actor(ActorKind.STAFF, "7")
    record("subjects.identifiers_shown", actor=staff, subject=person, reason="question")
    record("subjects.locale_changed", actor=staff, subject=person)

    call_command("export_subject", identifier="amira@example.com", output=tmp_path / "amira.zip")

    looks = json.loads(opened((tmp_path / "amira.zip").read_bytes()).read("personal-data.json"))["access_log"]
    assert [line["what"] for line in looks if line["who"] == "A member of our staff"] == ["Addresses and numbers looked at"]


def test_it_leaves_an_audit_entry_and_nothing_else(amira, tmp_path, bundles):
    jobs = Job.objects.count()

    call_command("export_subject", identifier="amira@example.com", output=tmp_path / "amira.zip")

    entry = entries_about(str(amira.public_id)).first()
    assert (entry.verb, entry.actor_kind, entry.actor_ref) == ("requests.exported_by_operator", "system", "operator")
    assert (Request.objects.count(), Bundle.objects.count(), Step.objects.count(), Job.objects.count()) == (0, 0, 0, jobs + 1)
    assert [path for path in bundles.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("identifier", ["nobody@example.com", "unproven@example.com", "", "not an address", "+60123456789"])
def test_an_unknown_or_unproven_identifier_finds_nobody(amira, tmp_path, identifier):
    add_identifier(amira, kind="email", value="unproven@example.com", source="test", proven=False, actor=TEST)
    entries = AuditEntry.objects.count()

    with pytest.raises(CommandError, match="Nobody has proven this identifier") as failure:
        call_command("export_subject", identifier=identifier, output=tmp_path / "x.zip")

    assert failure.value.returncode == 1
    assert (list(tmp_path.glob("*.zip")), AuditEntry.objects.count()) == ([], entries)
    assert identifier == "" or identifier not in str(failure.value)


def test_a_file_that_exists_is_not_overwritten(amira, tmp_path):
    (tmp_path / "x.zip").write_text("mine")

    with pytest.raises(CommandError, match="exists"):
        call_command("export_subject", identifier="amira@example.com", output=tmp_path / "x.zip")

    assert (tmp_path / "x.zip").read_text() == "mine"


def test_a_failed_source_stops_it_unless_a_reason_is_given(amira, tmp_path, bundles):
    source = ListSource(Record("1", {"text": "x"}), ConnectionError("secret host"), key="tests.broken")

    with registry.temporarily(source):
        with pytest.raises(CommandError, match=r"tests\.broken") as failure:
            call_command("export_subject", identifier="amira@example.com", output=tmp_path / "x.zip")
        assert (failure.value.returncode, (tmp_path / "x.zip").exists()) == (2, False)
        assert [path for path in bundles.rglob("*") if path.is_file()] == []
        call_command("export_subject", identifier="amira@example.com", output=tmp_path / "x.zip", despite_failure="The shop is gone.")

    archive = opened((tmp_path / "x.zip").read_bytes())
    (broken,) = [item for item in json.loads(archive.read("personal-data.json"))["sources"] if item["key"] == "tests.broken"]
    assert (broken["status"], broken["records"]) == ("failed", [])
    assert broken["reason"].endswith("The shop is gone.")
    assert "The shop is gone." in archive.read("index.html").decode()
    assert "secret host" not in archive.read("personal-data.json").decode()


def test_portability_takes_portable_sources_only(amira, tmp_path):
    call_command("export_subject", identifier="amira@example.com", output=tmp_path / "x.zip", portability=True)

    sources = json.loads(opened((tmp_path / "x.zip").read_bytes()).read("personal-data.json"))["sources"]
    assert sources
    assert all(source["portable"] for source in sources)
