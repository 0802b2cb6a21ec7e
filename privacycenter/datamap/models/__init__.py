"""What is held and why: purposes, recipients, retention rules, notices at collection, and connectors to databases outside this one."""

from __future__ import annotations

from privacycenter.datamap.models.card_free import CardFree
from privacycenter.datamap.models.connectors import Connector, ConnectorSource, empty_list
from privacycenter.datamap.models.entries import Entry, Purpose, Recipient, RetentionRule
from privacycenter.datamap.models.notices import CollectionNotice, NoticeVersion
from privacycenter.datamap.models.versions import PurposeVersion, Version

__all__ = [
    "CardFree",
    "CollectionNotice",
    "Connector",
    "ConnectorSource",
    "Entry",
    "NoticeVersion",
    "Purpose",
    "PurposeVersion",
    "Recipient",
    "RetentionRule",
    "Version",
    "empty_list",
]
