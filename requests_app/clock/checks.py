"""System checks of what the legal clock is set to: laws that exist, a country, periods that are some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django_countries import countries

from requests_app.clock.defaults import REGIMES

_AT_LEAST_ONE = ("REVIEW_MONTHS", "ASK_REMINDER_DAYS")


@register(Tags.compatibility)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E061, E062 and W060: the country, the periods, and that there is a law for everybody at all."""
    messages: list[CheckMessage] = []
    if settings.OPERATOR_COUNTRY not in dict(countries):
        messages.append(
            Error(
                f"OPERATOR_COUNTRY is no country: {settings.OPERATOR_COUNTRY!r}.",
                hint="Set it to two capital letters of ISO 3166, such as DE.",
                id="privacycenter.E061",
            )
        )
    messages += [Error(f"{name} must be at least 1.", id="privacycenter.E062") for name in _AT_LEAST_ONE if getattr(settings, name) < 1]
    if not settings.OPERATOR_REGIMES:
        messages.append(
            Warning(
                "OPERATOR_REGIMES names no law: people who state no country get the month of the GDPR.",
                hint="Name the laws that count for everybody, such as OPERATOR_REGIMES=gdpr.",
                id="privacycenter.W060",
            )
        )
    return messages


@register(Tags.database)
def check_regimes(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E060: every law of OPERATOR_REGIMES exists. One that does not would count for nobody, and nobody would notice."""
    from requests_app.models import Regime  # app ready

    known = {law["key"] for law, _rules in REGIMES}
    unknown = [key for key in settings.OPERATOR_REGIMES if key not in known]
    if not unknown or not databases:
        return []
    try:
        for using in databases:
            known |= set(Regime.objects.using(using).values_list("key", flat=True))
    except DatabaseError:
        return []  # an unreachable or unmigrated database is reported by whoever needs it
    return [
        Error(
            f"OPERATOR_REGIMES names a law that there is not: {key!r}.",
            hint=f"Correct it, or add that law at the desk first. There are: {', '.join(sorted(known))}.",
            id="privacycenter.E060",
        )
        for key in unknown
        if key not in known
    ]
