from __future__ import annotations

from privacycenter.jobs import periodic, registry
from privacycenter.jobs.enums import Priority
from privacycenter.preferences.domain import note_expired
from privacycenter.preferences.domain.api_clients import clear_api
from privacycenter.preferences.domain.recall import RECALL, recall
from privacycenter.preferences.subscribing import SEND_LINK, purge_asked, send_links
from privacycenter.preferences.undo import confirm_opt_outs

NOTE_EXPIRED = "preferences.note_expired"

registry.register(NOTE_EXPIRED, lambda claims: note_expired(), priority=Priority.BULK)
registry.register(RECALL, recall, priority=Priority.BULK)
registry.register(SEND_LINK, send_links, max_batch=20)
periodic.register("preferences.clear_api", 3600, clear_api)
periodic.register("preferences.confirm_opt_outs", 60, confirm_opt_outs)
periodic.register("preferences.note_expired", 6 * 3600, NOTE_EXPIRED)
periodic.register("preferences.purge_asked", 3600, purge_asked)
