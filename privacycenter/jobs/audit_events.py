from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("jobs.job_retried", label=_("Background job retried"), severity="notice", parameters=("kind", "job"))
