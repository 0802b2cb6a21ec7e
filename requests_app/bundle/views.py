"""The public keys of bundles, for everybody who checks one."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from requests_app.bundle.signing import jwks


@require_safe
def bundle_keys(request: HttpRequest) -> JsonResponse:
    """`/.well-known/privacy-bundle-keys.json`; readable from any site, because it is public and checking is welcome."""
    response = JsonResponse(jwks(), content_type="application/jwk-set+json")
    response["Cache-Control"] = "public, max-age=3600"
    response["Access-Control-Allow-Origin"] = "*"
    return response
