"""System checks: configuration that would be unsafe, and models that hide personal data, stop the start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import models

from privacycenter.kernel.classification import Classification, classifications
from privacycenter.kernel.sources import UNDECIDED, registry

_HARMLESS = (models.AutoField, models.BooleanField)


@register(Tags.security)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E001 to E006: with DEBUG=0 every secret is set and strong; DEMO and var/secrets.env are for development."""
    if settings.DEBUG:
        return []
    messages: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5:
        messages.append(
            Error("SECRET_KEY is missing or weak.", hint="Set SECRET_KEY to at least 50 random characters.", id="privacycenter.E001")
        )
    for name, number in (("DATA_KEYS", 2), ("HASH_KEYS", 3), ("BUNDLE_SIGNING_KEYS", 4)):
        keys: dict[str, bytes] = getattr(settings, name)
        if not keys or any(len(set(key)) < 8 for key in keys.values()):
            messages.append(
                Error(
                    f"{name} is missing or weak.",
                    hint=f"Set {name} to id:base64 with 32 random bytes (openssl rand -base64 32), newest first.",
                    id=f"privacycenter.E00{number}",
                )
            )
    if settings.DEVELOPMENT_SECRETS and not settings.SITE_IS_LOOPBACK:
        messages.append(
            Error(
                f"Secrets for development are used in production: {', '.join(settings.DEVELOPMENT_SECRETS)}.",
                hint="Set them in the environment or by NAME_FILE; var/secrets.env is for a machine of one's own.",
                id="privacycenter.E006",
            )
        )
    if settings.DEMO:
        messages.append(Error("DEMO is set while DEBUG is off.", hint="Unset DEMO: it prints logins.", id="privacycenter.E005"))
    return messages


@register(Tags.security, deploy=True)
def check_left_at_default(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.W001 to W004: with `check --deploy`, what still has the value that suits a machine of one's own."""
    defaults = (
        (settings.SITE_IS_LOOPBACK, "SITE_URL", "links in mails lead to this machine only", 1),
        (settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"), "DATABASE_URL", "SQLite serves one machine", 2),
        (settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"), "EMAIL_URL", "mail is written to files and reaches nobody", 3),
        (bool(settings.DEVELOPMENT_SECRETS), "SECRET_KEY, DATA_KEYS, HASH_KEYS, BUNDLE_SIGNING_KEYS", "they come from var/secrets.env", 4),
    )
    return [
        Warning(f"Not set for production: {name}; {what_follows}.", hint="See docs/settings.md.", id=f"privacycenter.W00{number}")
        for is_default, name, what_follows, number in defaults
        if is_default
    ]


@register(Tags.models)
def check_classification(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E010 to E014: every model and every column that can hold personal data is classified and covered."""
    known = dict(classifications())
    messages: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=False):
        label = model._meta.label_lower
        if model._meta.proxy or not model._meta.managed:
            continue
        classification = known.pop(label, None)
        if classification is None:
            messages.append(
                Error(
                    f"{label} does not say what personal data it holds.",
                    hint="Call classify() or holds_nothing() for it in personal_data.py of its room.",
                    obj=model,
                    id="privacycenter.E010",
                )
            )
        else:
            messages.extend(_check_model(model, classification))
    messages.extend(Warning(f"{label} is classified, but there is no such model.", id="privacycenter.W010") for label in sorted(known))
    return messages


def _check_model(model: type[models.Model], classification: Classification) -> Iterator[CheckMessage]:
    names = {field.name for field in model._meta.concrete_fields}
    if not classification.fields:
        if not classification.because:
            yield Error(f"{classification.label} holds nothing without a reason.", obj=model, id="privacycenter.E011")
        return
    for field in model._meta.concrete_fields:
        if field.name not in classification.fields and not isinstance(field, _HARMLESS):
            yield Error(
                f"{classification.label}.{field.name} is not classified.",
                hint="Name it in classify(): a Sensitivity, or None when it holds no personal data.",
                obj=model,
                id="privacycenter.E012",
            )
    for name in sorted(set(classification.fields) - names):
        yield Error(f"{classification.label} classifies {name}, which is not a column.", obj=model, id="privacycenter.E013")
    if classification.source and classification.source not in registry.static_keys():
        yield Error(
            f"{classification.label} names source {classification.source}, which is not registered.",
            obj=model,
            id="privacycenter.E014",
        )


@register(Tags.models)
def check_erasure(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E017: every source in code says what an erasure does with it; nothing is deleted because nobody thought of it."""
    return [
        Error(
            f"Source {key} does not say what an erasure does with its records.",
            hint="Set `erasure` of its description to an ErasureRule: delete, or anonymise or retain with a reason and an end.",
            id="privacycenter.E017",
        )
        for key in sorted(registry.static_keys())
        if registry.get(key).describe().erasure is UNDECIDED
    ]
