from __future__ import annotations

from django.urls import path

from requests_app.views import fetching, filing, own

app_name = "requests"

urlpatterns = [
    path("", own.index, name="list"),
    path("new/", filing.new, name="new"),
    path("code/", filing.code, name="code"),
    path("code/again/", filing.code_again, name="code_again"),
    path("leave/", own.leave, name="leave"),
    path("<slug:ref>/", own.detail, name="detail"),
    path("<slug:ref>/code/", own.send_code, name="send_code"),
    path("<slug:ref>/withdraw/", own.withdraw, name="withdraw"),
    path("<slug:ref>/reopen/", own.reopen, name="reopen"),
    path("<slug:ref>/fetch/", fetching.fetch, name="fetch"),
    path("<slug:ref>/fetch/open/", fetching.open_bundle_download, name="open_download"),
    path("<slug:ref>/bundle/", fetching.bundle, name="bundle"),
]
