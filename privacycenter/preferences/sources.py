"""What this room holds about people, source by source: their choices, under keyed hashes that only lead here from a known person."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import (
    Erased,
    ErasureRule,
    Locator,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
)
from privacycenter.preferences.domain import end_consents, forget_words
from privacycenter.preferences.enums import (
    AskedFor,
    Channel,
    DeliveryKind,
    EventKind,
    FeedbackKind,
    LinkKind,
    Method,
    RecipientState,
    SuppressionReason,
)
from privacycenter.preferences.models import (
    AskedMail,
    CampaignRecipient,
    ConsentEvent,
    DeliveryChoice,
    LinkToken,
    MailFeedback,
    PendingSubscription,
    Suppression,
)
from privacycenter.preferences.parties import party_of
from privacycenter.subjects.models import Subject

PROOF_DAYS = 1096  # three years: after that nobody can claim anything from it
AFTER_IDENTIFIERS = 750  # what was refused is noted under each address before the identifiers go


class PartySource(ModelSource):
    """Rows that stand under the hashes of a person."""

    model: type[Any]
    words: dict[str, Any] = {}

    def locate(self, subject: Subject) -> Locator:
        return {"hashes": sorted(party_of(subject).digests)}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [self.model._default_manager.filter(party_hash=each) for each in locator["hashes"]]

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        named = {name: str(choices(values[name]).label) for name, choices in self.words.items() if values[name] in choices.values}
        return Record(str(primary_key), values | named)


class KeptSource(PartySource):
    """What outlives an erasure, under hashes alone (K-02)."""

    treatments = frozenset({Treatment.RETAIN})


class CountedSource(PartySource):
    """What goes on counting in figures, under a hash of nothing."""

    treatments = frozenset({Treatment.ANONYMISE, Treatment.DELETE, Treatment.RETAIN})
    anonymous = {"party_key_id": "", "party_hash": lambda: secrets.token_hex(32)}


class ChoiceSource(KeptSource):
    """Every event of the consent ledger about the person."""

    model = ConsentEvent
    words = {"kind": EventKind, "channel": Channel, "method": Method}
    description = SourceDescription(
        key="preferences.choices",
        title="What you allowed, refused and withdrew",
        category="choices",
        fields=(
            SourceField("kind", "What happened"),
            SourceField("at", "When"),
            SourceField("purpose", "Purpose"),
            SourceField("topic", "Topic"),
            SourceField("channel", "Way to reach you"),
            SourceField("service", "Service"),
            SourceField("recipient", "Recipient"),
            SourceField("text_key", "Text shown"),
            SourceField("text_version", "Version of the text"),
            SourceField("text_language", "Language of the text"),
            SourceField("text_sha256", "SHA-256 of the text"),
            SourceField("method", "How"),
            SourceField("control", "Button or box"),
            SourceField("page", "Page"),
            SourceField("valid_until", "Valid until"),
            SourceField("reason", "Reason"),
            SourceField("receipt_sha256", "Receipt"),
        ),
        purposes=("service_messages",),
        origin="your choices, and those that were entered for you",
        retention="consent_evidence",
        recipients=("staff_and_contractors",),
        portable=True,
        erasure=ErasureRule(
            Treatment.RETAIN,
            "What you chose stays as proof, under a fingerprint of your address that can't be turned back. What you allowed ends.",
            keep_days=PROOF_DAYS,
            order=AFTER_IDENTIFIERS,
        ),
    )
    columns = {
        "kind": "kind",
        "at": "at",
        "purpose": "purpose",
        "topic": "topic",
        "channel": "channel",
        "service": "service",
        "recipient": "recipient",
        "text_key": "text__key",
        "text_version": "text__version",
        "text_language": "text__language",
        "text_sha256": "text__sha256",
        "method": "method",
        "control": "control",
        "page": "page",
        "valid_until": "valid_until",
        "reason": "reason",
        "receipt_sha256": "receipt_sha256",
    }
    dated_by = "at"

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """Nothing that was allowed counts any longer."""
        with transaction.atomic():
            if treatment in self.treatments:
                end_consents(locator["hashes"])
            return super().erase(locator, treatment)

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        forget_words(queryset)
        return super()._retain(queryset)


class SuppressionSource(KeptSource):
    """Where the person is not written to."""

    model = Suppression
    words = {"channel": Channel, "reason": SuppressionReason}
    description = SourceDescription(
        key="preferences.suppressions",
        title="Where we don't write to you",
        category="choices",
        fields=(
            SourceField("channel", "Way to reach you (empty: all)"),
            SourceField("topic", "Topic (empty: all marketing)"),
            SourceField("reason", "Reason"),
            SourceField("created_at", "Since"),
            SourceField("repeated_at", "Last said"),
            SourceField("lifted_at", "Lifted"),
        ),
        purposes=("service_messages",),
        origin="your choices, and what mail servers told us",
        retention="suppression",
        recipients=("staff_and_contractors", "service_providers"),
        erasure=ErasureRule(
            Treatment.RETAIN,
            "So that we don't write to you if your address comes in again, we keep a fingerprint of it that can't be turned back, "
            "until you ask for messages yourself.",
            order=AFTER_IDENTIFIERS,
        ),
    )
    columns = {
        "channel": "channel",
        "topic": "topic",
        "reason": "reason",
        "created_at": "created_at",
        "repeated_at": "repeated_at",
        "lifted_at": "lifted_at",
    }
    dated_by = "created_at"

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        queryset.update(evidence="", lift_evidence="", is_notice_due=False)
        return super()._retain(queryset)


class DeliverySource(KeptSource):
    """Pauses, quiet hours and limits that the person set."""

    model = DeliveryChoice
    words = {"kind": DeliveryKind, "method": Method}
    description = SourceDescription(
        key="preferences.delivery",
        title="When and how often we may write to you",
        category="choices",
        fields=(
            SourceField("kind", "Setting"),
            SourceField("value", "Value"),
            SourceField("method", "How"),
            SourceField("at", "When"),
        ),
        purposes=("service_messages",),
        origin="given by you",
        retention="consent_evidence",
        recipients=("staff_and_contractors",),
        portable=True,
        erasure=ErasureRule(
            Treatment.RETAIN,
            "Pauses and limits you set are written once, like your other choices. They stay under a fingerprint that can't be turned back.",
            keep_days=PROOF_DAYS,
            order=AFTER_IDENTIFIERS,
        ),
    )
    columns = {"kind": "kind", "value": "value", "method": "method", "at": "at"}
    dated_by = "at"


class LinkSource(KeptSource):
    """Links to unsubscribe and to choose that were mailed to the person. The links themselves are not kept."""

    model = LinkToken
    words = {"kind": LinkKind, "channel": Channel}
    description = SourceDescription(
        key="preferences.links",
        title="Links to choose that we mailed you",
        category="choices",
        fields=(
            SourceField("kind", "Kind"),
            SourceField("topic", "Topic"),
            SourceField("channel", "Way to reach you"),
            SourceField("campaign", "Mailing"),
            SourceField("created_at", "Made"),
            SourceField("used_at", "Used"),
        ),
        purposes=("service_messages",),
        origin="made by us for mails to you",
        retention="suppression",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(
            Treatment.RETAIN,
            "Links to stop messages, in mails that you have, go on working. We keep a fingerprint of each link and of your address.",
            keep_days=PROOF_DAYS,
            order=AFTER_IDENTIFIERS,
        ),
    )
    columns = {
        "kind": "kind",
        "topic": "topic",
        "channel": "channel",
        "campaign": "campaign",
        "created_at": "created_at",
        "used_at": "used_at",
    }
    dated_by = "created_at"

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        """Links that switch something on, which end by themselves, go; those that stop work without knowing the person."""
        removed = super()._delete(queryset.exclude(expires_at=None))
        queryset.update(subject_key="")
        return removed + super()._retain(queryset)


class PendingSource(PartySource):
    """Subscriptions that nobody has confirmed yet."""

    model = PendingSubscription
    description = SourceDescription(
        key="preferences.pending",
        title="Subscriptions that wait for your confirmation",
        category="choices",
        fields=(
            SourceField("address", "Address", Sensitivity.CONTACT),
            SourceField("topics", "Topics"),
            SourceField("created_at", "Asked"),
            SourceField("expires_at", "Deleted after"),
        ),
        purposes=("news_and_offers",),
        origin="somebody entered this address in a form",
        retention="unconfirmed_subscription",
        recipients=("staff_and_contractors",),
        portable=True,
        erasure=ErasureRule(Treatment.DELETE),
    )
    columns = {"address": "address", "topics": "topics", "created_at": "created_at", "expires_at": "expires_at"}
    dated_by = "created_at"


class CampaignSource(CountedSource):
    """Mailings that were sent to an address of the person."""

    model = CampaignRecipient
    words = {"state": RecipientState}
    description = SourceDescription(
        key="preferences.mailings",
        title="Mailings we sent you",
        category="interactions",
        fields=(
            SourceField("campaign", "Mailing"),
            SourceField("topic", "Topic"),
            SourceField("about", "Subject"),
            SourceField("state", "What became of it"),
            SourceField("queued_at", "Written"),
            SourceField("ended_at", "Sent or given up"),
        ),
        purposes=("news_and_offers", "surveys_and_feedback"),
        origin="sent by us because you asked for the topic",
        retention="interactions",
        recipients=("staff_and_contractors", "service_providers"),
        erasure=ErasureRule(Treatment.ANONYMISE, "The mailing stays as one more in its figures; nothing shows that it was sent to you."),
    )
    columns = {
        "campaign": "campaign__reference",
        "topic": "campaign__topic_id",
        "about": "campaign__subject",
        "state": "state",
        "queued_at": "queued_at",
        "ended_at": "ended_at",
    }
    dated_by = "queued_at"


class FeedbackSource(CountedSource):
    """What mail servers and e-mail services reported about the person's addresses."""

    model = MailFeedback
    words = {"kind": FeedbackKind}
    description = SourceDescription(
        key="preferences.delivery_reports",
        title="Reports about mail to you",
        category="interactions",
        fields=(
            SourceField("kind", "What was reported"),
            SourceField("service", "By"),
            SourceField("campaign", "Mailing"),
            SourceField("happened_at", "When"),
            SourceField("received_at", "Reported"),
        ),
        purposes=("service_messages",),
        origin="told by mail servers and the e-mail service",
        retention="suppression",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(Treatment.ANONYMISE, "A report stays as one more in the figures of its mailing; nothing shows whose it was."),
    )
    columns = {
        "kind": "kind",
        "service": "service",
        "campaign": "campaign",
        "happened_at": "happened_at",
        "received_at": "received_at",
    }
    dated_by = "happened_at"


class AskedSource(PartySource):
    """Mails that somebody asked for by typing the person's address, of the last day."""

    model = AskedMail
    words = {"kind": AskedFor}
    description = SourceDescription(
        key="preferences.asked",
        title="Mails somebody asked for by typing your address",
        category="choices",
        fields=(SourceField("kind", "What for"), SourceField("created_at", "When")),
        purposes=("service_messages",),
        origin="somebody entered this address in a form",
        retention="unconfirmed_subscription",
        recipients=("staff_and_contractors",),
        erasure=ErasureRule(Treatment.DELETE),
    )
    columns = {"kind": "kind", "created_at": "created_at"}
    dated_by = "created_at"
