"""Django's admin as our desk. Apart from the site itself, which can only be imported when the models are there."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "privacycenter.portal.desk_site.DeskSite"
