"""What the generated schema (OpenAPI 3.1) can't see by itself: how one signs in, and that every call may answer with a problem."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from privacycenter.kernel.problems import MEDIA_TYPE
from privacycenter.preferences.api.scopes import all_scopes

PROBLEM = {
    "type": "object",
    "description": "What could not be done, and why (RFC 9457). `code` is stable; nothing in it repeats what was sent.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer as a URI fragment (RFC 6901)"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_ALWAYS = {"401": "Nobody is signed in, or the token is not valid", "403": "Not with these rights", "429": "Too many calls"}
_WITH_BODY = {
    "400": "Some of what was sent can't be used",
    "413": "Too much at once",
    "415": "Not JSON",
    "422": "Understood, and not possible",
}


class ClientScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "privacycenter.preferences.api.authentication.ClientAuthentication"
    name = "client"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        scopes = {key: str(label) for key, label in sorted(all_scopes().items())}
        return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/identity/o/api/token", "scopes": scopes}}}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        return {self.name: [auto_schema.view.scope]}


class PersonScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "privacycenter.preferences.api.authentication.PersonAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-session",
            "description": "The session of the pages. Calls that change something also need the header X-CSRFToken.",
        }


def with_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Hook of drf-spectacular: add the problems to every call."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            possible = _ALWAYS | (_WITH_BODY if "requestBody" in operation else {})
            for code, words in possible.items():
                operation["responses"].setdefault(code, {"description": words, "content": content})
    return result
