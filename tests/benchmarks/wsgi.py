"""The product's WSGI application with the URLs of a benchmark (BENCH_URLCONF) in place of its own; same middleware, same settings."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
settings.ROOT_URLCONF = os.environ["BENCH_URLCONF"]
