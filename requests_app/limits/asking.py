"""What can be asked about limits, and how it is checked where somebody else files it than the person: staff, or another system."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import LegalBasis, RecordCategory
from privacycenter.datamap.models import Purpose
from privacycenter.preferences.models import Topic
from requests_app.errors import NotAChoice
from requests_app.limits.enums import Ground


def purposes_to_object() -> list[Purpose]:
    """What can be objected to beside direct marketing: purposes that rest on legitimate interests."""
    found = Purpose.objects.filter(legal_basis=LegalBasis.LEGITIMATE_INTERESTS, is_direct_marketing=False)
    return list(found.order_by("position", "key"))


def purposes_of_consent() -> list[Purpose]:
    """What people can have agreed to."""
    return list(Purpose.objects.filter(legal_basis=LegalBasis.CONSENT).order_by("position", "key"))


def restriction_choices(given: Mapping[str, Any]) -> dict[str, Any]:
    """The ground, and the categories of data (none for everything). Raises NotAChoice."""
    _only(given, "ground", "categories")
    ground = str(given.get("ground") or "")
    if ground not in Ground.values:
        raise NotAChoice("ground", _one_of(Ground.values))
    return {"ground": ground, "categories": _among(given, "categories", RecordCategory.values)}


def objection_choices(given: Mapping[str, Any]) -> dict[str, Any]:
    """Direct marketing, purposes that rest on legitimate interests, or both. Raises NotAChoice."""
    _only(given, "marketing", "purposes")
    purposes = _among(given, "purposes", [purpose.key for purpose in purposes_to_object()])
    marketing = bool(given.get("marketing"))
    if not purposes and not marketing:
        raise NotAChoice("purposes", _("Say what the person objects to: direct marketing, purposes, or both."))
    return {"marketing": marketing, "purposes": purposes}


def withdrawal_choices(given: Mapping[str, Any]) -> dict[str, Any]:
    """Purposes and topics of which the consent is taken back; none for every consent that stands. Raises NotAChoice."""
    _only(given, "purposes", "topics")
    found = {
        "purposes": _among(given, "purposes", [purpose.key for purpose in purposes_of_consent()]),
        "topics": _among(given, "topics", list(Topic.objects.values_list("key", flat=True))),
    }
    return {name: chosen for name, chosen in found.items() if chosen}


def _only(given: Mapping[str, Any], *names: str) -> None:
    """What this right does not ask is refused, not dropped: whoever sent it thinks that it counts."""
    for name, value in given.items():
        if value and name not in names:
            raise NotAChoice(name, _("This right takes no such choice."))


def _among(given: Mapping[str, Any], name: str, known: Collection[str]) -> list[str]:
    chosen = list(dict.fromkeys(str(each) for each in given.get(name) or []))
    if not set(chosen) <= set(known):
        raise NotAChoice(name, _one_of(known))
    return chosen


def _one_of(known: Collection[str]) -> str:
    return str(_("Choose among these: %(known)s.") % {"known": ", ".join(known) or "-"})
