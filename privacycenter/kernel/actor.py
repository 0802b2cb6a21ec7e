"""Who does something: every verb takes an actor, every audit entry names one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"
    API_CLIENT = "api_client"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Actor:
    """An actor by kind and a reference that holds no personal data (a primary key, a client id, a component's name)."""

    kind: ActorKind
    ref: str = ""

    @classmethod
    def for_user(cls, user: Any) -> Actor:
        """The person or staff member behind a signed-in user; anonymous where nobody is signed in."""
        if not getattr(user, "is_authenticated", False):
            return cls(ActorKind.ANONYMOUS)
        return cls(ActorKind.STAFF if user.is_staff else ActorKind.PERSON, str(user.pk))

    @classmethod
    def system(cls, component: str) -> Actor:
        """The software itself, by the name of the component that acts."""
        return cls(ActorKind.SYSTEM, component)

    @property
    def is_staff(self) -> bool:
        return self.kind is ActorKind.STAFF
