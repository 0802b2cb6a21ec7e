"""Data of the requests room: the request, its history, its proof of identity, and the making of its bundle."""

from __future__ import annotations

from requests_app.models.answers import Authority, AuthorityFeedback, ProposedRefusal, Question
from requests_app.models.behalf import ProofDocument, Representation
from requests_app.models.correction import Annotation, Correction, RecipientNotice
from requests_app.models.desk import EmergencyStop, LegalHold, SavedView
from requests_app.models.erasure import ErasurePlan, ErasureStep
from requests_app.models.fulfilment import Bundle, DownloadGrant, Step, Volume
from requests_app.models.ledger import LedgerEntry
from requests_app.models.limits import ChildReport, Lift
from requests_app.models.messages import AnswerTemplate, Attachment, Message
from requests_app.models.proof import IdentityProof, RateWindow
from requests_app.models.redaction import BundleScan, Redaction
from requests_app.models.regimes import Regime, RegimeRule
from requests_app.models.request import Request, RequestQuerySet, TimelineEvent
from requests_app.models.staff import Look
from requests_app.models.transfer import Receiver, Transfer
from requests_app.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Annotation",
    "AnswerTemplate",
    "Attachment",
    "Authority",
    "AuthorityFeedback",
    "Bundle",
    "BundleScan",
    "ChildReport",
    "Correction",
    "DownloadGrant",
    "EmergencyStop",
    "ErasurePlan",
    "ErasureStep",
    "IdentityProof",
    "LedgerEntry",
    "LegalHold",
    "Lift",
    "Look",
    "Message",
    "ProofDocument",
    "ProposedRefusal",
    "Question",
    "RateWindow",
    "Receiver",
    "RecipientNotice",
    "Redaction",
    "Regime",
    "RegimeRule",
    "Representation",
    "Request",
    "RequestQuerySet",
    "SavedView",
    "Step",
    "TimelineEvent",
    "Transfer",
    "Volume",
    "WebhookDelivery",
    "WebhookEndpoint",
]
