"""What the API says when something can't be done: problem details (RFC 9457), which never repeat what was sent."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response

from privacycenter.kernel.errors import PrivacyCenterError

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:privacycenter:problem:"
API_PREFIX = "/api/"

# One title for each code; the code is the last part of `type` and stays what it is when the words change.
_TITLES = {
    "invalid": gettext_lazy("Some of what was sent can't be used"),
    "parse_error": gettext_lazy("The body is not valid JSON"),
    "not_authenticated": gettext_lazy("Sign-in or an access token is needed"),
    "invalid_token": gettext_lazy("The access token is not valid"),
    "insufficient_scope": gettext_lazy("The access token does not allow this call"),
    "permission_denied": gettext_lazy("This is not allowed"),
    "not_found": gettext_lazy("There is nothing at this address"),
    "method_not_allowed": gettext_lazy("This method is not offered here"),
    "not_acceptable": gettext_lazy("We can only answer in JSON"),
    "too_large": gettext_lazy("Too much was sent at once"),
    "unsupported_media_type": gettext_lazy("Send JSON (application/json)"),
    "throttled": gettext_lazy("Too many calls"),
    "being_restored": gettext_lazy("The service is being restored from a backup"),
    "server_error": gettext_lazy("Something went wrong on our side"),
}
_CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
    500: "server_error",
}
# The framework's own words for these repeat what was sent, which may be somebody's address.
_WITHOUT_VALUE = {
    "invalid_choice": gettext_lazy("This is none of the possible values."),
    "not_a_list": gettext_lazy("A list is needed here."),
    "not_a_dict": gettext_lazy("An object is needed here."),
    "does_not_exist": gettext_lazy("There is no such thing."),
    "incorrect_type": gettext_lazy("This has the wrong type."),
}


class TooLarge(exceptions.APIException):
    """More than a call takes (413)."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("Send less at once.")


def problem(status_code: int, *, code: str = "", detail: str = "", errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """The body of a problem. `code` is stable for programs, `detail` is for people, neither holds personal data.

    `errors` is a list of {"pointer": JSON pointer as a URI fragment (RFC 6901), "code": …, "detail": …}.
    """
    code = code or _CODES.get(status_code, "error")
    body: dict[str, Any] = {
        "type": f"{TYPE}{code}",
        "title": str(_TITLES.get(code) or _TITLES.get(_CODES.get(status_code, "")) or HTTPStatus(status_code).phrase),
        "status": status_code,
        "code": code,
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = [dict(error) for error in errors]
    return body


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901) in its form as a URI fragment: pointer("items", 3) is "#/items/3"."""
    return "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST_FRAMEWORK["EXCEPTION_HANDLER"]: a problem for everything a view means to say.

    What nobody meant is left to Django, which logs it; ProblemMiddleware then answers.
    """
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, PrivacyCenterError):
        return _answer(problem(422, code=error.code, detail=str(error)))
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    if isinstance(error, exceptions.ValidationError):
        return _answer(problem(400, code="invalid", detail=_("Nothing was changed."), errors=list(_errors(error.get_full_details()))))
    full = error.get_full_details()
    code, detail = (str(full["code"]), str(full["message"])) if isinstance(full, dict) and "code" in full else ("", "")
    if isinstance(error, exceptions.ParseError | exceptions.UnsupportedMediaType | exceptions.NotFound | exceptions.MethodNotAllowed):
        detail = ""  # the title says it; theirs repeats what was sent
    return _answer(problem(error.status_code, code=code, detail=detail), headers)


def _answer(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def _errors(details: Any, at: tuple[str | int, ...] = ()) -> Iterator[dict[str, str]]:
    """What the framework nests, flat and with pointers."""
    if isinstance(details, list):
        for index, inner in enumerate(details):
            leaf = isinstance(inner, dict) and set(inner) == {"message", "code"}
            yield from _errors(inner, at if leaf else (*at, index))
    elif isinstance(details, dict) and set(details) == {"message", "code"}:
        code = str(details["code"])
        yield {"pointer": pointer(*at), "code": code, "detail": str(_WITHOUT_VALUE.get(code, details["message"]))}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _errors(inner, at if name == "non_field_errors" else (*at, name))


class ProblemMiddleware:
    """Every error under /api/ is a problem, also those that never reached a view: unknown address, bad host, a fault of ours.

    The outermost middleware. Headers of the answer (Allow, Retry-After, WWW-Authenticate) stay.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        meant = response.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
        if response.status_code >= 400 and request.path.startswith(API_PREFIX) and not meant and not response.streaming:
            response.cookies.clear()  # of the page that is not shown
            response.content = json.dumps(problem(response.status_code), ensure_ascii=False).encode()
            response.headers["Content-Type"] = MEDIA_TYPE
            response.headers["Content-Length"] = str(len(response.content))
        return response
