from __future__ import annotations

from django.urls import path

from privacycenter.portal import machine, views

app_name = "portal"

urlpatterns = [
    path("", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/data/", views.data, name="data"),
    path("dashboard/data/<slug:category>/", views.category, name="category"),
    path("dashboard/activity/", views.activity, name="activity"),
    path("healthz", machine.healthz, name="healthz"),
    path("readyz", machine.readyz, name="readyz"),
    path("metrics", machine.metrics, name="metrics"),
    path(".well-known/security.txt", machine.security_txt, name="security_txt"),
    path(".well-known/change-password", machine.change_password, name="change_password"),
]
