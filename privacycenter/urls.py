"""Every path of the contract, room by room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("privacycenter.portal.urls")),
    path("accounts/", include("accounts.urls")),
    path("requests/", include("requests_app.urls")),
    path("admin/", admin.site.urls),
]
