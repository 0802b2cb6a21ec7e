"""What each form of this room collects for (GDPR Art. 13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.notices import FormNotice, register

register(
    FormNotice(
        key="preferences.subscribe",
        title=_("Subscribe without an account"),
        words=_(
            "We use the address to send what you ticked, after you confirmed it by mail. You can stop it with one click in every mail."
        ),
        purposes=("news_and_offers",),
        retention=("unconfirmed_subscription", "consent_evidence"),
        recipients=("staff_and_contractors", "service_providers"),
        required=_("Without an address and at least one topic there is nothing to send. Nothing else depends on it."),
    )
)
register(
    FormNotice(
        key="preferences.send_link",
        title=_("Send me a link to my choices"),
        words=_(
            "We use the address once, to send a link there, and keep only a fingerprint of it that can't be turned back, so that the "
            "link works."
        ),
        purposes=("service_messages",),
        retention=("suppression",),
        recipients=("service_providers",),
    )
)
register(
    FormNotice(
        key="preferences.choices",
        title=_("Choose what we may send"),
        words=_("We keep each choice with its time and the exact words you saw, so that it holds and you can prove it."),
        purposes=("service_messages",),
        retention=("consent_evidence", "suppression"),
    )
)
