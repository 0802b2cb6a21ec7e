"""Who may call what: a client with the scope of the call, or a person about themselves."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission

from privacycenter.preferences.api.authentication import REALM, ApiPrincipal


class InsufficientScope(PermissionDenied):
    """RFC 6750: the token is valid, and not for this. The challenge names the scope that is missing."""

    default_code = "insufficient_scope"
    default_detail = _("Ask the privacy desk for a client with this scope.")

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.auth_header = f'Bearer {REALM}, error="insufficient_scope", scope="{scope}"'


class HasScope(BasePermission):
    """A client whose token has the view's `scope`."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if not isinstance(request.user, ApiPrincipal):
            raise NotAuthenticated
        if view.scope not in request.user.scopes:
            raise InsufficientScope(view.scope)
        return True


class IsPerson(BasePermission):
    """Somebody who is signed in and whom we know as a person."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated and getattr(request.user, "subject", None))


class Nobody(BasePermission):
    """What a view gets that names nobody: it is closed."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return False
