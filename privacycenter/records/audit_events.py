from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("records.import_started", label=_("Import of records started"), severity="notice", parameters=("run",))
register("records.imported", label=_("Records imported"), severity="notice", parameters=("run", "created", "unchanged", "refused"))
