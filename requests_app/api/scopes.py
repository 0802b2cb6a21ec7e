"""What an API client may be allowed to do with requests. Imported at the start, so that the desk can offer it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.preferences.api.scopes import register

REQUESTS = register("requests", _("File privacy requests for people, who then confirm them, and see where those stand"))
