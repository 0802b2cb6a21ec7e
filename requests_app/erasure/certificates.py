"""The certificate of an erasure: what was done with each source, signed, and without anything of the person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import ErasureRule, Treatment, registry
from privacycenter.kernel.tokens import new_token
from privacycenter.mail.domain import queue_message
from requests_app.bundle.signing import sign, signing_key_id
from requests_app.enums import KeepGround
from requests_app.models import ErasurePlan, ErasureStep
from requests_app.pdf.client import shared_renderer
from requests_app.pdf.documents import Controller, LetterDocument, LetterSection

FORMAT = "urn:privacycenter:erasure-certificate:1"
LINK_DAYS = 90
SECONDS = 20.0


def issue_certificate(plan: ErasurePlan, steps: Sequence[ErasureStep], *, actor: Actor) -> None:
    """Write and sign the certificate, and mail the link to the address that was captured before. In the caller's transaction."""
    content = json.dumps(_content(plan, steps), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    token = new_token()
    address, plan.contact = plan.contact, None
    plan.certificate, plan.signature = content, sign(content.encode()).decode("ascii")
    plan.token_digest, plan.token_until = _digest(token), clock.now() + timedelta(days=LINK_DAYS)
    plan.save(update_fields=["finished_at", "certificate", "signature", "token_digest", "token_until", "contact"])
    if not address:
        return
    queue_message(
        "requests.erased",
        to=address,
        context={
            "reference": plan.request.ref,
            "certificate_url": settings.SITE_URL + reverse("requests:certificate", args=[token]),
            "until": plan.token_until,
            "gone_on": (plan.finished_at or clock.now()) + timedelta(days=settings.BACKUP_EXPIRY_DAYS),
        },
        language=plan.request.language,
        subject_key="",  # there is nobody any more whom it could be noted for
        ticket=plan.request.ref,
        actor=actor,
    )


def plan_of_token(token: str) -> ErasurePlan | None:
    """The plan whose certificate a link opens; None for any other token, and after its days."""
    if not token or len(token) > 64:
        return None
    return ErasurePlan.objects.select_related("request").filter(token_digest=_digest(token), token_until__gt=clock.now()).first()


def told(plan: ErasurePlan) -> dict[str, Any]:
    """A certificate as pages show it."""
    content: dict[str, Any] = json.loads(plan.certificate)
    moments = {name: parse_datetime(content[name]) for name in ("begun_at", "finished_at")}
    until = {"gone_from_backups_by": parse_date(content["gone_from_backups_by"])}
    rows = [{**each, "until": parse_date(each["until"]) if each["until"] else None} for each in content["sources"]]
    return {**content, **moments, **until, "sources": rows}


def signed(plan: ErasurePlan) -> bytes:
    """The JSON that is handed out: the certificate as text exactly as it was signed, the signature, and the key's id."""
    whole = {"certificate": plan.certificate, "signature": plan.signature, "key": json.loads(plan.certificate)["key"]}
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def render_certificate(plan: ErasurePlan) -> bytes:
    """The certificate as a PDF, in the language of the request. Raises RenderFailed, RenderTimeout."""
    return shared_renderer().render(_document(plan), timeout_seconds=SECONDS)


def _content(plan: ErasurePlan, steps: Sequence[ErasureStep]) -> dict[str, Any]:
    finished = plan.finished_at or clock.now()
    rules = {description.key: description.erasure for description in (source.describe() for source in registry.all())}
    return {
        "format": FORMAT,
        "key": signing_key_id(),
        "reference": plan.request.ref,
        "controller": {"name": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT},
        "begun_at": plan.begun_at.isoformat() if plan.begun_at else None,
        "finished_at": finished.isoformat(),
        "gone_from_backups_by": (finished + timedelta(days=settings.BACKUP_EXPIRY_DAYS)).date().isoformat(),
        "plan": plan.digest,
        "sources": [
            {
                "source": step.source_key,
                "title": step.title,
                "treatment": step.treatment,
                "removed": step.removed,
                "anonymised": step.anonymised,
                "retained": step.retained,
                "reason": _reason(step, rules.get(step.source_key), plan.request.language),
                "until": step.until.isoformat() if step.until else None,
            }
            for step in steps
            if step.removed or step.anonymised or step.retained
        ],
    }


def _reason(step: ErasureStep, rule: ErasureRule | None, language: str) -> str:
    """Why something stays. What staff wrote is for the person alone; here stands its ground, which certainly names nobody."""
    if step.treatment == Treatment.DELETE:
        return ""
    with override(language):
        if step.ground:
            return str(KeepGround(step.ground).label)
        return str(rule.reason) if rule is not None and rule.treatment == step.treatment else _("A legal hold")


def _document(plan: ErasurePlan) -> LetterDocument:
    content = told(plan)
    zone = ZoneInfo(settings.TIME_ZONE)
    at = content["finished_at"].astimezone(zone)
    with override(plan.request.language):
        day = formats.date_format(at, "j F Y")
        paragraphs = [
            _("The personal data of the person who made request %(ref)s was erased on %(day)s.") % {"ref": plan.request.ref, "day": day},
            _("Afterwards every source was asked again and found nothing but what is named below as kept."),
            _("Backups that still hold the data are deleted by %(day)s; should one be restored before, the data is erased from it again.")
            % {"day": formats.date_format(content["gone_from_backups_by"], "j F Y")},
        ]
        sections = [LetterSection(_("What was erased"), paragraphs)]
        gone = [_sentence(row) for row in content["sources"] if row["treatment"] != Treatment.RETAIN]
        kept = [_sentence(row) for row in content["sources"] if row["treatment"] == Treatment.RETAIN]
        if gone:
            sections.append(LetterSection(_("Source by source"), gone))
        if kept:
            sections.append(LetterSection(_("What was kept, and why"), kept))
        sections.append(
            LetterSection(
                _("How to check this"),
                [
                    _("The file for computers (JSON) that comes with this certificate is signed with our key %(key)s (Ed25519).")
                    % {"key": content["key"]},
                    _("Digest of the approved plan (SHA-256): %(digest)s") % {"digest": content["plan"]},
                ],
            )
        )
        return LetterDocument(
            reference=plan.request.ref,
            created=at.isoformat(),
            created_text=day,
            language=plan.request.language,
            title=_("Certificate of erasure"),
            controller=Controller(settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, [], settings.OPERATOR_COUNTRY),
            sections=sections,
        )


def _sentence(row: dict[str, Any]) -> str:
    counts = {"title": row["title"], **{name: row[name] for name in ("removed", "anonymised", "retained")}, "reason": row["reason"]}
    if row["treatment"] == Treatment.RETAIN:
        words = _("%(title)s: %(retained)d kept. %(reason)s") % counts
        return words if row["until"] is None else f"{words} " + _("Until %(day)s.") % {"day": formats.date_format(row["until"], "j F Y")}
    if row["treatment"] == Treatment.ANONYMISE and not row["removed"]:
        return _("%(title)s: %(anonymised)d made anonymous. %(reason)s") % counts
    if row["treatment"] == Treatment.ANONYMISE:
        return _("%(title)s: %(anonymised)d made anonymous, %(removed)d deleted. %(reason)s") % counts
    return _("%(title)s: %(removed)d deleted.") % counts


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
