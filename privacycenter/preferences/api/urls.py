"""Calls under /api/v1/."""

from __future__ import annotations

from django.urls import path

from privacycenter.preferences.api import (
    me,
    openapi,  # noqa: F401 - registers how the schema says who may call
    views,
)

app_name = "api"

urlpatterns = [
    path("decisions/", views.DecisionsView.as_view(), name="decisions"),
    path("suppressions/", views.SuppressionsView.as_view(), name="suppressions"),
    path("suppressions/check/", views.SuppressionChecksView.as_view(), name="suppressions_check"),
    path("unsubscribe-links/", views.UnsubscribeLinksView.as_view(), name="unsubscribe_links"),
    path("consents/", views.ConsentsView.as_view(), name="consents"),
    path("consents/query/", views.ConsentQueriesView.as_view(), name="consents_query"),
    path("me/preferences/", me.PreferencesView.as_view(), name="me_preferences"),
    path("me/delivery/", me.DeliveryView.as_view(), name="me_delivery"),
    path("me/partners/", me.PartnersView.as_view(), name="me_partners"),
    path("me/devices/", me.DevicesView.as_view(), name="me_devices"),
    path("me/cookies/", me.CookiesView.as_view(), name="me_cookies"),
    path("me/signals/", me.SignalsView.as_view(), name="me_signals"),
]
