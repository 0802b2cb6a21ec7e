"""The exact texts that people are shown when they choose. A new wording becomes a new version by itself."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.encoding import force_str
from django.utils.translation import get_language, override

from privacycenter.kernel import clock
from privacycenter.preferences.errors import UnknownConsentText
from privacycenter.preferences.models import ConsentText


@dataclass(frozen=True)
class ShownText:
    """A text as it was shown: which version it is follows from its words. `id` is that of the ConsentText row."""

    id: int
    key: str
    version: int
    language: str
    sha256: str


class _Local(threading.local):
    """What each connection wrote and still waits for, with what is to be done then."""

    def __init__(self) -> None:
        self.written: dict[_Name, partial[None]] = {}


_Name = tuple[str, str, str]  # key, language, SHA-256
_MOST = 1024
_registered: dict[str, Any] = {}
_stored: dict[_Name, ShownText] = {}
_local = _Local()


def register(key: str, text: Any) -> str:
    """Say the words of a text that stands in code (a lazy translation). Returns the key.

    Raises ImproperlyConfigured for a key that is registered twice.
    """
    if _registered.setdefault(key, text) is not text:
        raise ImproperlyConfigured(f"consent text {key} is registered twice")
    return key


def registered(key: str, *, language: str = "") -> ShownText:
    """A text that stands in code, in `language` (BCP 47; the active one by default). Raises UnknownConsentText."""
    try:
        words = _registered[key]
    except KeyError:
        raise UnknownConsentText from None
    language = language or get_language() or settings.LANGUAGE_CODE
    with override(language):
        return shown(key, force_str(words), language=language)


def shown(key: str, text: str, *, language: str) -> ShownText:
    """The version of `key` that has exactly this text; a new one where the words are new. No query for a text seen before."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    known = _known(key, language, sha256)
    if known is None:
        known = _add(key, language, sha256, text)
    return known


def _known(key: str, language: str, sha256: str) -> ShownText | None:
    name = (key, language, sha256)
    known = _stored.get(name) or _written_here(name)
    if known is None:
        row = ConsentText.objects.filter(key=key, language=language, sha256=sha256).values_list("pk", "version").first()
        if row is None:
            return None
        known = ShownText(row[0], key, row[1], language, sha256)
        _remember(name, known)  # written by somebody else, so it is only seen once it stands
    return known


def _written_here(name: _Name) -> ShownText | None:
    """What the transaction of this connection wrote: it may still be rolled back, and counts as long as its end is waited for."""
    written = _local.written
    settle = written.get(name)
    if settle is None:
        return None
    if any(waiting is settle for _, waiting, *_ in connection.run_on_commit):
        known: ShownText = settle.args[1]
        return known
    del written[name]
    return None


def _remember(name: _Name, known: ShownText) -> None:
    if len(_stored) >= _MOST:
        _stored.clear()
    _stored[name] = known
    _local.written.pop(name, None)


def forget() -> None:
    """Empty the cache; for tests, whose databases come and go."""
    _stored.clear()


def _add(key: str, language: str, sha256: str, text: str) -> ShownText:
    for _attempt in range(5):
        newest = ConsentText.objects.filter(key=key, language=language).aggregate(newest=Max("version"))["newest"] or 0
        try:
            with transaction.atomic():
                row = ConsentText.objects.create(
                    key=key, language=language, version=newest + 1, sha256=sha256, text=text, created_at=clock.now()
                )
        except IntegrityError:  # somebody else showed it first
            found = _known(key, language, sha256)
            if found is not None:
                return found
            continue
        added, name = ShownText(row.pk, key, row.version, language, sha256), (key, language, sha256)
        settle = partial(_remember, name, added)
        _local.written[name] = settle
        transaction.on_commit(settle)
        return added
    raise UnknownConsentText
