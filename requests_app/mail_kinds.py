"""The mails of this room. All are essential: each answers a person who used a right. None holds personal data."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.mail.kinds import MessageKind, register

for _key, _label in (
    ("requests.code", _("Code that proves an address")),
    ("requests.confirm", _("Request filed for you by others, to be confirmed")),
    ("requests.confirm_signed_in", _("Request filed for you by others, to be confirmed after signing in")),
    ("requests.not_confirmed", _("Request for somebody else closed: not confirmed")),
    ("requests.sign_in_instead", _("Advice to sign in: the address has an account")),
    ("requests.nothing_held", _("Nothing is held under this address")),
    ("requests.acknowledgement", _("Request received")),
    ("requests.ready", _("Bundle ready to download")),
    ("requests.reminder", _("Bundle will be deleted soon")),
    ("requests.receiver_approved", _("Receiver of your copy approved")),
    ("requests.receiver_turned_down", _("Receiver of your copy turned down")),
    ("requests.transfer_confirmed", _("Your copy is being sent to a receiver you chose")),
    ("requests.transfer_done", _("Your copy has reached its receiver")),
    ("requests.transfer_ended", _("Your copy did not reach its receiver")),
    ("requests.erasure_approved", _("Erasure approved; it can be stopped for some days")),
    ("requests.erased", _("Erasure done, with its certificate")),
    ("requests.message", _("Message of a colleague")),
    ("requests.answered", _("Answer to a reopened request")),
    ("requests.question", _("Question about a request")),
    ("requests.question_reminder", _("Reminder of a question")),
    ("requests.extended", _("More time to answer")),
    ("requests.decision", _("Decision on a request")),
    ("requests.limit_ends", _("A restriction or a stop after an objection will end")),
    ("requests.child_reported", _("Your account was reported as that of a child")),
):
    register(
        MessageKind(
            key=_key,
            label=_label,
            essential=True,
            template=_key.replace(".", "/"),
            why=_("It belongs to a request that you made."),
        )
    )

register(
    MessageKind(
        key="requests.represented",
        label=_("Somebody says that they act for you: to be confirmed or refused"),
        essential=True,
        template="requests/represented",
        why=_("Somebody asks about your data in your name."),
    )
)

register(
    MessageKind(
        key="requests.acted_for",
        label=_("Somebody was accepted as acting for the holder of an account"),
        essential=True,
        template="requests/acted_for",
        why=_("Somebody acts for you in a request about your data, and you can stop it."),
    )
)

for _key, _label in (
    ("requests.recipient_notice", _("Recipient: data it got was changed")),
    ("requests.recipient_reminder", _("Recipient: reminder of data that was changed")),
):
    register(
        MessageKind(
            key=_key,
            label=_label,
            essential=True,
            template=_key.replace(".", "/"),
            why=_("You get personal data from us, and this is the address for notices about it."),
        )
    )

for _key, _label in (
    ("requests.due_soon", _("Staff: a request is due soon")),
    ("requests.overdue", _("Staff: a request is overdue")),
    ("requests.stopped_by_holder", _("Staff: a request for somebody else was stopped by that person")),
):
    register(
        MessageKind(
            key=_key,
            label=_label,
            essential=True,
            template=_key.replace(".", "/"),
            why=_("You work on requests of people about their data."),
        )
    )
