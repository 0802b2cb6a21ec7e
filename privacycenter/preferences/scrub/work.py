"""A list of addresses with what the gate says to each: the input's columns, `allowed` and `reason`, or the links of a mailing."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.sheets import safe_cell
from privacycenter.mail.site import wire_address
from privacycenter.preferences.enums import Channel, LinkKind
from privacycenter.preferences.errors import EmptyList, NoColumn
from privacycenter.preferences.gate import Decision, Rule
from privacycenter.preferences.gate.lists import ListGate
from privacycenter.preferences.links import NewLink, absolute, make_links, owner_keys
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, hashes_of
from privacycenter.preferences.scrub.reading import TOO_LONG, UNCLOSED, UNREADABLE, Rows

BATCH = 10_000
NAMED_REMARKS = 100
INVALID = "invalid"
SURPLUS = "more_cells_than_columns"
SHORT = "fewer_cells_than_columns"
REFUSED = "refused"
# What marketing may know about an address: nobody agreed, or wait. Why else it says no is the person's own affair.
_TOLD = frozenset({Rule.UNKNOWN, Rule.CONSENT, Rule.LEGAL_BASIS, Rule.PAUSE, Rule.QUIET_HOURS, Rule.FREQUENCY})
_PHONE_CHANNELS = frozenset({Channel.SMS, Channel.PHONE})
_NAMES: dict[str, tuple[str, ...]] = {
    IdentifierKind.EMAIL: ("email", "emailaddress", "mail", "mailaddress", "address", "recipient", "to"),
    IdentifierKind.PHONE: ("phone", "phonenumber", "mobile", "mobilephone", "telephone", "tel", "sms", "number", "address"),
}
_RISKY = re.compile(r"(?:^|[,;|\t\r\n])[\" ]*[=+\-@]|^[\t\r]", re.MULTILINE)

REMARKS: dict[str, Any] = {
    TOO_LONG: gettext_lazy("longer than a megabyte: passed over"),
    UNCLOSED: gettext_lazy("a quotation mark is opened and never closed: passed over"),
    UNREADABLE: gettext_lazy("can't be read: passed over"),
    INVALID: gettext_lazy("no usable address"),
    SURPLUS: gettext_lazy("more cells than columns, so we can't tell which is the address"),
    SHORT: gettext_lazy("fewer cells than columns: the missing ones are left empty"),
    REFUSED: gettext_lazy("may not be written to"),
}
PROBLEMS: dict[str, Any] = {
    EmptyList.code: EmptyList.message,
    NoColumn.code: NoColumn.message,
    "error": gettext_lazy("Something went wrong on our side. Upload the list again."),
}


@dataclass(frozen=True)
class Task:
    """What is asked about a list. `column` names the column with the addresses; empty: it is found by its name."""

    topic: Topic
    channel: str = Channel.EMAIL
    column: str = ""
    with_links: bool = False
    campaign: str = ""
    tells_why: bool = True  # False: facts about a person (restricted, a child, a complaint) are not told apart

    @property
    def kind(self) -> str:
        """Which kind of identifier the list holds."""
        return IdentifierKind.PHONE if self.channel in _PHONE_CHANNELS else IdentifierKind.EMAIL


@dataclass
class Summary:
    """Numbers about a list; `remarks` are the first hundred (line number, code)."""

    rows: int = 0
    allowed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    remarks_total: int = 0

    def remark(self, line: int, code: str) -> None:
        """Note what is to be said about a line."""
        self.remarks_total += 1
        if len(self.remarks) < NAMED_REMARKS:
            self.remarks.append((line, code))


@dataclass(frozen=True)
class _Shape:
    """How a row of the list looks."""

    place: int  # where the address stands
    width: int  # how many cells are given back
    columns: int  # how many have a name

    def is_exceeded(self, row: list[str]) -> bool:
        """Whether cells without a name hold something: then nobody can tell which cell belongs to which column."""
        return len(row) > self.columns and any(cell.strip() for cell in row[self.columns :])


class Scrub:
    """One pass over one list: iterate for the pieces of the answer (UTF-8); `summary` grows with them.

    Raises EmptyList or NoColumn before anything was answered.
    """

    def __init__(self, chunks: Iterable[bytes], task: Task) -> None:
        self.task = task
        self.summary = Summary()
        self._rows = Rows(chunks, self.summary.remark)
        self._gate = ListGate(task.kind, task.topic.purpose_id, topic=task.topic.key, channel=task.channel)
        self._reasons: dict[int, tuple[Decision, str, str, str]] = {}

    def __iter__(self) -> Iterator[bytes]:
        rows = iter(self._rows)
        first = next(rows, None)
        if first is None:
            raise EmptyList
        columns = [name.strip() for name in first[1]]
        place = self._column(columns)
        width = len(columns) - 2 if columns[-2:] == ["allowed", "reason"] and place < len(columns) - 2 else len(columns)
        added = ["allowed", "reason"]
        if self.task.with_links:
            added += ["unsubscribe", "preferences", "List-Unsubscribe", "List-Unsubscribe-Post"]
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self._rows.separator, lineterminator="\r\n")
        writer.writerow([safe_cell(name) for name in first[1][:width]] + added)
        if self._rows.encoding != "utf-8":
            yield b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8; whoever sent plain UTF-8 needs none
        shape = _Shape(place, width, len(columns))
        batch: list[list[str]] = []
        lines: list[int] = []
        for line, row in rows:
            batch.append(row)
            lines.append(line)
            if len(batch) == BATCH:
                yield self._answered(batch, lines, shape, writer, out)
                batch, lines = [], []
        yield self._answered(batch, lines, shape, writer, out)

    def _column(self, columns: list[str]) -> int:
        """Where the addresses stand: in the column that was named, else in the first that is called so."""
        wanted = (self.task.column.strip(),) if self.task.column.strip() else _NAMES[self.task.kind]
        plain = [_plain(name) for name in columns]
        for name in wanted:
            if _plain(name) in plain:
                return plain.index(_plain(name))
        raise NoColumn

    def _answered(self, batch: list[list[str]], lines: list[int], shape: _Shape, writer: Any, out: io.StringIO) -> bytes:
        kind, summary, width = self.task.kind, self.summary, shape.width
        values: list[str] = []
        for row in batch:
            try:
                values.append("" if shape.is_exceeded(row) else normalise(kind, row[shape.place].lstrip("'")))
            except (InvalidIdentifier, IndexError):
                values.append("")
        decisions = self._gate.decide(value for value in values if value)
        links = self._links([value for value in decisions if decisions[value].allowed]) if self.task.with_links else {}
        rows = []
        for row, value, line in zip(batch, values, lines, strict=True):
            cells = row if len(row) == width else [*row[:width], *[""] * (width - len(row))]
            if _RISKY.search("\n".join(cells)):
                cells = [safe_cell(each) for each in cells]
            if value:
                if len(row) < width:
                    summary.remark(line, SHORT)
                decision = decisions[value]
                rows.append(cells + self._words(decision) + links.get(value, _NO_LINKS if self.task.with_links else []))
            else:
                is_exceeded = shape.is_exceeded(row)
                code = SURPLUS if is_exceeded else INVALID
                summary.remark(line, code)
                summary.counts[code] += 1
                reason = _("more cells than columns in line %(line)d") % {"line": line} if is_exceeded else _("no usable address")
                # nothing is cut off: what has no column comes last, so that the answer stands under its own name
                surplus = [safe_cell(each) for each in row[shape.columns :]] if is_exceeded else []
                rows.append([*cells, "no", reason, *(_NO_LINKS if self.task.with_links else ()), *surplus])
        writer.writerows(rows)
        summary.rows += len(batch)
        answer = out.getvalue().encode()
        out.seek(0)
        out.truncate()
        return answer

    def _words(self, decision: Decision) -> list[str]:
        # The same few decisions come again and again: their words are made once.
        known = self._reasons.get(id(decision))
        if known is None or known[0] is not decision:
            is_told = decision.allowed or self.task.tells_why or decision.rule in _TOLD
            rule, reason = (decision.rule, decision.reason) if is_told else (REFUSED, REMARKS[REFUSED])
            known = (decision, "yes" if decision.allowed else "no", str(reason), rule)
            if len(self._reasons) < 1_000:
                self._reasons[id(decision)] = known
        self.summary.counts[known[3]] += not decision.allowed
        self.summary.allowed += decision.allowed
        return [known[1], known[2]]

    def _links(self, values: list[str]) -> dict[str, list[str]]:
        """The links of each address, for a mail that another system sends: absolute addresses and values of headers."""
        wanted, owners = [], owner_keys(self.task.kind, values)
        for value in values:
            own = hashes_of(self.task.kind, value)
            party = Party(own[0], own, own[:1])
            for kind in (LinkKind.UNSUBSCRIBE, LinkKind.PREFERENCES):
                wanted.append(NewLink(party, kind, self.task.topic.key, self.task.channel, self.task.campaign, owners.get(value, "")))
        paths = make_links(wanted)
        return {
            value: [absolute(unsubscribe), absolute(preferences), f"<{wire_address(unsubscribe)}>", "List-Unsubscribe=One-Click"]
            for value, unsubscribe, preferences in zip(values, paths[::2], paths[1::2], strict=True)
        }


_NO_LINKS = ["", "", "", ""]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()) or name.strip().lower()
