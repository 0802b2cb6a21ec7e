"""/api/docs/: the schema to read and to try, by Swagger UI from our own files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The only page besides passkeys that needs JavaScript; without it, it leads to the schema."""
    return render(request, "portal/api_docs.html", {"token_url": request.build_absolute_uri(reverse("api_token"))})
