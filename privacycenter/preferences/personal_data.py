"""What this room holds about people, column by column. The sources: privacycenter.preferences.sources."""

from __future__ import annotations

from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.sources import Sensitivity, registry
from privacycenter.preferences.sources import (
    AskedSource,
    CampaignSource,
    ChoiceSource,
    DeliverySource,
    FeedbackSource,
    LinkSource,
    PendingSource,
    SuppressionSource,
)

for _source in (
    CampaignSource,
    FeedbackSource,
    ChoiceSource,
    SuppressionSource,
    DeliverySource,
    LinkSource,
    PendingSource,
    AskedSource,
):
    registry.register(_source())

_ORDINARY = Sensitivity.ORDINARY
_PARTY = {"party_kind": None, "party_key_id": None, "party_hash": _ORDINARY}

holds_nothing("preferences.ApiAnswer", because="digests and ids of what a client was answered, for a week")
holds_nothing("allauth_idp_oidc.Client", because="systems that call us, of which none belongs to a person")
holds_nothing("allauth_idp_oidc.Token", because="hashes of tokens of such systems; none is ever issued to a person")
holds_nothing("preferences.ConsentText", because="words that everybody is shown")
holds_nothing("preferences.Campaign", because="words that everybody gets who wants the topic, and numbers")
holds_nothing("preferences.TopicFigure", because="a number for each topic and day")
holds_nothing("preferences.AddressList", because="numbers about a list; the list itself lies sealed in the storage for a day at most")
holds_nothing("preferences.Topic", because="what people can subscribe to")
holds_nothing("preferences.Service", because="what pages may store in a browser")
holds_nothing("preferences.StorageItem", because="names of cookies and storage keys, the same for everybody")
holds_nothing("preferences.BannerSettings", because="words and lifetimes of the cookie banner")
classify(
    "preferences.ConsentEvent",
    source="preferences.choices",
    fields={
        **_PARTY,
        "event_id": None,
        "record_id": None,
        "kind": _ORDINARY,
        "purpose": _ORDINARY,
        "topic": _ORDINARY,
        "channel": _ORDINARY,
        "service": _ORDINARY,
        "recipient": _ORDINARY,
        "text": None,
        "method": _ORDINARY,
        "control": None,
        "page": None,
        "actor_kind": None,
        "actor_ref": None,
        "at": _ORDINARY,
        "valid_until": None,
        "reason": None,
        "evidence": _ORDINARY,
        "receipt_sha256": None,
    },
)
classify(
    "preferences.Suppression",
    source="preferences.suppressions",
    fields={
        **_PARTY,
        "channel": _ORDINARY,
        "topic": _ORDINARY,
        "reason": _ORDINARY,
        "source_event": None,
        "created_at": _ORDINARY,
        "repeated_at": _ORDINARY,
        "actor_kind": None,
        "actor_ref": None,
        "evidence": _ORDINARY,
        "is_notice_due": None,
        "lifted_at": _ORDINARY,
        "lifted_by_kind": None,
        "lifted_by_ref": None,
        "lift_reason": None,
        "lift_evidence": _ORDINARY,
    },
)
classify(
    "preferences.DeliveryChoice",
    source="preferences.delivery",
    fields={
        **_PARTY,
        "kind": _ORDINARY,
        "value": _ORDINARY,
        "method": None,
        "page": None,
        "actor_kind": None,
        "actor_ref": None,
        "at": None,
    },
)
classify(
    "preferences.LinkToken",
    source="preferences.links",
    fields={
        **_PARTY,
        "digest": None,
        "kind": None,
        "topic": _ORDINARY,
        "channel": None,
        "campaign": _ORDINARY,
        "subject_key": _ORDINARY,
        "created_at": _ORDINARY,
        "expires_at": None,
        "used_at": _ORDINARY,
        "takes_back": None,
    },
)
classify(
    "preferences.AskedMail",
    source="preferences.asked",
    fields={
        **_PARTY,
        "kind": _ORDINARY,
        "address": Sensitivity.CONTACT,
        "language": None,
        "client_hash": None,
        "created_at": _ORDINARY,
        "answered_at": None,
    },
)
classify(
    "preferences.PendingSubscription",
    source="preferences.pending",
    fields={
        **_PARTY,
        "address": Sensitivity.CONTACT,
        "language": _ORDINARY,
        "topics": _ORDINARY,
        "text": None,
        "token": None,
        "page": None,
        "created_at": _ORDINARY,
        "expires_at": None,
    },
)
classify(
    "preferences.CampaignRecipient",
    source="preferences.mailings",
    fields={
        **_PARTY,
        "campaign": _ORDINARY,
        "message": None,
        "state": _ORDINARY,
        "queued_at": _ORDINARY,
        "ended_at": _ORDINARY,
    },
)
classify(
    "preferences.MailFeedback",
    source="preferences.delivery_reports",
    fields={
        **_PARTY,
        "service": _ORDINARY,
        "event_id": None,
        "kind": _ORDINARY,
        "campaign": _ORDINARY,
        "happened_at": _ORDINARY,
        "received_at": _ORDINARY,
    },
)
