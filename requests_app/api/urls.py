"""Calls of this room under /api/v1/."""

from __future__ import annotations

from django.urls import path

from requests_app.api import views

app_name = "requests_api"

urlpatterns = [
    path("requests/", views.RequestsView.as_view(), name="requests"),
    path("requests/<slug:ref>/", views.RequestView.as_view(), name="request"),
]
