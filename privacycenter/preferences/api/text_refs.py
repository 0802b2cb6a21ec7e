"""The words that another system showed: sent in full once, and named by their hash from then on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from privacycenter.kernel.problems import TooLarge
from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.api.items import Fault, Item
from privacycenter.preferences.api.serializers import KEY
from privacycenter.preferences.errors import UnknownConsentText
from privacycenter.preferences.models import ConsentText
from privacycenter.preferences.texts import ShownText, shown

PREFIX = "client."  # so that no other system can add a version to words of our own pages
MOST_NEW = 100
LONGEST = 20_000
_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TextReference:
    """A text by key, language and hash; `text` where it was sent in full."""

    key: str
    language: str
    sha256: str
    version: int | None = None
    text: str = ""


def read_text(item: Item) -> TextReference:
    """The item's `text`. Its key may be given with or without the prefix of other systems' texts."""
    key = item.text("key", most=KEY + len(PREFIX), required=True)
    language = item.text("language", most=16, required=True)
    text = item.text("text", most=LONGEST)
    sha256 = item.text("sha256", most=64)
    version = item.number("version")
    item.require_nothing_else()
    if not _KEY.fullmatch(key):
        raise item.fault("invalid_choice", "key")
    if not _LANGUAGE.fullmatch(language):
        raise item.fault("invalid_choice", "language")
    if sha256 and not _SHA256.fullmatch(sha256):
        raise item.fault("invalid_choice", "sha256")
    if text:
        own = hashlib.sha256(text.encode()).hexdigest()
        if sha256 and sha256 != own:
            raise item.fault("wrong_hash", "sha256", words=_("This is not the SHA-256 of the text."))
        return TextReference(PREFIX + key.removeprefix(PREFIX), language, own, version, text)
    if not sha256:
        raise item.fault("required", "text")
    return TextReference(key, language, sha256, version)


def find_texts(wanted: Collection[TextReference]) -> dict[TextReference, ShownText | Fault]:
    """The stored text of each; what was sent in full is stored where it is new. One query and a few for each new text.

    Raises TooLarge for more than a hundred new ones.
    """
    rows = ConsentText.objects.filter(sha256__among=sorted({each.sha256 for each in wanted})).defer("text") if wanted else ()
    known = {(row.key, row.language, row.sha256): ShownText(row.pk, row.key, row.version, row.language, row.sha256) for row in rows}
    found: dict[TextReference, ShownText | Fault] = {}
    new = 0
    for each in wanted:
        row = known.get((each.key, each.language, each.sha256)) or known.get((PREFIX + each.key, each.language, each.sha256))
        if row is None:
            new += bool(each.text)
            if new > MOST_NEW:
                raise TooLarge(_("At most %(most)s new texts in one call.") % {"most": MOST_NEW})
            row = shown(each.key, each.text, language=each.language) if each.text else None
        if row is None or (each.version and row.version != each.version):
            found[each] = Fault(UnknownConsentText.code, "text", words=UnknownConsentText.message)
        else:
            found[each] = row
    return found
