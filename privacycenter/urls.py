"""Every path of the contract, room by room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from requests_app.bundle.views import bundle_keys

urlpatterns = [
    path("", include("privacycenter.portal.urls")),
    path("accounts/", include("accounts.urls")),
    path("requests/", include("requests_app.urls")),
    path(".well-known/privacy-bundle-keys.json", bundle_keys, name="bundle_keys"),
    path("admin/", admin.site.urls),
]
