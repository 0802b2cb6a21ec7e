"""The WSGI application that a server imports."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")

application = get_wsgi_application()

from privacycenter.start import require_safe_start  # noqa: E402 - app ready

require_safe_start()
