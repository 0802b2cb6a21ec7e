"""index.html: what a person sees first. One file that works offline and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language_info, override

from privacycenter.kernel.text import visible
from requests_app.bundle.facts import BundleFacts, SourceResult
from requests_app.bundle.readable import volume_path
from requests_app.bundle.step_output import VolumePlan
from requests_app.bundle.words import category_word, how_to_check, how_to_object, moment_text, status_word, withheld_ground


def start_page(facts: BundleFacts, volumes: Mapping[str, Sequence[VolumePlan]]) -> bytes:
    """The page in the person's language. Every text in it is data: escaped, isolated in its direction, made visible."""
    with override(facts.language):
        # Our own stylesheet; the page allows exactly these bytes and nothing else (CSP 3, hash source).
        style = render_to_string("bundle/style.css")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
        rows = [_row(facts, source, volumes.get(source.key, ())) for source in facts.sources]
        return render_to_string(
            "bundle/index.html",
            {
                "facts": facts,
                "direction": "rtl" if _is_right_to_left(facts.language) else "ltr",
                "created": moment_text(facts.created),
                "created_iso": facts.created.isoformat(timespec="seconds"),
                "style": mark_safe(style),  # noqa: S308 - a file of ours, without any data
                "style_hash": digest,
                "identifiers": [(item.label or item.kind, visible(item.value)) for item in facts.subject.identifiers],
                "rows": rows,
                "found": [row for row in rows if row["status"] == "found"],
                "empty": [row for row in rows if row["status"] == "nothing_held"],
                "missing": [row for row in rows if row["is_missing"]],
                "record_count": sum(row["count"] for row in rows),
                "file_count": sum(row["files"] for row in rows),
                "not_given": sum(row["not_given"] for row in rows),
                "has_volumes": bool(volumes),
                "hidden": [facts.hidden.note, how_to_object()] if facts.hidden else [],
                "checks": how_to_check().split("\n\n"),
            },
        ).encode("utf-8", "replace")


def _row(facts: BundleFacts, source: SourceResult, volumes: Sequence[VolumePlan]) -> dict[str, Any]:
    output = source.output
    grounds = [(item.label, withheld_ground(item.sensitivity, item.withheld)) for item in source.fields]
    withheld = [(label, ground) for label, ground in grounds if ground] if source.status == "found" else []
    is_closed = source.status in {"withheld", "failed"}
    problems = len(output.problems) if output else 0
    return {
        "title": visible(source.title),
        "category": category_word(source.category),
        "status": source.status,
        "word": status_word(source.status),
        "reason": visible(facts.reason_of(source) or ""),
        "count": output.count if output else 0,
        "files": len(output.files) if output else 0,
        "problems": problems,
        "withheld": withheld,
        "is_missing": bool(is_closed or problems or withheld or facts.reason_of(source)),
        "not_given": is_closed + len(withheld),
        "volumes": [(volume_path(source.key, volume.number), volume.first, volume.last) for volume in volumes[:SHOWN_VOLUMES]],
        "more_volumes": max(0, len(volumes) - SHOWN_VOLUMES),
    }


SHOWN_VOLUMES = 20
"""So many further volumes of one source are linked one by one; beyond that the folder is named."""


def _is_right_to_left(language: str) -> bool:
    try:
        return bool(get_language_info(language)["bidi"])
    except KeyError:
        return False
