"""What of other people may stand in a finished copy: addresses, numbers and known names that are not the person's own.

The copy is read as a stream where it lies; what is kept is a list of bounded length, sealed. It decides nothing: staff do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import phonenumbers
from django.conf import settings

from accounts.models import User
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.models import Identifier
from requests_app.bundle.words import LISTS
from requests_app.fulfilment.reading import open_entry
from requests_app.models import Bundle, Redaction, Request
from requests_app.redaction.deciding import own_texts
from requests_app.redaction.folding import fold
from requests_app.redaction.hiding import Hidden, HiddenText
from requests_app.redaction.loading import region_of
from requests_app.redaction.mails import NotReadable, is_mail, texts_of
from requests_app.redaction.patterns import Form, Needle, TooShort, needle_for, phone_in

MOST = 500  # suggestions; a copy with more is not gone through one by one
CONTEXTS = 3
FILES = 200
AROUND = 60
MAILS_BYTES = 64 * 1024 * 1024  # of messages, looked through one by one
_LOOKED_UP = 2_000
_NAMES = 100

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_NUMBER = re.compile(r"(?<![\w.@/-])(?:\+|\(?0)[\d(][\d ().\-/]{5,20}\d(?!\w)")
_NUMBER_IN_JSON = re.compile(rb"[+0][\d(][\d ().\-/]{5}")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_NAME_BEFORE = re.compile(r"((?:[^\W\d_][\w'\u2019.-]{0,40}\s+){0,3}[^\W\d_][\w'\u2019.-]{0,40})[\"']?\s*[<(]\s*$")
_HEADERS = frozenset({"from", "to", "cc", "bcc", "by", "von", "an", "de", "para", "mail", "e-mail", "reply-to"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """One record, or one of the lists, of a finished copy. `name` is the list's; `json` its bytes."""

    source: str
    title: str
    name: str
    json: bytes


@dataclass(slots=True)
class Candidate:
    """Something that may be somebody else's: as first written, how often, and where. `with_` is the address that it stands beside."""

    text: str
    form: str
    canonical: str
    count: int = 0
    is_staff: bool = False
    with_: str = ""
    contexts: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """The result: suggestions, files that nobody but a person can look into, and whether there was more."""

    candidates: list[Candidate] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    has_more: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Found:
        data = json.loads(text)
        return cls([Candidate(**item) for item in data["candidates"]], data["files"], data["has_more"])


def stretches(bundle: Bundle, *, files: list[dict[str, Any]] | None = None) -> Iterator[Stretch]:
    """The records and lists of a copy, one after the other: every record stands on a line of its own (requests_app.bundle.document)."""
    source = title = ""
    with open_entry(bundle, "personal-data.json") as stream:
        for line in stream:
            if line.startswith(b'{"key":'):
                yield Stretch(source, title, "", line.rstrip(b",\n"))
            elif line.startswith(b'      "key": '):
                source = json.loads(line.partition(b": ")[2].rstrip(b",\n"))
            elif line.startswith(b'      "title": '):
                title = json.loads(line.partition(b": ")[2].rstrip(b",\n"))
            elif line.startswith(b'      "files": ') and files is not None:
                listed = json.loads(line.partition(b": ")[2].rstrip(b",\n"))
                files += [{"source": source, "title": title, **item} for item in listed[: FILES - len(files)]]
            elif (name := line.partition(b": ")[0].strip(b' "').decode("utf-8", "replace")) in LISTS and line.startswith(b'  "'):
                yield Stretch("", "", name, line.partition(b": ")[2].rstrip(b",\n"))


def mail_bytes(bundle: Bundle) -> int:
    """How many bytes of a copy are stored messages, as far as its files are listed."""
    files: list[dict[str, Any]] = []
    for _ in stretches(bundle, files=files):
        pass
    return sum(item["size"] for item in files if is_mail(item["media_type"], item["path"]))


def find_candidates(bundle: Bundle) -> Found:
    """Go through a copy once for addresses and numbers, and once more for the names of those who were found.

    Messages among its files are looked through as well, up to MAILS_BYTES of them; `has_more` says that there were others.
    """
    request = bundle.request
    search = _Search(request)
    files: list[dict[str, Any]] = []
    for stretch in stretches(bundle, files=files):
        search.look(stretch)
    for stretch in _mails(bundle, files, search):
        search.look(stretch)
    names = search.names()
    if names:
        hidden = Hidden([HiddenText(key, needle, "") for key, (needle, _) in names.items()])
        for stretch in stretches(bundle):
            if hidden.may_be_in(stretch.json):
                search.look_for(names, hidden, stretch)
        for stretch in _mails(bundle, files, search):
            if hidden.may_be_in(stretch.json):
                search.look_for(names, hidden, stretch)
    ranked = sorted(search.found.values(), key=lambda item: (item.form, -item.count, item.canonical))
    return Found([item for item in ranked if item.count], files, search.has_more)


def _mails(bundle: Bundle, files: Iterable[Mapping[str, Any]], search: _Search) -> Iterator[Stretch]:
    """The decoded text of each message among the files, like a record that has it."""
    left = MAILS_BYTES
    for item in files:
        if not is_mail(item["media_type"], item["path"]):
            continue
        left -= item["size"]
        if left < 0:
            search.has_more = True
            return
        try:
            with open_entry(bundle, item["path"]) as stream:
                texts = list(texts_of(stream))
        except NotReadable:
            search.has_more = True
            continue
        row = {"key": item["record"] or "", item["original_name"] or item["path"]: texts}
        yield Stretch(item["source"], item["title"], "", json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))


class _Search:
    def __init__(self, request: Request) -> None:
        self.region = region_of(request)
        self.request = request
        own = [*own_texts(request), settings.OPERATOR_CONTACT]
        self.own = {needle.canonical for needle in _needles(own, self.region)}
        self.own_patterns = [needle.pattern for needle in _needles(own_texts(request), self.region)]
        self.found: dict[str, Candidate] = {}
        self.names_beside: dict[str, tuple[str, str]] = {}  # canonical name → as written, the address beside it
        self.has_more = False

    def look(self, stretch: Stretch) -> None:
        """Note the addresses and numbers of one stretch."""
        if b"@" not in stretch.json and "\uff20".encode() not in stretch.json and not _NUMBER_IN_JSON.search(stretch.json):
            return
        for record, name, text in _texts(stretch):
            for match in _ADDRESS.finditer(text) if "@" in text else ():
                canonical = self._note(match, Form.EMAIL, stretch, record, name)
                if canonical:
                    self._note_name(text[: match.start()], canonical)
            for match in _NUMBER.finditer(text):
                if not _DATE.match(match.group()) and self._is_number(match.group()):
                    self._note(match, Form.PHONE, stretch, record, name)

    def names(self) -> dict[str, tuple[Needle, Candidate]]:
        """What to look for by name, under a key each: names beside addresses, of accounts with such an address, and of earlier requests."""
        wanted: dict[str, Candidate] = {}
        for canonical, (text, address) in self.names_beside.items():
            wanted[canonical] = Candidate(text, Form.WORDS, canonical, with_=address)
        for address, name, is_staff in self._accounts():
            self.found[address].is_staff = is_staff
            for needle in _needles([name], self.region):
                wanted[needle.canonical] = Candidate(name, Form.WORDS, needle.canonical, is_staff=is_staff, with_=address)
        earlier = Redaction.objects.filter(request__subject=self.request.subject, text__isnull=False).exclude(request=self.request)
        for redaction in earlier.only("text")[:_NAMES]:
            for needle in _needles([redaction.text or ""], self.region):
                if needle.canonical not in self.found:
                    wanted.setdefault(needle.canonical, Candidate(redaction.text or "", needle.form, needle.canonical))
        result: dict[str, tuple[Needle, Candidate]] = {}
        for canonical, candidate in list(wanted.items())[: 2 * _NAMES]:
            for needle in _needles([candidate.text], self.region):
                if not self._is_own(needle, candidate.text):
                    result[canonical] = (needle, candidate)
        return result

    def look_for(self, names: Mapping[str, tuple[Needle, Candidate]], hidden: Hidden, stretch: Stretch) -> None:
        """Note where names stand in one stretch."""
        for record, name, text in _texts(stretch):
            for start, end, found in hidden.spans(text):
                candidate = self.found.setdefault(found.key, names[found.key][1])
                _add(candidate, stretch, record, name, text, start, end)

    def _note(self, match: re.Match[str], form: Form, stretch: Stretch, record: str, name: str) -> str:
        text = match.group().strip(".'")
        for needle in _needles([text], self.region):
            if needle.form != form or self._is_own(needle, text):
                continue
            if needle.canonical not in self.found and len(self.found) >= MOST:
                self.has_more = True
                continue
            candidate = self.found.setdefault(needle.canonical, Candidate(text, form, needle.canonical))
            _add(candidate, stretch, record, name, match.string, match.start(), match.end())
            return needle.canonical
        return ""

    def _note_name(self, before: str, address: str) -> None:
        match = _NAME_BEFORE.search(before[-200:])
        words = match.group(1).split() if match else []
        while words and (words[0].lower().strip(":") in _HEADERS or not words[0][0].isupper()):
            words = words[1:]
        if words and len(self.names_beside) < _NAMES:
            for needle in _needles([" ".join(words)], self.region):
                self.names_beside.setdefault(needle.canonical, (" ".join(words), address))

    def _is_number(self, text: str) -> bool:
        number = phone_in(text, self.region)
        return number is not None and phonenumbers.is_valid_number(number)

    def _is_own(self, needle: Needle, text: str) -> bool:
        if needle.canonical in self.own:
            return True
        folded = fold(text)
        return needle.form == Form.WORDS and any(pattern.search(folded) for pattern in self.own_patterns)

    def _accounts(self) -> Iterator[tuple[str, str, bool]]:
        """(address as found, name, whether of our staff) of people who have an account here."""
        by_value: dict[str, str] = {}
        for candidate in list(self.found.values())[:_LOOKED_UP]:
            if candidate.form == Form.EMAIL:
                try:
                    by_value[normalise(IdentifierKind.EMAIL, candidate.text)] = candidate.canonical
                except InvalidIdentifier:
                    continue
        rows = Identifier.objects.proven().filter(kind=IdentifierKind.EMAIL, value__in=list(by_value))
        people = dict(rows.exclude(subject=self.request.subject).values_list("subject_id", "value"))
        for subject_id, name, is_staff in User.objects.filter(subject__in=people).values_list("subject_id", "full_name", "is_staff"):
            yield by_value[people[subject_id]], name, is_staff


def before_and_after(bundle: Bundle, hidden: Hidden, *, most: int = 20, at_most_bytes: int = 64 * 1024 * 1024) -> list[dict[str, str]]:
    """The first places of a copy in which something would be hidden, as they are and as they would be."""
    rows: list[dict[str, str]] = []
    read = 0
    for stretch in stretches(bundle):
        read += len(stretch.json)
        if read > at_most_bytes or len(rows) >= most:
            break
        rows += _changed(stretch, hidden)
    return rows[:most]


def _changed(stretch: Stretch, hidden: Hidden) -> Iterator[dict[str, str]]:
    key = json.loads(stretch.json)["key"] if not stretch.name and (hidden.records or hidden.fields) else ""
    place = (stretch.source, str(key))
    if place in hidden.records:
        yield _row(stretch, str(key), "", stretch.json.decode("utf-8", "replace")[: 4 * AROUND], "")
        return
    fields = hidden.fields.get(place, {})
    if not fields and not (hidden.texts and hidden.may_be_in(stretch.json)):
        return
    for record, name, text in _texts(stretch):
        if name in fields:
            yield _row(stretch, record, name, text[: 2 * AROUND], f"[{fields[name][1]}]")
            continue
        for start, end, found in hidden.spans(text)[:3]:
            before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
            yield _row(stretch, record, name, f"{before}{text[start:end]}{after}", f"{before}[{found.label}]{after}", hidden)


def _row(stretch: Stretch, record: str, name: str, before: str, after: str, hidden: Hidden | None = None) -> dict[str, str]:
    shown = hidden.text_in(after)[0] if hidden else after
    return {"title": stretch.title or stretch.name, "record": record, "field": name, "before": before, "after": shown}


def _add(candidate: Candidate, stretch: Stretch, record: str, name: str, text: str, start: int, end: int) -> None:
    candidate.count += 1
    if len(candidate.contexts) < CONTEXTS:
        candidate.contexts.append(
            {
                "source": stretch.source,
                "title": stretch.title or stretch.name,
                "record": record,
                "field": name,
                "before": text[max(0, start - AROUND) : start],
                "text": text[start:end],
                "after": text[end : end + AROUND],
            }
        )


def _texts(stretch: Stretch) -> Iterator[tuple[str, str, str]]:
    """(key of the record, field, text) of every text in a stretch."""
    values = json.loads(stretch.json)
    if stretch.name:
        for row in values:
            yield from (("", str(name), text) for name, value in row.items() for text in _leaves(value))
        return
    record = str(values["key"])
    yield from ((record, str(name), text) for name, value in values.items() for text in _leaves(value))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)


def _needles(texts: Iterable[str], region: str) -> Iterator[Needle]:
    for text in texts:
        try:
            yield needle_for(text, region=region)
        except TooShort:
            continue
