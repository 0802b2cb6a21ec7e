from __future__ import annotations

from privacycenter.jobs import periodic, registry
from privacycenter.mail.delivery import give_up, send_messages
from privacycenter.mail.domain import SEND

# Twenty errors with up to three hours between them: a mail server may be away for two days.
registry.register(SEND, send_messages, max_batch=20, max_errors=20, backoff_cap_seconds=3 * 3600)
periodic.register("mail.give_up", 3600, give_up)
