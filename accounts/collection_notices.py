"""What each form of this room collects for (GDPR Art. 13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.notices import FormNotice, register

_ACCOUNT = ("account_and_service", "service_messages", "fraud_prevention_and_rights")
_SECURITY = ("account_and_service", "fraud_prevention_and_rights")

register(
    FormNotice(
        key="accounts.registration",
        title=_("Create an account"),
        words=_("We use what you enter to open and run your account, to reach you about it, and to protect it."),
        purposes=_ACCOUNT,
        retention=("account_life", "security_events"),
        recipients=("staff_and_contractors", "service_providers"),
        required=_("Every field is needed for the contract. Your date of birth only tells us whether you are old enough and is not kept."),
    )
)
register(
    FormNotice(
        key="accounts.federated_registration",
        title=_("Create an account after signing in with a provider"),
        words=_(
            "We use what you enter and what your provider sent to open and run your account. What was sent is recorded for you to see."
        ),
        purposes=_ACCOUNT,
        retention=("account_life", "security_events"),
        recipients=("staff_and_contractors", "service_providers", "identity_providers"),
        required=_("Every field is needed for the contract. Your date of birth only tells us whether you are old enough and is not kept."),
    )
)
register(
    FormNotice(
        key="accounts.profile",
        title=_("Profile"),
        words=_("We use your profile to run your account, to write to you at the right time and in your language, and to invoice."),
        purposes=("account_and_service", "service_messages"),
        retention=("account_life",),
        optional=(
            (_("Time zone"), _("dates and quiet hours as your clock shows them")),
            (_("Language"), _("pages and mails in your language")),
        ),
        required=_("The other fields are needed for the contract."),
    )
)
register(
    FormNotice(
        key="accounts.photo",
        title=_("Photo"),
        words=_("A photo is your choice. It stands in your account, and you can replace or remove it at any time."),
        purposes=("account_and_service",),
        retention=("account_life",),
        optional=((_("Photo"), _("so that you see at once whose account it is")),),
    )
)
register(
    FormNotice(
        key="accounts.email_address",
        title=_("Add an e-mail address"),
        words=_("We use a confirmed address to write to you, to let you sign in, and to find data of yours that stands under it."),
        purposes=_ACCOUNT,
        retention=("account_life", "security_events"),
        recipients=("staff_and_contractors", "service_providers"),
        optional=((_("Further addresses"), _("one confirmed address is enough")),),
    )
)
register(
    FormNotice(
        key="accounts.security_questions",
        title=_("Security questions"),
        words=_(
            "Answers only help you to set a new password. They are stored so that nobody can read them, also not in a copy of your data."
        ),
        purposes=_SECURITY,
        retention=("account_life",),
        recipients=(),
        optional=((_("Every question"), _("you need not set any")),),
    )
)
register(
    FormNotice(
        key="accounts.password_reset",
        title=_("Ask for a link to set a new password"),
        words=_(
            "We use the address to look for your account and to send the link. If there is none, only the limit on tries is kept briefly."
        ),
        purposes=_SECURITY,
        retention=("security_events",),
        recipients=("staff_and_contractors", "service_providers"),
    )
)
register(
    FormNotice(
        key="accounts.second_step",
        title=_("Set up an authenticator app or a passkey"),
        words=_("We keep a key, encrypted, and the name you give it, to recognise you. Fingerprint, face and PIN never leave your device."),
        purposes=_SECURITY,
        retention=("account_life", "security_events"),
        recipients=(),
        optional=((_("A second step"), _("it protects your account better")),),
    )
)
register(
    FormNotice(
        key="accounts.provider_link",
        title=_("Connect an account elsewhere"),
        words=_("The provider learns that you sign in here, and sends us your name and address there. We keep them to recognise you."),
        purposes=_SECURITY,
        retention=("account_life", "security_events"),
        recipients=("identity_providers", "staff_and_contractors"),
        optional=((_("A connection"), _("your password works as well")),),
    )
)
register(
    FormNotice(
        key="accounts.closing",
        title=_("Close the account"),
        words=_("We note that you closed your account, and when. You get a mail about it, so that nobody else can do it unnoticed."),
        purposes=_SECURITY,
        retention=("account_life", "security_events"),
    )
)
