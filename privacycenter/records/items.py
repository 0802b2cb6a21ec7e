"""One item of an import, from untrusted text to a row: checked, normalised, and refused with a reason where it must be."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from privacycenter.kernel import clock
from privacycenter.kernel.cards import mask_in
from privacycenter.kernel.errors import CardNumberFound, InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.text import storable_in
from privacycenter.records.enums import Category
from privacycenter.records.errors import ItemRefused

MAX_BYTES = 1024 * 1024  # of one item
MAX_DEPTH = 32
_REQUIRED = ("identifier", "category", "origin", "occurred_at", "payload")
_OPTIONAL = ("idempotency_key",)
_SCHEMAS = Path(__file__).parent / "schemas"
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class RecordItem:
    """A checked item. `key` makes it one row however often it comes; `digest` tells whether it is still the same."""

    category: Category
    identifier_kind: str
    identifier_value: str
    origin: str
    occurred_at: datetime
    payload: dict[str, Any]
    key: str
    digest: str


def parse_json(text: str | bytes) -> Any:
    """Parse one JSON value strictly: no repeated keys, no NaN, no endless depth. Raises ItemRefused."""
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError:
        raise ItemRefused("too_deep", _("It is nested too deeply.")) from None
    except UnicodeDecodeError:
        raise ItemRefused("not_utf8", _("It is not UTF-8.")) from None
    except ItemRefused:
        raise
    except ValueError:
        raise ItemRefused("not_json", _("It is not valid JSON.")) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ItemRefused("duplicate_key", _("A key stands twice in one object."))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ItemRefused("not_json", _("NaN and Infinity are not JSON."))


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ItemRefused("not_json", _("A number is too large."))
    return number


def read_item(value: Any) -> RecordItem:
    """Check one parsed item. Raises ItemRefused, whose message names fields and never repeats what stands in them."""
    if not isinstance(value, dict):
        raise ItemRefused("not_an_object", _("An item is a JSON object."))
    missing = [name for name in _REQUIRED if name not in value]
    if missing:
        raise ItemRefused("missing_field", _("Missing: %(names)s.") % {"names": ", ".join(missing)})
    if not value.keys() <= {*_REQUIRED, *_OPTIONAL}:
        known = ", ".join((*_REQUIRED, *_OPTIONAL))
        raise ItemRefused("unknown_field", _("There is a field that is not known. Known: %(names)s.") % {"names": known})
    try:
        value = storable_in(value, max_depth=MAX_DEPTH)
    except ValueError:
        raise ItemRefused("too_deep", _("It is nested too deeply.")) from None
    if mask_in(value) != value:
        raise ItemRefused(CardNumberFound.code, CardNumberFound.message)
    category = _choice(value["category"], Category)
    kind, identifier = _identifier(value["identifier"])
    payload = value["payload"]
    _check_payload(category, payload)
    digest = _digest(value, identifier)
    return RecordItem(
        category=category,
        identifier_kind=kind,
        identifier_value=identifier,
        origin=_short_text(value, "origin", 64),
        occurred_at=_moment(value["occurred_at"]),
        payload=payload,
        key=_short_text(value, "idempotency_key", 128) if "idempotency_key" in value else f"sha256:{digest}",
        digest=digest,
    )


def _choice(value: Any, choices: type[Category]) -> Category:
    if not isinstance(value, str) or value not in choices.values:
        raise ItemRefused("unknown_category", _("The category is one of: %(names)s.") % {"names": ", ".join(choices.values)})
    return choices(value)


def _identifier(value: Any) -> tuple[str, str]:
    if not isinstance(value, dict) or set(value) != {"kind", "value"} or not all(isinstance(part, str) for part in value.values()):
        raise ItemRefused("bad_identifier", _("The identifier is an object with the texts kind and value."))
    if value["kind"] not in set(IdentifierKind):
        raise ItemRefused("bad_identifier", _("The kind of identifier is one of: %(names)s.") % {"names": ", ".join(IdentifierKind)})
    try:
        return value["kind"], normalise(value["kind"], value["value"])
    except InvalidIdentifier:
        raise ItemRefused("bad_identifier", _("The identifier is not a valid address or number.")) from None


def _short_text(item: dict[str, Any], name: str, length: int) -> str:
    value = item[name]
    if not isinstance(value, str) or not value.strip() or len(value) > length:
        raise ItemRefused(f"bad_{name}", _("%(name)s is a text of 1 to %(length)s characters.") % {"name": name, "length": length})
    return value.strip()


def _moment(value: Any) -> datetime:
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ItemRefused("bad_time", _("occurred_at is a time with its offset, like 2026-03-01T12:00:00+01:00 (RFC 3339)."))
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ItemRefused("bad_time", _("occurred_at is out of range.")) from None
    if not _EARLIEST <= moment <= clock.now() + timedelta(days=1):
        raise ItemRefused("bad_time", _("occurred_at lies before 1900 or in the future."))
    return moment


def is_answers(value: Any) -> bool:
    """Whether the schema of form submissions takes this as their answers."""
    return bool(_validator(Category.FORM_SUBMISSIONS).evolve(schema=_answers_schema()).is_valid(value))


@cache
def _answers_schema() -> dict[str, Any]:
    answers: dict[str, Any] = _validator(Category.FORM_SUBMISSIONS).schema["properties"]["answers"]
    return answers


@cache
def _validator(category: Category) -> Draft202012Validator:
    return Draft202012Validator(json.loads((_SCHEMAS / f"{category.value}.json").read_text(encoding="utf-8")))


def _check_payload(category: Category, payload: Any) -> None:
    for error in _validator(category).iter_errors(payload):
        # The place and the rule only: the validator's own message repeats the value.
        place = ".".join(str(part) for part in error.absolute_schema_path if part in _schema_names(category)) or "payload"
        message = _("The payload does not fit the schema of its category: %(place)s, rule %(rule)s.")
        raise ItemRefused("bad_payload", message % {"place": place, "rule": error.validator})


@cache
def _schema_names(category: Category) -> frozenset[str]:
    return frozenset(_validator(category).schema["properties"])


def _digest(value: dict[str, Any], identifier: str) -> str:
    """SHA-256 over the item in canonical form, with the identifier as normalised."""
    canonical = {**value, "identifier": {"kind": value["identifier"]["kind"], "value": identifier}}
    canonical.pop("idempotency_key", None)
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
