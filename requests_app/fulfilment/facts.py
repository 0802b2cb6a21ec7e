"""Everything a bundle says besides the records: what Art. 15(1) GDPR asks for, put together from the rooms that know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings
from django.utils.translation import gettext, override

from accounts.models import User
from privacycenter.audit import events
from privacycenter.audit.models import AuditEntry
from privacycenter.audit.queries import looks_at
from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose
from privacycenter.datamap.queries import SourceFacts, facts_for
from privacycenter.kernel.actor import ActorKind
from privacycenter.kernel.sources import SourceDescription, registry
from privacycenter.preferences.enums import Channel, EventKind, Method
from privacycenter.preferences.models import ConsentEvent, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import history_of
from privacycenter.subjects.enums import IDENTIFIER_LABELS
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers, public_ids
from requests_app.bundle.facts import (
    BundleFacts,
    ControllerFact,
    FieldFact,
    IdentifierFact,
    PurposeFact,
    RecipientFact,
    RightFact,
    Row,
    SourceResult,
    SubjectFact,
)
from requests_app.bundle.step_output import StepOutput
from requests_app.enums import LookReason
from requests_app.models import Bundle, Step, Transfer
from requests_app.redaction.loading import facts_with_hidden, hidden_words
from requests_app.rights import all_rights

LOG_LINES = 5_000
CONSENT_LINES = 5_000
DISCLOSURE_LINES = 5_000


def bundle_facts(bundle: Bundle, steps: Sequence[Step], outputs: Mapping[str, StepOutput | None]) -> BundleFacts:
    """The facts of one bundle in the person's language. `outputs` by source key. Ten to twelve queries, however many sources."""
    request = bundle.request
    subject = request.subject
    assert subject is not None, "only proven requests get this far"
    descriptions = {source.describe().key: source.describe() for source in registry.all()}
    known = facts_for(descriptions[step.source_key] for step in steps if step.source_key in descriptions)
    with override(request.language):
        facts = BundleFacts(
            reference=request.ref,
            kind=request.kind,  # type: ignore[arg-type]  # a value of Kind
            created=bundle.created_at,
            language=request.language,
            controller=ControllerFact(settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, settings.OPERATOR_COUNTRY),
            subject=_subject(subject),
            sources=[source_result(step, known.get(step.source_key), outputs.get(step.source_key)) for step in steps],
            consents=_consents(subject),
            disclosures=disclosures_of(subject),
            access_log=_access_log(subject),
            rights=_rights(),
            transfers=_transfers(known.values()),
            failure_reason=bundle.failure_reason or "",
        )
        return facts_with_hidden(facts, bundle)


def source_result(step: Step, facts: SourceFacts | None, output: StepOutput | None) -> SourceResult:
    """One source as the bundle tells of it. One that is not configured any more is told of by its title."""
    description = facts.description if facts else None
    return SourceResult(
        key=step.source_key,
        title=description.title if description else step.title,
        category=description.category if description else "other",
        origin=description.origin if description else "",
        # The member's label: Django's display method looks through all choices, and translates each, for every purpose of every source.
        purposes=[PurposeFact(item.key, item.title, str(LegalBasis(item.legal_basis).label)) for item in facts.purposes] if facts else [],
        recipients=[RecipientFact(item.key, item.name) for item in facts.recipients] if facts else [],
        retention_rule=facts.retention.text if facts else "",
        retention_until=None,
        portable=description.portable if description else step.bundle.request.kind == "portability",
        fields=_fields(description) if description else [],
        status=step.status,  # type: ignore[arg-type]  # final by now
        reason=step.reason or (hidden_words(output.hidden) if output and output.hidden else None),
        output=output,
    )


def _fields(description: SourceDescription) -> list[FieldFact]:
    return [FieldFact(item.name, item.label, str(item.sensitivity), item.withheld) for item in description.fields]


def _subject(subject: Subject) -> SubjectFact:
    identifiers = [IdentifierFact(kind, str(IDENTIFIER_LABELS.get(kind, kind)), value) for kind, value in proven_identifiers(subject)]  # type: ignore[call-overload]
    account: User | None = getattr(subject, "account", None)
    if account is None:
        return SubjectFact(identifiers)
    return SubjectFact(identifiers, {"username": account.username, "registered_at": account.date_joined}, account.full_name or None)


def _consents(subject: Subject) -> list[Row]:
    """What the person allowed, refused and withdrew, newest first: one line for each event of the ledger, with its receipt.

    The columns of the readable copy first; the rest, by the names of the ledger, stands in the JSON. All events, however many, are among
    the records of the source preferences.choices.
    """
    events_of_theirs = list(history_of(party_of(subject))[:CONSENT_LINES])
    if not events_of_theirs:
        return []
    purposes = dict(Purpose.objects.values_list("key", "title"))
    topics = dict(Topic.objects.values_list("key", "title"))
    return [_consent_line(event, purposes, topics) for event in events_of_theirs]


def _consent_line(event: ConsentEvent, purposes: Mapping[str, str], topics: Mapping[str, str]) -> Row:
    channel = str(Channel(event.channel).label) if event.channel else ""
    about = topics.get(event.topic, event.topic) or purposes.get(event.purpose, event.purpose) or event.service
    named = [about, channel, event.service if event.purpose else "", event.recipient]
    return {
        "at": event.at,
        "what": ", ".join(filter(None, named)),
        "choice": str(EventKind(event.kind).label),
        "how": str(Method(event.method).label),
        "text": gettext("%(key)s, version %(version)d (%(language)s)")
        % {"key": event.text.key, "version": event.text.version, "language": event.text.language},
        "event_id": str(event.event_id),
        "record_id": str(event.record_id),
        "kind": event.kind,
        "purpose": event.purpose,
        "topic": event.topic,
        "channel": event.channel,
        "service": event.service,
        "recipient": event.recipient,
        "text_sha256": event.text.sha256,
        "method": event.method,
        "valid_until": event.valid_until,
        "receipt_sha256": event.receipt_sha256,
    }


def disclosures_of(subject: Subject) -> list[Row]:
    """To which other controllers data of this person went because they wanted it, newest first (Art. 15(1)(c))."""
    went = Transfer.objects.filter(request__subject=subject, begun_at__isnull=False).select_related("receiver", "request")
    return [
        {
            "at": transfer.begun_at,
            "recipient": f"{transfer.receiver.name} ({transfer.receiver.host})",
            "what": gettext("The copy of request %(reference)s, %(sent)d of %(size)d bytes")
            % {"reference": transfer.request.ref, "sent": transfer.sent, "size": transfer.size},
            "why": gettext("You had it sent there (data portability)"),
        }
        for transfer in went.order_by("-begun_at")[:DISCLOSURE_LINES]
    ]


def _access_log(subject: Subject) -> list[Row]:
    """Who saw the person's data, newest first, with the reasons given. Who exactly is the trail's business."""
    return [_log_line(entry) for entry in looks_at(*public_ids(subject))[:LOG_LINES]]


def _log_line(entry: AuditEntry) -> Row:
    kind = events.all_kinds().get(entry.verb)
    reason = entry.parameters.get("reason", "")
    words = str(LookReason(reason).label) if reason in LookReason.values else reason
    return {
        "at": entry.at,
        "who": gettext("A member of our staff") if entry.actor_kind == ActorKind.STAFF else gettext("Somebody who runs this service"),
        "what": str(kind.label) if kind else entry.verb,
        "reason": words,
        "reference": entry.ticket,
    }


def _transfers(sources: Iterable[SourceFacts]) -> list[Row]:
    """Recipients that take data to other countries, each once, with the safeguards (Art. 15(2))."""
    rows: dict[str, Row] = {}
    for facts in sources:
        for recipient in facts.recipients:
            if recipient.countries and recipient.key not in rows:
                rows[recipient.key] = {"recipient": recipient.name, "country": recipient.countries, "safeguard": recipient.safeguards}
    return [rows[key] for key in sorted(rows)]


def _rights() -> list[RightFact]:
    here = gettext("Use it in our privacy center: %(address)s.") % {"address": settings.SITE_URL}
    elsewhere = gettext("To use it, write to %(contact)s.") % {"contact": settings.OPERATOR_CONTACT}
    texts = (
        ("access", gettext("Access"), gettext("You may ask for a copy of your data, and what it is used for, at any time.")),
        ("rectification", gettext("Correction"), gettext("You may have wrong data corrected and incomplete data completed.")),
        ("erasure", gettext("Deletion"), gettext("You may have data deleted that is no longer needed.")),
        (
            "restriction",
            gettext("Restriction"),
            gettext("You may have the use of your data restricted, for example while an objection is checked."),
        ),
        (
            "portability",
            gettext("Taking your data along"),
            gettext("You may take what you gave us to somebody else, in a form for computers."),
        ),
        ("objection", gettext("Objection"), gettext("You may object to the use of your data; to direct marketing without giving reasons.")),
        ("withdrawal", gettext("Withdrawing consent"), gettext("You may withdraw a consent at any time, for the future.")),
    )
    complaint = gettext(
        "If you think that we do not treat your data as the law wants, you may complain to the supervisory authority of the place where "
        "you live or work, or where it happened. Some countries have none."
    )
    # What can be filed here is what is registered as a right; one that is added later changes the words by itself.
    offered = {right.kind.value for right in all_rights()}
    rights = [RightFact(key, title, f"{text} {here if key in offered else elsewhere}") for key, title, text in texts]
    where = gettext("The authority of your country, and a way to complain to us: %(address)s/complain/.") % {"address": settings.SITE_URL}
    return [*rights, RightFact("complaint", gettext("Complaint"), f"{complaint} {where}")]
