"""Pages of choices: preferences, links of mails, unsubscribing."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern, URLResolver

from privacycenter.preferences import receipt_views
from privacycenter.preferences.cookies import views as cookie_views
from privacycenter.preferences.views import links, preferences
from privacycenter.preferences.views.unsubscribe import unsubscribe
from privacycenter.preferences.webhooks import mail_webhook

app_name = "preferences"

urlpatterns: list[URLPattern | URLResolver] = [
    # With and without a slash at the end: mail programs cut and add one, and a POST must never be redirected.
    path("u/<str:token>", unsubscribe, name="unsubscribe"),
    path("u/<str:token>/", unsubscribe),
    path("p/<str:token>/", links.link, name="link"),
    path("p/<str:token>", links.link),
    path("cookies/", cookie_views.cookies, name="cookies"),
    path("cookies/show/", cookie_views.show_widget, name="widget"),
    path(".well-known/gpc.json", cookie_views.gpc, name="gpc"),
    path("receipts/", receipt_views.check, name="receipts"),
    path("receipts/<str:sha256>/", receipt_views.receipt, name="receipt"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/link/", preferences.send_link, name="send_link"),
    path("preferences/link/sent/", preferences.link_sent, name="link_sent"),
    path("preferences/subscribe/", preferences.subscribe, name="subscribe"),
    path("preferences/subscribe/sent/", preferences.subscription_sent, name="subscription_sent"),
    path("webhooks/mail/<slug:service>/", mail_webhook, name="mail_webhook"),
]
