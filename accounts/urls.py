"""Pages under /accounts/: ours first, then allauth's."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.urls")),
]
