"""The documents as HTML for the layout engine: built from strings, every text escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from .documents import Document, LetterDocument, Listing, MainDocument, Record, SourceSection, VolumeDocument
from .records import records_html
from .text import Words, markup, readable_time, visible

RTL_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
TABLE_ROWS = 40
"""A listing with more rows than this is written as records: tables are slow to lay out."""
TABLE_COLUMNS = 5
LISTING_ROWS = 1_000
"""Most rows of one listing that are printed; a sentence points to the JSON for the rest."""
MARKS = {"found": "●", "nothing_held": "○", "withheld": "▲", "failed": "■"}
"""The shape that stands with the word of a status, so that it is never colour alone."""

_PRINTABLE = re.compile(r"[A-Za-z0-9 .,:/()-]")


@cache
def _stylesheet() -> str:
    return (Path(__file__).parent / "assets" / "print.css").read_text(encoding="utf-8")


def is_rtl_language(language: str) -> bool:
    """Whether documents in this language (BCP 47) run from right to left."""
    return language.split("-")[0].lower() in RTL_LANGUAGES


def anchor(index: int, title: str) -> str:
    """The name of a section's link target: readers hear it, so it says the title as far as plain letters go."""
    words = re.findall(r"[A-Za-z0-9]+", title)[:8]
    return "-".join([str(index + 1), *(word[:30] for word in words)])


def number(value: int) -> str:
    """A count with its thousands apart, by a space that doesn't break (ISO 80000-1)."""
    return f"{value:,}".replace(",", "\u00a0")


def document_html(document: Document, missing: frozenset[str] = frozenset()) -> str:
    """The whole document as HTML. `missing` are the characters no font has; they are shown by number."""
    words = Words(document.labels, missing, rtl=is_rtl_language(document.language))
    writer = _Writer(words)
    if isinstance(document, MainDocument):
        title, body = writer.main(document), "".join(writer.parts)
        author = document.controller.name
    elif isinstance(document, LetterDocument):
        title, body = writer.letter(document), "".join(writer.parts)
        author = document.controller.name
    else:
        title, body = writer.volume(document), "".join(writer.parts)
        author = ""
    direction = "rtl" if writer.rtl else "ltr"
    return (
        f'<!DOCTYPE html><html lang="{markup(document.language)}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{markup(visible(title))}</title>"
        f'<meta name="author" content="{markup(visible(author))}">'
        f'<meta name="dcterms.created" content="{markup(_w3c(document.created))}">'
        f"<style>{_stylesheet()}{writer.page_css(document, title)}{''.join(sorted(writer.css))}</style>"
        f"</head><body>{body}</body></html>"
    )


def _w3c(created: str) -> str:
    """RFC 3339 without fractions of a second, as PDF metadata wants it."""
    return re.sub(r"\.\d+", "", created)


def _css_string(text: str) -> str:
    """A CSS string in which nothing but plain characters stands unescaped (CSS Syntax 3, 4.3.7)."""
    return '"' + "".join(c if _PRINTABLE.fullmatch(c) else f"\\{ord(c):x} " for c in text) + '"'


class _Writer:
    """Collects the parts of one document and the CSS they need."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.rtl = words.rtl
        self.parts: list[str] = []
        self.css: set[str] = set()

    def page_css(self, document: Document, title: str) -> str:
        """Running header (title, reference) and footer (page x of y).

        A volume has all of it in one box: every box in a margin costs as much as three records, on every page.
        """
        before, _, rest = self.words["page_of"].partition("{page}")
        between, _, after = rest.partition("{pages}")
        pages = f"{_css_string(before)} counter(page) {_css_string(between)} counter(pages) {_css_string(after)}"
        name, reference = (_css_string(self.words.header(text, 70)) for text in (title, document.reference))
        left, right = ("right", "left") if self.rtl else ("left", "right")
        if isinstance(document, VolumeDocument):
            dot = _css_string(" · ")
            return f"@page{{@top-{right}{{content:{reference} {dot} {name} {dot} {pages};text-align:{right}}}}}"
        boxes = ((f"top-{left}", left, name), (f"top-{right}", right, reference), (f"bottom-{right}", right, pages))
        header = "".join(f"@{box}{{content:{content};text-align:{side}}}" for box, side, content in boxes)
        return f"@page{{{header}}}@page:first{{@top-left{{content:none}}@top-right{{content:none}}}}"

    def add(self, *parts: str) -> None:
        """Append finished HTML."""
        self.parts.extend(parts)

    def word(self, key: str) -> str:
        """A fixed word, escaped."""
        return self.words.plain(self.words[key])

    def fact(self, key: str, text: str, tag: str = "p") -> str:
        """A line with a label and a text; several lines of text stay lines."""
        return f'<{tag} class="fact"><b>{self.word(key)}</b>{self.words.plain(text or self.words["not_stated"])}</{tag}>'

    # ---------------------------------------------------------------- main document

    def main(self, document: MainDocument) -> str:
        """Everything of `personal-data.pdf`; returns its title."""
        title = self.words[f"title_{document.kind}"]
        self.cover(document, title)
        self.glance(document)
        self.contents(document)
        for index, source in enumerate(document.sources):
            self.source(source, index)
        for key in ("consents", "disclosures", "access_log", "automated_decisions", "transfers"):
            self.listing(key, getattr(document, key), made=document.created_text or readable_time(document.created))
        self.rights(document)
        return title

    def cover(self, document: MainDocument, title: str) -> None:
        person, controller = document.subject, document.controller
        known = "\n".join(f"{item.kind}: {item.value}" for item in person.identifiers)
        name = person.display_name or (person.identifiers[0].value if person.identifiers else self.words["not_stated"])
        address = "\n".join([controller.name, *controller.address_lines, *([controller.country] if controller.country else [])])
        self.add(
            f'<section class="cover"><p class="who">{self.words.plain(controller.name)}</p>',
            f"<h1>{self.words.plain(title)}</h1>",
            f'<p class="lead">{self.word(f"lead_{document.kind}")}</p>',
            self.fact("about", name),
            self.fact("reference", document.reference),
            self.fact("created", document.created_text or readable_time(document.created)),
            self.fact("known_by", known) if known else "",
            self.fact("from", address),
            self.fact("contact", controller.contact_email),
            "</section>",
        )

    def glance(self, document: MainDocument) -> None:
        sources = document.sources
        figures = (
            ("sources_total", len(sources)),
            ("records_total", sum(source.count for source in sources)),
            ("withheld_total", sum(source.is_closed + len(source.withheld_fields) for source in sources)),
        )
        self.add(
            f'<section class="glance"><h2>{self.word("at_a_glance")}</h2><div class="figures">',
            *(f"<p><b>{number(count)}</b>{self.word(key)}</p> " for key, count in figures),
            "</div><table><thead><tr>",
            *(f'<th scope="col">{self.word(key)}</th>' for key in ("source", "category", "result")),
            f'<th scope="col" class="number">{self.word("records")}</th></tr></thead><tbody>',
        )
        for index, source in enumerate(sources):
            self.add(
                f'<tr><th scope="row"><a href="#{anchor(index, source.title)}">{self.words.plain(source.title)}</a></th>'
                f"<td>{self.words.plain(source.category)}</td><td>{self.status(source)}</td>"
                f'<td class="number">{number(source.count)}</td></tr>'
            )
        self.add(f"</tbody></table><h3>{self.word('why_missing')}</h3>")
        self.add(*(f'<p class="withheld-note">{self.words.plain(paragraph)}</p>' for paragraph in document.hidden))
        missing = [source for source in sources if source.is_closed or source.problems or source.withheld_fields or source.reason]
        for source in missing:
            reasons = [source.reason or self.words["no_reason"]] if source.is_closed or source.reason else []
            reasons += [self.words["problems"]] if source.problems else []
            reasons += [f"{item.label}: {item.withheld}" for item in source.withheld_fields]
            lines = "<br>".join(map(self.words.plain, reasons))
            self.add(f'<p class="withheld-note"><b>{self.words.plain(source.title)}</b><br>{lines}</p>')
        if not missing and not document.hidden:
            self.add(f"<p>{self.word('nothing_missing')}</p>")
        self.add("</section>")

    def contents(self, document: MainDocument) -> None:
        entries = [(anchor(index, source.title), source.title) for index, source in enumerate(document.sources)]
        entries += [
            (key, self.words[key]) for key in ("consents", "disclosures", "access_log", "automated_decisions", "transfers", "rights")
        ]
        if document.authority:
            entries.append(("authority", self.words["authority"]))
        if document.how_to_check:
            entries.append(("how_to_check", self.words["how_to_check"]))
        self.add(
            f'<nav class="contents"><h2>{self.word("contents")}</h2><ol>',
            *(f'<li><a href="#{target}">{self.words.plain(title)}</a></li>' for target, title in entries),
            "</ol></nav>",
        )

    def status(self, source: SourceSection) -> str:
        return f'<span class="status {source.status}"><i>{MARKS[source.status]}</i> {self.word(source.status)}</span>'

    def source(self, source: SourceSection, index: int) -> None:
        """A section: status, the facts, then the records or where they are."""
        self.add(f'<section class="source"><div class="head"><h2 id="{anchor(index, source.title)}">{self.words.plain(source.title)}</h2>')
        count = f" · {self.word('records')}: {number(source.count)}" if source.count else ""
        category = f" · {self.words.plain(source.category)}" if source.category else ""
        self.add(f"<p>{self.status(source)}{count}{category}</p>")
        if source.status in ("withheld", "failed"):
            self.add(f'<p class="withheld-note">{self.words.plain(source.reason or self.words["no_reason"])}</p>')
            self.facts(source)
        elif source.status == "nothing_held":
            self.add(f"<p>{self.words.plain(source.reason or self.words['searched_empty'])}</p>")
        else:
            if source.reason:
                self.add(f'<p class="withheld-note">{self.words.plain(source.reason)}</p>')
            self.facts(source)
        self.add("</div>")
        if source.volumes:
            self.add(f'<h3>{self.word("record_list")}</h3><p>{self.word("records_in_volumes")}</p><ul class="volumes">')
            for volume in source.volumes:
                span = self.words["volume_range"].format(first=number(volume.first), last=number(volume.last))
                self.add(f"<li>{self.words.plain(volume.path)} ({self.words.plain(span)})</li>")
            self.add("</ul>")
        elif source.records:
            self.add(f"<h3>{self.word('record_list')}</h3>")
            self.records(source, source.records, 1)
        if source.problems:
            rows = [{"record": item.record, "reason": item.reason} for item in source.problems]
            self.add(f"<h3>{self.word('problems')}</h3>")
            self.table([("record", self.words["record"]), ("reason", self.words["reason"])], rows)
        if source.files:
            size = self.words["bytes"]
            rows = [
                {"name": item.original_name, "path": item.path, "kind": f"{item.media_type}, {number(item.size)} {size}"}
                for item in source.files
            ]
            self.add(f"<h3>{self.word('files')}</h3>")
            columns = [("name", "file_name"), ("path", "file_path"), ("kind", "file_kind")]
            self.table([(name, self.words[key]) for name, key in columns], rows)
        self.add("</section>")

    def facts(self, source: SourceSection) -> None:
        """The five facts, and which fields are sensitive."""
        purposes = "\n".join(f"{item.title} ({item.legal_basis})" if item.legal_basis else item.title for item in source.purposes)
        kept = source.retention_rule
        if source.retention_until:
            until = self.words["until"].format(date=readable_time(source.retention_until))
            kept = f"{kept} ({until})" if kept else until
        self.add(
            self.fact("origin", source.origin),
            self.fact("purposes", purposes),
            self.fact("recipients", "\n".join(source.recipients) or self.words["no_recipients"]),
            self.fact("retention", kept),
            self.fact("portable", self.words["portable_yes" if source.portable else "portable_no"]),
        )
        sensitive = [item for item in source.fields if item.sensitivity and item.sensitivity not in ("normal", "plain", "ordinary")]
        if sensitive:
            self.add(self.fact("sensitive", "\n".join(f"{item.label} ({item.sensitivity})" for item in sensitive)))

    def records(self, source: SourceSection, records: Sequence[Record | None], first: int) -> None:
        html, css = records_html(self.words, source.fields, records, first=first)
        self.css.add(css)
        self.add(f'<p class="small">{self.word("empty_mark")}</p>', html)

    def table(self, columns: Sequence[tuple[str, str]], rows: Sequence[Mapping[str, object]]) -> None:
        """A small table with a header row that is repeated on every page."""
        self.add("<table><thead><tr>", *(f'<th scope="col">{self.words.plain(label)}</th>' for _, label in columns), "</tr></thead><tbody>")
        for row in rows:
            cells = "".join(f"<td>{self.words.cell(row.get(name))}</td>" for name, _ in columns)
            self.add(f"<tr>{cells}</tr>")
        self.add("</tbody></table>")

    def listing(self, key: str, listing: Listing, *, made: str) -> None:
        """One of the summaries after the sources: a table, records when it is long or wide, or a plain sentence."""
        self.add(f'<section class="part"><h2 id="{key}">{self.word(key)}</h2>')
        if note := self.words.get(f"{key}_note"):
            self.add(f"<p>{self.words.plain(note.format(created=made))}</p>")
        rows = [dict(row) for row in listing.rows[:LISTING_ROWS]]
        if not rows:
            self.add(f"<p>{self.words.plain(listing.empty or self.words[f'{key}_empty'])}</p>")
        elif len(rows) > TABLE_ROWS or len(listing.columns) > TABLE_COLUMNS:
            names = [column.name for column in listing.columns]
            ordered = [{name: row.get(name) for name in names} for row in rows]
            html, css = records_html(self.words, listing.columns, ordered, first=1)
            self.css.add(css)
            self.add(html)
        else:
            self.table([(column.name, column.label) for column in listing.columns], rows)
        if len(listing.rows) > LISTING_ROWS:
            self.add(f"<p>{self.word('cut')}</p>")
        self.add("</section>")

    def rights(self, document: MainDocument) -> None:
        """The person's rights, the authority, and how to check the copy."""
        self.add(f'<section class="part"><h2 id="rights">{self.word("rights")}</h2>')
        for right in document.rights:
            self.add(f'<div class="right"><h3>{self.words.plain(right.title)}</h3><p>{self.words.plain(right.text)}</p></div>')
        self.add("</section>")
        if document.authority:
            lines = [document.authority.name, document.authority.web_address, document.authority.how_to_file]
            self.add(
                f'<section class="part"><h2 id="authority">{self.word("authority")}</h2>',
                *(f"<p>{self.words.plain(line)}</p>" for line in lines if line),
                "</section>",
            )
        if document.how_to_check:
            text = "".join(f"<p>{self.words.plain(part)}</p>" for part in document.how_to_check.split("\n\n"))
            self.add(f'<section class="part"><h2 id="how_to_check">{self.word("how_to_check")}</h2>{text}</section>')

    # ---------------------------------------------------------------- volume

    def volume(self, document: VolumeDocument) -> str:
        """One further volume: what it is, the facts, the records; returns its title."""
        source = document.source
        last = document.first + len(document.records) - 1
        place = self.words["volume_of"].format(number=number(document.number), total=number(document.total))
        span = self.words["volume_range"].format(first=number(document.first), last=number(last))
        made = f"{self.words['created']}: {document.created_text or readable_time(document.created)}"
        reference = f"{self.words['reference']}: {document.reference}"
        self.add(
            f'<section class="volume"><h1>{self.words.plain(source.title)}</h1>',
            f'<p class="lead">{self.words.plain(f"{place} · {span}")}<br>{self.words.plain(f"{reference} · {made}")}</p>',
        )
        self.facts(source)
        self.add(f"<h2>{self.word('record_list')}</h2>")
        self.records(source, document.records, document.first)
        self.add("</section>")
        return f"{source.title} · {place}"

    # ---------------------------------------------------------------- letter

    def letter(self, document: LetterDocument) -> str:
        """A letter: who writes, what it is about, and its sections; returns its title."""
        controller = document.controller
        self.add(
            f'<section class="letter"><p class="who">{self.words.plain(controller.name)}</p>',
            f"<h1>{self.words.plain(document.title)}</h1>",
            self.fact("reference", document.reference),
            self.fact("created", document.created_text or readable_time(document.created)),
            self.fact("contact", controller.contact_email),
        )
        for section in document.sections:
            heading = f"<h2>{self.words.plain(section.heading)}</h2>" if section.heading else ""
            self.add(heading, *(f'<p class="lines">{self.words.plain(part)}</p>' for part in section.paragraphs))
        self.add("</section>")
        return document.title
