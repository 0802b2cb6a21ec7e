from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("mail.message_queued", label=_("Message sent"), parameters=("kind",))
register("mail.undeliverable", label=_("Message could not be delivered"), severity="notice", parameters=("kind",))
