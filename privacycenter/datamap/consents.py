"""What follows for consents when a purpose changes. The data map knows no consents; a room above that does registers here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from privacycenter.datamap.models import Purpose


@dataclass(frozen=True)
class Offer:
    """What staff can do about the consents of a purpose: a sentence, and a page of the desk."""

    words: Any
    url: str
    action: Any


OfferMaker = Callable[[Purpose], Offer | None]
_makers: list[OfferMaker] = []


def register(maker: OfferMaker) -> None:
    """Have `maker` asked whenever a purpose changed under consents. Raises ImproperlyConfigured for a second one."""
    if _makers and maker not in _makers:
        raise ImproperlyConfigured("only one room keeps consents")
    _makers[:] = [maker]


def offer_for(purpose: Purpose) -> Offer | None:
    """What can be done about the consents of a purpose; None where there are none."""
    return _makers[0](purpose) if _makers else None
