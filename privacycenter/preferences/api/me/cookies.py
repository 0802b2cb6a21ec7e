"""me/cookies/ and me/signals/: what this browser may store, and what it signals."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from privacycenter.preferences.api.base import PersonView
from privacycenter.preferences.api.me import serializers as shapes
from privacycenter.preferences.api.me.messages import read, refuse
from privacycenter.preferences.cookies import words
from privacycenter.preferences.cookies.choice import CookieChoice, choice_of
from privacycenter.preferences.cookies.views import note_choice
from privacycenter.preferences.domain.ledger import Presented
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.queries import states_of
from privacycenter.preferences.scopes import GPC, Scope


class CookiesView(PersonView):
    @extend_schema(operation_id="me_cookies", responses=shapes.CookiesOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """Every service, and whether it may store anything in this browser."""
        return Response(_cookies(choice_of(request._request)))

    @extend_schema(operation_id="me_cookies_change", request=shapes.CookiesIn, responses=shapes.CookiesOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Allow and refuse services, for this browser and for the account. A yes needs the fingerprint of what was shown."""
        wanted = read(shapes.CookiesIn, request.data)
        choice = choice_of(request._request)
        decisions: dict[str, bool] = {}
        for index, each in enumerate(wanted["services"]):
            if each["key"] not in choice.states:
                raise refuse("services", index, "key", "unknown_service", _("There is no such service to choose about."))
            decisions[each["key"]] = each["is_on"]
        if any(decisions.values()) and wanted.get("fingerprint") != choice.register.fingerprint:
            words_for_person = _("What we ask about has changed, or you left out its fingerprint. Look again and choose again.")
            raise ValidationError({"fingerprint": ErrorDetail(words_for_person, "other_words")})
        presented = Presented(words.text_of_page(choice.register), Method.FORM, control="api", page=request.path)
        response = Response()
        note_choice(request._request, choice, decisions, presented, response)
        response.data = _cookies(choice_of(request._request))
        return response


def _cookies(choice: CookieChoice) -> dict[str, Any]:
    services = []
    for service in choice.register.services:
        state = choice.states.get(service.key)
        services.append(
            {
                "key": service.key,
                "title": service.title,
                "description": service.description,
                "category": service.category,
                "purpose": service.purpose,
                "provider": service.provider,
                "is_asked": service.is_asked,
                "is_on": choice.allows(service.key),
                "is_open": state.is_open if state else False,
                "because": str(state.because) if state and state.because else None,
            }
        )
    return {"fingerprint": choice.register.fingerprint, "gpc": choice.gpc, "services": services}


class SignalsView(PersonView):
    @extend_schema(operation_id="me_signals", responses=shapes.SignalsOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """What the browser signals and what we make of it."""
        event = states_of(self.party).get(Scope(purpose=GPC))
        stands = event is not None and event.kind == EventKind.OBJECTED
        is_sent = bool(getattr(request._request, "gpc", False))
        return Response({"is_sent": is_sent, "is_honoured": stands or is_sent, "since": event.at if event and stands else None})
