"""Verbs: everything that changes what a person has chosen."""

from __future__ import annotations

from privacycenter.preferences.domain.choices import choose, choose_partner, invalidate, lift_objection, object_to, stop_all_marketing
from privacycenter.preferences.domain.delivery import set_delivery
from privacycenter.preferences.domain.erasing import end_consents, forget_words
from privacycenter.preferences.domain.expiry import note_expired
from privacycenter.preferences.domain.ledger import Choice, Presented, record_choice, record_choices
from privacycenter.preferences.domain.suppression import lift, suppress

__all__ = [
    "Choice",
    "Presented",
    "choose",
    "choose_partner",
    "end_consents",
    "forget_words",
    "invalidate",
    "lift",
    "lift_objection",
    "note_expired",
    "object_to",
    "record_choice",
    "record_choices",
    "set_delivery",
    "stop_all_marketing",
    "suppress",
]
