from __future__ import annotations

from django.urls import path

from privacycenter.portal import choice_views, machine, views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/data/", views.data, name="data"),
    path("dashboard/data/<slug:category>/", views.category, name="category"),
    path("dashboard/activity/", views.activity, name="activity"),
    path("dashboard/consents/", choice_views.consents, name="consents"),
    path("dashboard/consents/withdraw/", choice_views.withdraw, name="withdraw_consent"),
    path("dashboard/consents/object/", choice_views.object_, name="object"),
    path("dashboard/consents/signal/", choice_views.signal, name="signal"),
    path("dashboard/consents/<uuid:event_id>/", choice_views.receipt, name="receipt"),
    path("dashboard/consents/<uuid:event_id>/receipt.json", choice_views.receipt_json, name="receipt_json"),
    path("dashboard/sharing/", choice_views.sharing, name="sharing"),
    path("dashboard/sharing/<slug:key>/", choice_views.partner, name="partner"),
    path("healthz", machine.healthz, name="healthz"),
    path("readyz", machine.readyz, name="readyz"),
    path("metrics", machine.metrics, name="metrics"),
    path(".well-known/security.txt", machine.security_txt, name="security_txt"),
    path(".well-known/change-password", machine.change_password, name="change_password"),
]
