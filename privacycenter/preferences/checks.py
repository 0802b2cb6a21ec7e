from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, PartyRow, Suppression
from privacycenter.preferences.triggers import ledger

_BEARING: tuple[type[PartyRow], ...] = (ConsentEvent, Suppression, DeliveryChoice)


@register(Tags.database)
def check_ledger(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E021: the triggers that keep the consent ledger append-only are in place (once its tables exist)."""
    messages: list[CheckMessage] = []
    for using in databases or ():
        try:
            if ledger.has_tables(using) and ledger.missing(using):
                messages.append(
                    Error("The consent ledger can be changed: its triggers are missing.", hint="Run migrate.", id="privacycenter.E021")
                )
        except DatabaseError:
            continue  # an unreachable database is reported by whoever needs it
    return messages


@register(Tags.database)
def check_hash_keys(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E026: every key of HASH_KEYS that choices are hashed under is configured. Without it, opt-outs count no more."""
    messages: list[CheckMessage] = []
    for using in databases or ():
        try:
            if not ledger.has_tables(using):
                continue
            used = {key_id for model in _BEARING for key_id in _key_ids(model, using)}
        except DatabaseError:
            continue  # an unreachable database is reported by whoever needs it
        if lost := sorted(used - set(settings.HASH_KEYS)):
            messages.append(
                Error(
                    f"People's choices, opt-outs too, are hashed under keys that HASH_KEYS lacks: {', '.join(lost)}.",
                    hint="Put these keys back behind the newest one; they have to stay as long as rows bear them.",
                    id="privacycenter.E026",
                )
            )
    return messages


def _key_ids(model: type[PartyRow], using: str) -> Iterator[str]:
    """The keys in use: one look into the index for each, however many rows there are."""
    rows = model._default_manager.using(using).order_by("party_key_id").values_list("party_key_id", flat=True)
    key_id = rows.first()
    while key_id is not None:
        yield key_id
        key_id = rows.filter(party_key_id__gt=key_id).first()
