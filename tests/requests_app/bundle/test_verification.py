"""Checking a bundle: a genuine one passes, and nobody can change, add, drop or hide anything in it unnoticed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from privacycenter.kernel.sources import FileItem, Record
from requests_app.bundle import assemble
from requests_app.bundle.signing import jwks, public_keys, sign
from requests_app.bundle.verification import NotABundle, verify
from requests_app.pdf.volumes import VOLUME_RECORDS
from tests.requests_app.bundle.facts import facts_of, make, result, result_of
from tests.requests_app.bundle.sources import ListSource

pytestmark = pytest.mark.usefixtures("bundles")


@pytest.fixture
def data():
    described = ListSource(key="shop.orders").describe()
    return make(
        facts_of(
            result_of(*(Record(str(n), {"text": f"row {n}"}) for n in range(3)), key="accounts.profile"),
            result_of(*(Record(str(n), {"text": '      "records": ['}) for n in range(VOLUME_RECORDS + 1)), key="records.visits"),
            result_of(FileItem("1", "x", "image/png", lambda: io.BytesIO(b"png" * 50)), key="accounts.photo"),
            result_of(key="records.forms"),
            result(described, status="failed", reason="gone"),
        )
    )[1]


@pytest.fixture
def path(data, tmp_path):
    (tmp_path / "bundle.zip").write_bytes(data)
    return tmp_path / "bundle.zip"


def rewritten(data, *, change=None, drop=(), add=(), resign=False, comment=b""):
    """The archive packed anew with changes; `resign` as somebody who has the key."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist() if name not in drop}
    entries |= change or {}
    if resign:
        import hashlib

        manifest = json.loads(entries["manifest.json"])
        manifest["entries"] = [
            {"name": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            for name, body in entries.items()
            if not name.startswith("manifest.")
        ]
        entries["manifest.json"] = json.dumps(manifest).encode()
        entries["manifest.sig"] = sign(entries["manifest.json"])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in [*entries.items(), *add]:
            archive.writestr(name, body)
        archive.comment = comment
    return target.getvalue()


def errors_of(tmp_path, data, keys=None):
    (tmp_path / "changed.zip").write_bytes(data)
    return verify(tmp_path / "changed.zip", keys=public_keys() if keys is None else keys).errors


def test_a_genuine_bundle_passes(path):
    report = verify(path, keys=public_keys())

    assert report.errors == []
    assert len(report.checks) == 4
    assert (report.reference, report.created, report.entries) == ("PR-7K3M-Q9XA", "2025-11-22T10:01:00+00:00", 9)
    assert (report.records, report.files, report.problems) == (VOLUME_RECORDS + 4, 1, 0)
    assert report.sources == {"found": 3, "nothing_held": 1, "failed": 1}


def test_packing_it_anew_changes_nothing(tmp_path, data):
    assert errors_of(tmp_path, rewritten(data)) == []


@pytest.mark.parametrize(
    "name", ["index.html", "personal-data.pdf", "personal-data.json", "files/accounts.photo/1.png", "pdf/records.visits-001.pdf"]
)
def test_a_changed_entry_is_named(tmp_path, data, name):
    assert errors_of(tmp_path, rewritten(data, change={name: b"changed"})) == [f"an entry was changed: {name}"]


def test_a_changed_manifest_breaks_the_signature(tmp_path, data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = archive.read("manifest.json").replace(b"PR-7K3M", b"PR-0000")

    assert "the signature of the manifest is wrong" in errors_of(tmp_path, rewritten(data, change={"manifest.json": manifest}))


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (b"", "the signature of the manifest is wrong"),
        (b"A" * 88, "the signature of the manifest is wrong"),
        (b"no base64!", "manifest.sig is no signature"),
        (b"\xff", "manifest.sig is no signature"),
    ],
)
def test_what_is_no_signature_is_none(tmp_path, data, signature, error):
    assert errors_of(tmp_path, rewritten(data, change={"manifest.sig": signature})) == [error]


def test_another_key_did_not_sign_it(tmp_path, data):
    (key_id,) = public_keys()
    assert errors_of(tmp_path, data, {key_id: bytes(32)}) == ["the signature of the manifest is wrong"]
    assert errors_of(tmp_path, data, {"other": bytes(32)}) == [f"the signing key is not among the keys given: {key_id}"]


def test_a_dropped_entry_is_missed(tmp_path, data):
    assert errors_of(tmp_path, rewritten(data, drop={"files/accounts.photo/1.png"})) == [
        "an entry of the manifest is missing: files/accounts.photo/1.png"
    ]
    assert "manifest.sig is missing" in errors_of(tmp_path, rewritten(data, drop={"manifest.sig"}))


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/passwd", "C:\\x", "files/../../x", "evil.exe", "files/a\x1b[31m/1.png", "files/a/1.png"]
)
def test_an_added_entry_is_found(tmp_path, data, name):
    assert errors_of(tmp_path, rewritten(data, add=[(name, b"evil")])) != []


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["index.html", "INDEX.html"])
def test_an_entry_that_stands_twice_is_found(tmp_path, data, name):
    assert "an entry stands twice" in errors_of(tmp_path, rewritten(data, add=[(name, b"evil")]))


def test_bytes_that_belong_to_no_entry_are_found(tmp_path, data):
    hidden = "the archive holds bytes that belong to no entry"
    assert hidden in errors_of(tmp_path, b"#!/bin/sh\n" + data)
    assert "the archive bears a comment" in errors_of(tmp_path, rewritten(data, comment=b"hello"))


@pytest.mark.parametrize("junk", [b"", b"PK", b"%PDF-1.7", b"\x00" * 1000])
def test_a_file_of_another_kind_is_no_bundle(tmp_path, junk):
    with pytest.raises(NotABundle):
        errors_of(tmp_path, junk)


def test_a_damaged_archive_is_told_apart_from_a_genuine_one(tmp_path, data):
    for at in range(50, len(data), len(data) // 60):
        damaged = bytearray(data)
        damaged[at] ^= 0xFF
        try:
            errors = errors_of(tmp_path, bytes(damaged))
        except NotABundle:
            continue
        # A flipped bit in what no reader looks at (a time stamp, a local name) changes no entry.
        if not errors:
            with zipfile.ZipFile(io.BytesIO(bytes(damaged))) as archive, zipfile.ZipFile(io.BytesIO(data)) as genuine:
                assert all(archive.read(name) == genuine.read(name) for name in genuine.namelist())


def test_a_cut_archive_is_never_genuine(tmp_path, data):
    for length in range(0, len(data), len(data) // 40):
        try:
            assert errors_of(tmp_path, data[:length]) != []
        except NotABundle:
            continue


def edited(data, edit):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("personal-data.json").decode()
    changed = edit(text)
    assert changed != text
    return rewritten(data, change={"personal-data.json": changed.encode()}, resign=True)


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda text: text.replace('"count": 3,', '"count": 4,'), "the count of a source is wrong: accounts.profile"),
        (lambda text: text.replace('"text":"row 1"},', '"text":"row 1"}'), "personal-data.json is not the JSON document"),
        (lambda text: text.replace('"status": "failed"', '"status": "fine"'), "does not keep to its schema at sources/4/status"),
        (lambda text: text.replace('"format"', '"extra": 1,\n  "format"'), "does not keep to its schema at the top"),
        (lambda text: text.replace("PR-7K3M-Q9XA", "PR-0000-0000"), "another reference or moment than the manifest"),
        (
            lambda text: text.replace("files/accounts.photo/1.png", "files/accounts.photo/2.png"),
            "are not the files that personal-data.json names",
        ),
        (lambda text: text[:-10], "personal-data.json is not the JSON document"),
        (lambda text: "[]", "personal-data.json is not the JSON document"),
        (lambda text: '{"sources": 1}', "personal-data.json is not the JSON document"),
        (lambda text: "[" * 100_000, "personal-data.json is not the JSON document"),
    ],
)
def test_a_document_that_contradicts_itself_is_found_even_when_it_is_signed(tmp_path, data, edit, error):
    errors = errors_of(tmp_path, edited(data, edit))

    assert any(error in found for found in errors), errors


def test_a_foreign_schema_is_found(tmp_path, data):
    changed = rewritten(data, change={assemble.SCHEMA_ENTRY: b"{}"}, resign=True)

    assert errors_of(tmp_path, changed) == ["the schema is not the one of this format version"]


def test_manifests_that_are_none(tmp_path, data):
    for manifest in (b"", b"[]", b"{}", b'{"entries": 1}', b"[" * 100_000, b"\xff"):
        assert "manifest.json can't be read" in errors_of(tmp_path, rewritten(data, change={"manifest.json": manifest}))


# ---------------------------------------------------------------- command


def test_the_command_tells_people_and_programs(path, capsys):
    call_command("verify_bundle", path)
    said = capsys.readouterr().out
    call_command("verify_bundle", path, as_json=True)
    report = json.loads(capsys.readouterr().out)

    assert "Genuine" in said
    assert "PR-7K3M-Q9XA" in said
    assert (report["valid"], report["errors"], report["records"]) == (True, [], VOLUME_RECORDS + 4)


def test_the_command_takes_a_saved_key_set(path, tmp_path, settings, capsys):
    (tmp_path / "keys.json").write_text(json.dumps(jwks()))
    settings.BUNDLE_SIGNING_KEYS = {}

    call_command("verify_bundle", path, keys=tmp_path / "keys.json")

    assert "Genuine" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no key") as failure:
        call_command("verify_bundle", path)
    assert failure.value.returncode == 2


def test_the_command_fails_for_a_changed_bundle(data, tmp_path, capsys):
    (tmp_path / "changed.zip").write_bytes(rewritten(data, change={"index.html": b"changed"}))

    with pytest.raises(SystemExit) as stopped:
        call_command("verify_bundle", tmp_path / "changed.zip")

    assert stopped.value.code == 1
    assert "Not genuine" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "said"), [("absent.zip", "can't be read"), ("text.zip", "Not a bundle")])
def test_the_command_says_what_it_can_not_check(tmp_path, name, said):
    (tmp_path / "text.zip").write_text("hello")

    with pytest.raises(CommandError, match=said) as failure:
        call_command("verify_bundle", tmp_path / name)

    assert failure.value.returncode == 2


def test_it_needs_neither_database_nor_secret(path, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps(jwks()))
    root = Path(assemble.__file__).resolve().parents[2]

    done = subprocess.run(
        [sys.executable, root / "manage.py", "verify_bundle", path, "--keys", tmp_path / "keys.json"],
        env={"PATH": "/usr/bin:/bin", "VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "Genuine" in done.stdout) == (0, True), done.stderr
