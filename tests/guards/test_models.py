"""What models and migrations must keep to: nothing personal in names, one line of migrations, both ways."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import models
from django.db.migrations import RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader

from privacycenter.kernel.classification import classifications
from privacycenter.kernel.sources import registry
from tests.guards.tree import PACKAGES

CODES = {"ref", "kind", "event"}  # words and numbers of ours, which name nobody
MARK = "Zyxwvut"  # what personal columns hold in the guard on names; nothing else does


def _own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.partition(".")[0] in PACKAGES]


def _own_labels() -> set[str]:
    return {config.label for config in apps.get_app_configs() if config.name.partition(".")[0] in PACKAGES}


def _personal(model: type[models.Model]) -> set[str]:
    """Names of the columns that are classified as personal."""
    classification = classifications().get(model._meta.label_lower)
    return {name for name, kind in classification.fields.items() if kind and name not in CODES} if classification else set()


def _value(field: models.Field[Any, Any]) -> Any:
    """A value of the field's type that shows the mark when it is printed; None where the type can't show it."""
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=0)
    if isinstance(field, models.JSONField):
        return {"mark": MARK}
    if isinstance(field, models.DateTimeField):
        return datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    if isinstance(field, models.DateField):
        return datetime.date(2026, 1, 2)
    if isinstance(field, models.BooleanField | models.DecimalField | models.IntegerField | models.FloatField):
        return Decimal(7) if isinstance(field, models.DecimalField) else 7
    return MARK


def _filled(model: type[models.Model], depth: int = 2) -> models.Model:
    """An unsaved instance whose personal columns, and those of what it points to, hold the mark."""
    personal = _personal(model)
    instance = model()
    for field in model._meta.concrete_fields:
        if field.is_relation:
            if depth and field.related_model is not None:
                instance._state.fields_cache[field.name] = _filled(field.related_model, depth - 1)  # type: ignore[attr-defined]
                instance.__dict__[field.attname] = 7
        elif field.name in personal:
            instance.__dict__[field.attname] = _value(field)
        elif field.primary_key:
            instance.__dict__[field.attname] = 7
    return instance


def test_no_model_names_itself_by_personal_data():
    telling = [model for model in _own_models() if _personal(model)]

    assert telling
    assert [model._meta.label for model in telling if MARK in str(_filled(model)) or MARK in repr(_filled(model))] == []


def test_every_model_and_column_is_classified_and_every_source_complete():
    assert classifications()
    assert registry.static_keys()
    assert [str(message) for message in run_checks() if message.level >= 30] == []


def test_every_source_names_purposes_recipients_and_retention_that_exist(db):
    from privacycenter.datamap import queries

    sources = registry.all()

    assert sources
    for source in sources:
        described = source.describe()
        assert described.purposes, described.key
    # Each of these raises for a key that the data map does not have.
    assert len(queries.facts_for(source.describe() for source in sources)) == len(sources)


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_of_a_room_stand_in_one_line():
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    rooms = {label for label, _ in graph.nodes} & _own_labels()

    assert rooms
    for room in rooms:
        assert len(graph.leaf_nodes(room)) == 1, room
        for key, node in graph.node_map.items():
            if key[0] == room:
                assert len([parent for parent in node.parents if parent.key[0] == room]) <= 1, key


def test_every_migration_can_be_taken_back():
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    own = {key: migration for key, migration in disk.items() if key[0] in _own_labels()}

    assert own
    one_way = [
        (key, type(operation).__name__)
        for key, migration in own.items()
        for operation in migration.operations
        if isinstance(operation, RunPython | RunSQL) and not operation.reversible
    ]
    assert one_way == []
