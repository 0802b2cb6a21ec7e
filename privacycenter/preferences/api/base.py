"""What every call is built from. A view names its scope, or is one of a person about themselves: there is no third kind."""

from __future__ import annotations

from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences.api.authentication import ClientAuthentication, PersonAuthentication
from privacycenter.preferences.api.parsers import BoundedJSONParser
from privacycenter.preferences.api.permissions import HasScope, IsPerson
from privacycenter.preferences.api.throttling import CallLimit
from privacycenter.preferences.parties import Party, party_of


class CallView(APIView):
    """JSON in, JSON out, limited."""

    parser_classes = (BoundedJSONParser,)
    renderer_classes = (JSONRenderer,)
    throttle_classes = (CallLimit,)


class ClientView(CallView):
    """A call of another system. `scope` is the one its token needs."""

    scope = ""
    authentication_classes = (ClientAuthentication,)
    permission_classes = (HasScope,)

    @property
    def actor(self) -> Actor:
        actor: Actor = self.request.user.actor
        return actor


class PersonView(CallView):
    """A call of the signed-in person about themselves."""

    authentication_classes = (PersonAuthentication,)
    permission_classes = (IsPerson,)

    @property
    def actor(self) -> Actor:
        """The person: whoever works at the desk chooses for themselves here, not as staff."""
        return Actor(ActorKind.PERSON, str(self.request.user.pk))

    @property
    def subject(self) -> Any:
        return self.request.user.subject

    @property
    def party(self) -> Party:
        return party_of(self.subject)
