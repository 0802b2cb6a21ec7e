"""Settings: where secrets come from and what an unsafe one says."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from privacycenter.environment import load_development_secrets, load_secret_files, parse_email_url, parse_keys

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()


def test_keys_are_parsed_newest_first():
    assert list(parse_keys(f"b:{KEY}, a:{KEY}")) == ["b", "a"]


@pytest.mark.parametrize("text", ["abc", f"a-b:{KEY}", "a:short", f"a:{KEY},a:{KEY}", f":{KEY}"])
def test_malformed_keys_are_refused_without_showing_them(text):
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_keys(text)

    assert KEY not in str(refused.value)


def test_development_secrets_are_written_once_and_for_the_owner_only(tmp_path, monkeypatch):
    path = tmp_path / "secrets.env"
    for name in ("SECRET_KEY", "DATA_KEYS", "HASH_KEYS", "BUNDLE_SIGNING_KEYS", "WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)

    load_development_secrets(path, create=True)
    first = path.read_text()
    load_development_secrets(path, create=True)

    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.environ["DATA_KEYS"] in first


def test_secret_is_read_from_the_file_it_names(tmp_path, monkeypatch):
    (tmp_path / "token").write_text("s3cret\n")
    monkeypatch.delenv("METRICS_TOKEN", raising=False)
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "token"))

    load_secret_files()

    assert os.environ["METRICS_TOKEN"] == "s3cret"


def test_unreadable_secret_file_is_an_error(tmp_path, monkeypatch):
    monkeypatch.delenv("METRICS_TOKEN", raising=False)
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "absent"))

    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN_FILE"):
        load_secret_files()


def test_mail_addresses_of_every_kind_are_understood():
    assert parse_email_url("file:///var/mail%20box")["EMAIL_FILE_PATH"] == "/var/mail box"
    assert parse_email_url("smtps://me:p%40ss@mail.example:465")["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert parse_email_url("smtp+tls://mail.example")["EMAIL_PORT"] == 587
    assert parse_email_url("anymail+postmark://?SERVER_TOKEN=t")["ANYMAIL"] == {"POSTMARK_SERVER_TOKEN": "t"}
    with pytest.raises(ImproperlyConfigured):
        parse_email_url("gopher://mail")


def run_check(tmp_path: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )


def test_without_debug_every_missing_secret_is_named(tmp_path):
    result = run_check(tmp_path)

    assert result.returncode == 1
    assert [name for name in ("E001", "E002", "E003", "E004") if f"privacycenter.{name}" not in result.stderr] == []


def test_development_secrets_serve_loopback_and_are_refused_elsewhere(tmp_path):
    load_development_secrets(tmp_path / "secrets.env", create=True)

    here, elsewhere = run_check(tmp_path), run_check(tmp_path, SITE_URL="https://privacy.example.com")
    deploy = run_check(tmp_path, "--deploy")

    assert (here.returncode, elsewhere.returncode) == (0, 1)
    assert "privacycenter.E006" in elsewhere.stderr
    assert [f"W00{number}" for number in (1, 2, 3, 4) if f"privacycenter.W00{number}" not in deploy.stderr] == []


def test_without_debug_good_secrets_pass_and_http_off_loopback_is_refused(tmp_path):
    keys = "k1:" + base64.b64encode(os.urandom(32)).decode()
    good = {
        "SECRET_KEY": "x7" * 10 + "abcdefghijklmnopqrstuvwxyz0123456789",
        "DATA_KEYS": keys,
        "HASH_KEYS": keys,
        "BUNDLE_SIGNING_KEYS": keys,
    }

    assert run_check(tmp_path, **good).returncode == 0
    refused = run_check(tmp_path, SITE_URL="http://privacy.example.com", **good)
    assert refused.returncode != 0
    assert "loopback" in refused.stderr
