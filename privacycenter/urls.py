"""Every path of the contract, room by room."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from privacycenter.preferences.api import tokens
from requests_app.bundle.views import bundle_keys
from requests_app.views.complain import complain

urlpatterns = [
    # first, because mail programs wait for the answer of its links
    path("", include("privacycenter.preferences.urls")),
    path("", include("privacycenter.portal.urls")),
    path("accounts/", include("accounts.urls")),
    path("complain/", complain, name="complain"),
    path("requests/", include("requests_app.urls")),
    path("api/v1/", include("privacycenter.preferences.api.urls")),
    path("api/v1/", include("requests_app.api.urls")),
    path("api/", include("privacycenter.portal.api_urls")),
    path("identity/o/api/token", tokens.token, name="api_token"),
    path("identity/o/api/revoke", tokens.revoke, name="api_revoke"),
    path(".well-known/privacy-bundle-keys.json", bundle_keys, name="bundle_keys"),
    path("admin/", admin.site.urls),
]
