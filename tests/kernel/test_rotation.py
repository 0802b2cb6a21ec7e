from __future__ import annotations

import json
import os
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from privacycenter.datamap.models import Connector
from privacycenter.kernel import rotation
from privacycenter.kernel.encryption import decrypt, encrypt, key_id_of

pytestmark = pytest.mark.django_db

NEW = {"new1": os.urandom(32)}
URL = "postgresql://reader@127.0.0.1/shop"


def _connector(number: int) -> Connector:
    return Connector.objects.create(key=f"shop{number}", name="Shop", url=URL)


def _stored(connector: Connector) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM datamap_connector WHERE id = %s", [connector.pk])
        return bytes(cursor.fetchone()[0])


def _column(answer: str, name: str) -> dict[str, Any]:
    return next(entry for entry in json.loads(answer)["columns"] if entry["column"] == name)


def _rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_keys", "--json", *arguments, stdout=out)
    return out.getvalue()


def test_rotation_encrypts_again_under_the_newest_key_and_then_has_nothing_to_do(settings, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    connectors = [_connector(number) for number in range(5)]
    settings.DATA_KEYS = NEW | settings.DATA_KEYS

    first, second = _rotate(), _rotate()

    column = "datamap.connector.url"
    assert _column(first, column) == {"column": column, "resealed": 5, "current": 0, "unreadable": 0}
    assert _column(second, column) == {"column": column, "resealed": 0, "current": 5, "unreadable": 0}
    settings.DATA_KEYS = NEW  # the old key is not needed any more
    assert {key_id_of(_stored(connector)) for connector in connectors} == {"new1"}
    assert list(Connector.objects.values_list("url", flat=True)) == [URL] * 5


def test_a_dry_run_counts_and_changes_nothing(settings):
    connector = _connector(1)
    before = _stored(connector)
    settings.DATA_KEYS = NEW | settings.DATA_KEYS

    answer = _rotate("--dry-run")

    assert _column(answer, "datamap.connector.url")["resealed"] == 1
    assert _stored(connector) == before


def test_a_value_under_a_key_that_is_gone_is_reported_and_the_rest_is_rotated(settings):
    lost, kept = _connector(1), _connector(2)
    old = settings.DATA_KEYS
    settings.DATA_KEYS = {"gone1": os.urandom(32)}
    sealed = encrypt(b"unreadable", context="datamap.connector.url")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE datamap_connector SET url = %s WHERE id = %s", [sealed, lost.pk])
    settings.DATA_KEYS = NEW | old

    with pytest.raises(CommandError) as refusal:
        _rotate()

    assert refusal.value.returncode == 1
    assert _stored(lost) == sealed
    assert key_id_of(_stored(kept)) == "new1"


def test_rows_that_a_room_seals_itself_are_resealed_by_its_own_function(settings, monkeypatch):
    monkeypatch.setattr(rotation, "_resealers", {})
    connector = _connector(1)
    connector.place = encrypt(b"place", context="test").hex()
    connector.save(update_fields=["place"])
    settings.DATA_KEYS = NEW | settings.DATA_KEYS

    def reseal(row: Connector) -> list[str]:
        row.place = encrypt(decrypt(bytes.fromhex(row.place), context="test"), context="test").hex()
        return ["place"]

    rotation.register("datamap.Connector", reseal)
    answer = _rotate()

    assert _column(answer, "datamap.connector")["resealed"] == 1
    connector.refresh_from_db()
    assert key_id_of(bytes.fromhex(connector.place)) == "new1"


def test_a_model_is_registered_once(monkeypatch):
    monkeypatch.setattr(rotation, "_resealers", {})
    rotation.register("datamap.Connector", lambda row: [])

    with pytest.raises(ImproperlyConfigured):
        rotation.register("datamap.Connector", lambda row: ["place"])


def test_rotation_without_keys_says_so(settings):
    settings.DATA_KEYS = {}

    with pytest.raises(CommandError) as refusal:
        _rotate()

    assert refusal.value.returncode == 2
