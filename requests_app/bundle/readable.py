"""The facts of a bundle as documents for the PDF room: the main one, and further volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, override
from django_countries import countries

from requests_app.bundle.document import field_facts
from requests_app.bundle.facts import AuthorityFact, BundleFacts, Row, SourceResult
from requests_app.bundle.outputs import path_part, read_records
from requests_app.bundle.step_output import VolumePlan, VolumePlans
from requests_app.bundle.words import LISTS, category_word, how_to_check, how_to_object, moment_text, sensitivity_word
from requests_app.pdf.documents import (
    Authority,
    Controller,
    Field,
    FileRef,
    Identifier,
    Listing,
    MainDocument,
    Person,
    Purpose,
    RecordProblem,
    Right,
    SourceSection,
    VolumeDocument,
    VolumeRef,
)
from requests_app.pdf.volumes import Fill, fits_main


def volumes_of(sources: Sequence[SourceResult]) -> dict[str, VolumePlans]:
    """Further volumes by source key. The main PDF is filled in the order of the sources, as far as it has room.

    A source that would fit alone but comes when the main PDF is full gets one volume for all its records.
    """
    volumes: dict[str, VolumePlans] = {}
    used = Fill()
    for source in sources:
        output = source.output
        if output is None or output.count == 0:
            continue
        if output.volumes:
            volumes[source.key] = output.volumes
        elif fits_main(output.count, output.size, used=used):
            used = Fill(used.records + output.count, used.characters + output.size)
        else:
            volumes[source.key] = VolumePlans((output.count, output.size))
    return volumes


def volume_path(source_key: str, number: int) -> str:
    """The name of a further volume in the bundle."""
    return f"pdf/{path_part(source_key)}-{number:03d}.pdf"


def main_document(facts: BundleFacts, *, key: bytes) -> MainDocument:
    """`personal-data.pdf`, with the records of the sources that it has room for."""
    volumes = volumes_of(facts.sources)
    with override(facts.language):
        return MainDocument(
            reference=facts.reference,
            created=facts.created.isoformat(timespec="seconds"),
            created_text=moment_text(facts.created),
            language=facts.language,
            kind=facts.kind,
            controller=Controller(
                facts.controller.name, facts.controller.contact, list(facts.controller.address_lines), _country(facts.controller.country)
            ),
            subject=Person(
                facts.subject.display_name, [Identifier(item.label or item.kind, item.value) for item in facts.subject.identifiers]
            ),
            sources=[_section(facts, source, volumes.get(source.key, ()), key) for source in facts.sources],
            rights=[Right(item.title, item.text) for item in facts.rights],
            authority=_authority(facts.authority),
            how_to_check=how_to_check(),
            hidden=[facts.hidden.note, how_to_object()] if facts.hidden else [],
            consents=_listing("consents", facts.consents),
            disclosures=_listing("disclosures", facts.disclosures),
            access_log=_listing("access_log", facts.access_log),
            automated_decisions=_listing("automated_decisions", facts.automated_decisions),
            transfers=_listing("transfers", facts.transfers),
        )


def volume_document(
    facts: BundleFacts, source: SourceResult, volume: VolumePlan, *, key: bytes, total: int | None = None
) -> VolumeDocument:
    """One further volume; only its slice of the records is read. `facts` may leave out everything about other sources."""
    if source.output is None:
        raise ValueError("a source without output has no volumes")
    with override(facts.language):
        section = _section(facts, source, (), None)
        return VolumeDocument(
            reference=facts.reference,
            created=facts.created.isoformat(timespec="seconds"),
            created_text=moment_text(facts.created),
            language=facts.language,
            source=section,
            number=volume.number,
            total=total or max(1, len(source.output.volumes)),
            first=volume.first,
            records=_without_keys(source, read_records(source.output, key=key, volume=volume)),
        )


def _section(facts: BundleFacts, source: SourceResult, volumes: Sequence[VolumePlan], key: bytes | None) -> SourceSection:
    output = source.output
    is_printed_here = key is not None and output is not None and output.count > 0 and not volumes
    return SourceSection(
        key=source.key,
        title=source.title,
        category=category_word(source.category),
        status=source.status,
        reason=facts.reason_of(source),
        origin=source.origin,
        purposes=[Purpose(item.title, item.legal_basis) for item in source.purposes],
        recipients=[item.name for item in source.recipients],
        retention_rule=source.retention_rule,
        retention_until=source.retention_until,
        portable=source.portable,
        fields=[_field(item) for item in field_facts(source)],
        count=output.count if output else 0,
        records=_without_keys(source, read_records(output, key=key)) if is_printed_here and output and key else [],
        volumes=[VolumeRef(volume_path(source.key, volume.number), volume.first, volume.last) for volume in volumes],
        problems=[RecordProblem(item.record, item.reason) for item in (output.problems if output else ())],
        files=[FileRef(item.path, item.original_name, item.media_type, item.size) for item in (output.files if output else ())],
    )


def _country(code: str) -> str:
    """A country by its name; what is no ISO 3166-1 code as it stands."""
    return str(countries.name(code) or code)


def _field(item: Mapping[str, Any]) -> Field:
    # The PDF lists fields with a remark beside their label: how sensitive they are, or why they are not given.
    ground = item.get("withheld", "")
    remark = gettext("not given: %(ground)s") % {"ground": ground} if ground else sensitivity_word(item["sensitivity"])
    return Field(item["name"], item["label"], remark, ground)


def _without_keys(source: SourceResult, records: list[dict[str, Any]]) -> list[Any]:
    """The key of a record is for programs; in print it would only be in the way. A field of that name stays."""
    if not any(item.name == "key" for item in source.fields):
        for record in records:
            record.pop("key", None)
    return records


def _authority(fact: AuthorityFact | None) -> Authority | None:
    return Authority(fact.name, fact.web_address, fact.how_to_file) if fact else None


def _listing(name: str, rows: Sequence[Row]) -> Listing:
    columns = [Field(column, gettext(label)) for column, label in LISTS[name]]
    return Listing(columns, [{column.name: _cell(row.get(column.name)) for column in columns} for row in rows])


def _cell(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
