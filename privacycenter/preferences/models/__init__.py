"""Choices of people, kept under keyed hashes: nobody can be found from a row, and a row outlives the erasure of its person."""

from __future__ import annotations

from privacycenter.preferences.models.campaigns import Campaign, CampaignRecipient, TopicFigure
from privacycenter.preferences.models.clients import ApiAnswer, ApiClient
from privacycenter.preferences.models.cookies import BannerSettings, Service, StorageItem
from privacycenter.preferences.models.delivery import DeliveryChoice
from privacycenter.preferences.models.feedback import MailFeedback
from privacycenter.preferences.models.ledger import ConsentEvent, ConsentText
from privacycenter.preferences.models.links import AskedMail, LinkToken, PendingSubscription
from privacycenter.preferences.models.lists import AddressList
from privacycenter.preferences.models.party import PartyRow
from privacycenter.preferences.models.suppression import Suppression
from privacycenter.preferences.models.topics import Topic

__all__ = [
    "AddressList",
    "ApiAnswer",
    "ApiClient",
    "AskedMail",
    "BannerSettings",
    "Campaign",
    "CampaignRecipient",
    "ConsentEvent",
    "ConsentText",
    "DeliveryChoice",
    "LinkToken",
    "MailFeedback",
    "PartyRow",
    "PendingSubscription",
    "Service",
    "StorageItem",
    "Suppression",
    "Topic",
    "TopicFigure",
]
