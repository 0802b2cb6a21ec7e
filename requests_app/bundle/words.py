"""Fixed words of the bundle, in the person's language. Callers activate it (`django.utils.translation.override`)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from privacycenter.datamap.enums import RecordCategory

LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "consents": (
        ("at", gettext_noop("When")),
        ("what", gettext_noop("For what")),
        ("choice", gettext_noop("What happened")),
        ("how", gettext_noop("How")),
        ("text", gettext_noop("Text you saw")),
    ),
    "disclosures": (
        ("at", gettext_noop("When")),
        ("recipient", gettext_noop("To whom")),
        ("what", gettext_noop("What")),
        ("why", gettext_noop("Why")),
    ),
    "access_log": (
        ("at", gettext_noop("When")),
        ("who", gettext_noop("Who")),
        ("what", gettext_noop("What was done")),
        ("reason", gettext_noop("Reason")),
    ),
    "automated_decisions": (
        ("what", gettext_noop("Decision")),
        ("logic", gettext_noop("How it is made")),
        ("effect", gettext_noop("What it means for you")),
    ),
    "transfers": (
        ("recipient", gettext_noop("To whom")),
        ("country", gettext_noop("Country")),
        ("safeguard", gettext_noop("Safeguard")),
    ),
}
"""Columns of the lists: name in the rows, and heading."""

_CATEGORIES = {member.value: member.label for member in RecordCategory}
_STATUSES = {
    "found": gettext_noop("Found"),
    "nothing_held": gettext_noop("Nothing held"),
    "withheld": gettext_noop("Withheld"),
    "failed": gettext_noop("Could not be read"),
}
_SENSITIVITIES = {
    "contact": gettext_noop("contact data"),
    "financial": gettext_noop("financial data"),
    "special": gettext_noop("specially protected"),
    "secret": gettext_noop("secret"),
}


def category_word(category: str) -> str:
    """The words of the site for a category."""
    return str(_CATEGORIES.get(category, category))


def status_word(status: str) -> str:
    return gettext(_STATUSES[status])


def sensitivity_word(sensitivity: str) -> str:
    """Empty for ordinary data, which needs no word."""
    return gettext(_SENSITIVITIES[sensitivity]) if sensitivity in _SENSITIVITIES else ""


def withheld_ground(sensitivity: str, ground: str) -> str:
    """Why values of a field are not given; a secret needs no ground of its own."""
    return ground or (gettext("It is a secret that protects your account and is never given out.") if sensitivity == "secret" else "")


def moment_text(moment: datetime, zone: str = "UTC") -> str:
    """A moment for people, with its weekday and its zone."""
    local = moment.astimezone(ZoneInfo(zone) if zone != "UTC" else UTC)
    return gettext("%(date)s, %(time)s (%(zone)s)") % {
        "date": date_format(local, gettext("l, j F Y")),
        "time": date_format(local, "H:i"),
        "zone": zone,
    }


def how_to_object() -> str:
    """What a person can do who does not agree with what was hidden."""
    return gettext(
        "If you do not agree, ask for a review on the page of your request: somebody else looks at it again. You can also complain to a "
        "supervisory authority or go to court."
    )


def how_to_check() -> str:
    """Paragraphs, separated by empty lines."""
    return "\n\n".join(
        (
            gettext(
                "manifest.json lists every file of this bundle with its size and its SHA-256 checksum. "
                "manifest.sig is our signature of that list."
            ),
            gettext(
                "To check a copy, compute the SHA-256 of each file and compare, then check the Ed25519 signature with our public key, "
                "which stands on our site under /.well-known/privacy-bundle-keys.json."
            ),
            gettext("If somebody sends you a bundle in our name and the check fails, it did not come from us like that."),
        )
    )
