"""Records that could not be printed in a PDF: each is named as a problem of its source, and stands in personal-data.json."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext, override

from privacycenter.kernel.sources import Problem
from requests_app.bundle.facts import BundleFacts, SourceResult
from requests_app.bundle.outputs import read_records
from requests_app.bundle.step_output import StepOutput
from requests_app.pdf.documents import MainDocument, RecordProblem, VolumeDocument

Render = Callable[[MainDocument | VolumeDocument], tuple[bytes, Sequence[RecordProblem]]]
Unprinted = Mapping[str, Sequence[int]]
"""Ordinals from 1, by source key."""


class Press:
    """Renders documents, and notes which records are not in them."""

    def __init__(self, render: Render, unprinted: Unprinted) -> None:
        self._render = render
        self.unprinted = {key: list(ordinals) for key, ordinals in unprinted.items() if ordinals}

    def main(self, document: MainDocument) -> bytes:
        """The main PDF."""
        data, problems = self._render(document)
        for problem in problems:
            source_key, _, ordinal = problem.record.rpartition(":")
            self._note(source_key, ordinal)
        return data

    def volume(self, document: VolumeDocument) -> bytes:
        """A further volume."""
        data, problems = self._render(document)
        for problem in problems:
            self._note(document.source.key, problem.record)
        return data

    def _note(self, source_key: str, ordinal: str) -> None:
        self.unprinted.setdefault(source_key, []).append(int(ordinal))


def with_unprinted(facts: BundleFacts, unprinted: Unprinted, *, key: bytes) -> BundleFacts:
    """The facts with a problem for each record that could not be printed."""
    if not unprinted:
        return facts
    with override(facts.language):
        return replace(facts, sources=[_told(source, sorted(set(unprinted.get(source.key, ()))), key) for source in facts.sources])


def _told(source: SourceResult, ordinals: Sequence[int], key: bytes) -> SourceResult:
    output = source.output
    if output is None or not ordinals:
        return source
    reason = gettext("It could not be printed. It stands in personal-data.json.")
    problems = [Problem(name, reason) for name in _names(output, ordinals, key)]
    return replace(source, output=replace(output, problems=(*output.problems, *problems)))


def _names(output: StepOutput, ordinals: Sequence[int], key: bytes) -> list[str]:
    """The keys of records by their ordinals. Reads the volumes only that they stand in."""
    if not output.volumes:
        records = read_records(output, key=key)
        return [str(records[ordinal - 1]["key"]) for ordinal in ordinals]
    names = []
    for plan in output.volumes:
        wanted = [ordinal for ordinal in ordinals if plan.first <= ordinal <= plan.last]
        records = read_records(output, key=key, volume=plan) if wanted else []
        names += [str(records[ordinal - plan.first]["key"]) for ordinal in wanted]
    return names
