"""Calls under /api/v1/me/ that need more than one room, and the pages about the API."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from privacycenter.portal import api
from privacycenter.portal.api_docs import docs

app_name = "portal_api"

urlpatterns = [
    path("v1/me/", api.MeView.as_view(), name="me"),
    path("v1/me/consents/", api.ConsentsView.as_view(), name="consents"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
]
