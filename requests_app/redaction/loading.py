"""What is hidden in a bundle, ready to be applied, and what the bundle says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from requests_app.answers.grounds import GROUNDS, Ground
from requests_app.bundle.facts import BundleFacts, HiddenFact
from requests_app.enums import RedactionKind
from requests_app.models import Bundle, Redaction, Request
from requests_app.queries import country_of
from requests_app.redaction.hiding import FILES, PLACES, RECORDS, Hidden, HiddenText, SourceHider, hide_in_facts
from requests_app.redaction.labels import label_words
from requests_app.redaction.patterns import needle_for

KINDS = (PLACES, RECORDS, FILES)


def region_of(request: Request) -> str:
    """The country whose phone numbers need no code."""
    return country_of(request) or settings.OPERATOR_COUNTRY


def active(request: Request) -> list[Redaction]:
    """What is hidden now, in the order in which it was decided."""
    return list(Redaction.objects.filter(request=request, ended_at=None).select_related("decided_by").order_by("pk"))


def hidden_by(redactions: Iterable[Redaction], request: Request) -> Hidden:
    """Redactions as they are applied, with labels in the language of the person."""
    texts: list[HiddenText] = []
    records: dict[tuple[str, str], str] = {}
    files: dict[tuple[str, str], str] = {}
    fields: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    region = region_of(request)
    with override(request.language):
        for item in redactions:
            key, label = f"by:{item.pk}", label_words(item.label_kind, item.number)
            place = (item.source_key, item.record_key or "")
            if item.kind == RedactionKind.TEXT:
                texts.append(HiddenText(key, needle_for(item.text or "", region=region), label))
            elif item.kind == RedactionKind.FIELD:
                fields.setdefault(place, {})[item.field_name] = (key, label)
            elif item.kind == RedactionKind.RECORD:
                records[place] = key
            else:
                files[place] = key
    return Hidden(texts, records, fields, files)


def hidden_in(bundle: Bundle) -> Hidden:
    """What is hidden in one bundle. Loaded once for an instance, and not at all where nothing is."""
    known: Hidden | None = getattr(bundle, "_hidden", None)
    if known is None:
        known = hidden_by(active(bundle.request), bundle.request) if bundle.hides else Hidden()
        bundle._hidden = known  # type: ignore[attr-defined]
    return known


def hider_for(bundle: Bundle, source: str) -> SourceHider | None:
    """What hides in the records of one source; None where nothing is hidden."""
    return SourceHider(hidden_in(bundle), source) if bundle.hides else None


def facts_with_hidden(facts: BundleFacts, bundle: Bundle) -> BundleFacts:
    """The facts of a bundle without what is hidden, and saying so. In the active language."""
    if not bundle.hides:
        return facts
    facts, elsewhere = hide_in_facts(facts, hidden_in(bundle))
    by_source = {source.key: source.output.hidden for source in facts.sources if source.output and source.output.hidden}
    total = sum((Counter(counts) for counts in by_source.values()), elsewhere)
    total[PLACES] += elsewhere.total()
    if not any(total[kind] for kind in KINDS):
        return facts
    hidden = HiddenFact(
        ground=Ground.OTHERS.value,
        note=hidden_words(total),
        total={kind: total[kind] for kind in KINDS},
        sources={key: {kind: counts.get(kind, 0) for kind in KINDS} for key, counts in by_source.items()},
        by={key.removeprefix("by:"): count for key, count in total.items() if key.startswith("by:")},
    )
    return facts.with_hidden(hidden)


def hidden_words(counts: Mapping[str, Any]) -> str:
    """What a person reads of what was hidden: how much, and on what ground. In the active language."""
    sentences = []
    if places := counts.get(PLACES, 0):
        shown = _("Person A")
        sentences.append(
            ngettext(
                "In %(count)d place, data about somebody else was replaced by a label such as “%(label)s”.",
                "In %(count)d places, data about other people was replaced by labels such as “%(label)s”.",
                places,
            )
            % {"count": places, "label": shown}
        )
    if records := counts.get(RECORDS, 0):
        words = ngettext("%(count)d record about others is left out.", "%(count)d records about others are left out.", records)
        sentences.append(words % {"count": records})
    if files := counts.get(FILES, 0):
        words = ngettext(
            "%(count)d file with data about others is left out.", "%(count)d files with data about others are left out.", files
        )
        sentences.append(words % {"count": files})
    return " ".join([*sentences, str(GROUNDS[Ground.OTHERS].words)])
