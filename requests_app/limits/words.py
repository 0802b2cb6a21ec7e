"""The exact words that the ledger keeps for what is chosen by a request."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.preferences import texts

OBJECTED = texts.register(
    "requests.objection",
    _("Object: stop using your data for what you chose here. It stops at once; a colleague then assesses whether it stays stopped."),
)
WITHDRAWN = texts.register(
    "requests.withdrawal",
    _("Take back your consent. It counts from now on; what was done before, while you agreed, stays lawful."),
)
NOT_UPHELD = texts.register(
    "requests.objection_refused",
    _("We did not uphold your objection; we told you why, and go on with what you objected to."),
)
LIFTED = texts.register(
    "requests.compelling_grounds",
    _("We assessed your objection. Our grounds are compelling and outweigh your interests; we told you why, and go on."),
)
