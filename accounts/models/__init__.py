"""Data of the accounts room: who can sign in, how they prove it, and what happened."""

from __future__ import annotations

from accounts.models.credentials import CredentialChange, EmailCode, QuestionTries, ResetLink, ResetOrder, SecurityAnswer
from accounts.models.federated import FederatedRecord
from accounts.models.security import SecurityEvent
from accounts.models.user import ProfilePhoto, User

__all__ = [
    "CredentialChange",
    "EmailCode",
    "FederatedRecord",
    "ProfilePhoto",
    "QuestionTries",
    "ResetLink",
    "ResetOrder",
    "SecurityAnswer",
    "SecurityEvent",
    "User",
]
