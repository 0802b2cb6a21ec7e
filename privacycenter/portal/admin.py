"""The names the admin goes by. Its look: templates/admin/base_site.html and static/css/admin.css."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

admin.site.site_title = admin.site.site_header = f"{settings.OPERATOR_NAME} privacy desk"
admin.site.index_title = _("Privacy desk")
