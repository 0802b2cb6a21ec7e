"""What each form of this room collects for (GDPR Art. 13)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.notices import FormNotice, register

_PURPOSES = ("fraud_prevention_and_rights", "service_messages")

register(
    FormNotice(
        key="requests.filing",
        title=_("Make a request"),
        words=_("We use this to find what we hold about you, to make sure that only you get it, to answer, and to prove that we answered."),
        purposes=_PURPOSES,
        retention=("rights_requests",),
        recipients=("staff_and_contractors", "service_providers"),
        optional=((_("The country where you live"), _("to see whether a law there gives us less time")),),
        required=_("Without an address that is yours we can't tell whose data to look for."),
    )
)
register(
    FormNotice(
        key="requests.reopening",
        title=_("Say what is missing"),
        words=_(
            "A colleague reads what you write, to complete the answer. It is kept with your request and stands in a copy of your data."
        ),
        purposes=_PURPOSES,
        retention=("rights_requests",),
    )
)
register(
    FormNotice(
        key="requests.reply",
        title=_("Answer a question of ours"),
        words=_("A colleague reads your answer, to go on with your request. It is kept with it and stands in a copy of your data."),
        purposes=_PURPOSES,
        retention=("rights_requests",),
    )
)
register(
    FormNotice(
        key="requests.review",
        title=_("Have a decision looked at again"),
        words=_("Somebody who did not refuse your request reads what you write. It is kept with it and stands in a copy of your data."),
        purposes=_PURPOSES,
        retention=("rights_requests",),
    )
)
register(
    FormNotice(
        key="requests.messages",
        title=_("Write about your request"),
        words=_(
            "The colleagues who work on your request read what you write and send, to answer it. It is kept with your request and stands "
            "in a copy of your data."
        ),
        purposes=_PURPOSES,
        retention=("rights_requests",),
    )
)
register(
    FormNotice(
        key="requests.child",
        title=_("Report a child's account"),
        words=_(
            "We use what you write to find the account and to look into it. The person whose account it is learns that there was a "
            "report, not who made it. Your own address is used to thank you or to ask, and for nothing else. What you typed is "
            "deleted when the report is closed; that there was one stays for the time below."
        ),
        purposes=("fraud_prevention_and_rights",),
        retention=("rights_requests",),
        recipients=("staff_and_contractors",),
        required=_("Without the account, or a description of it, we can't find it. Everything else is up to you."),
    )
)
register(
    FormNotice(
        key="requests.child_answer",
        title=_("Answer a report about your account"),
        words=_("A colleague reads what you write, to decide about the report. It stands in a copy of your data."),
        purposes=("fraud_prevention_and_rights",),
        retention=("rights_requests",),
    )
)
register(
    FormNotice(
        key="requests.for_another",
        title=_("Ask for somebody else"),
        words=_(
            "We use this to find the person you ask for, to make sure that you may, to answer you, and to prove that we answered. The "
            "person sees who asked for them, if they have an account or you ask as their agent."
        ),
        purposes=_PURPOSES,
        retention=("rights_requests",),
        recipients=("staff_and_contractors", "service_providers"),
        optional=((_("What else we know the person by"), _("to find what we hold about them")),),
        required=_("Without the names and what lets you ask we can't tell whether the data may be given to you."),
    )
)
register(
    FormNotice(
        key="requests.proof",
        title=_("Send a proof"),
        words=_(
            "Colleagues look at the document to see that you may ask, and for nothing else. The file is removed when the request ends at "
            "the latest; that it was seen, by whom and when, is kept with the request."
        ),
        purposes=("fraud_prevention_and_rights",),
        retention=("rights_requests",),
        recipients=("staff_and_contractors",),
    )
)
register(
    FormNotice(
        key="requests.represented",
        title=_("Say whether somebody may act for you"),
        words=_("We keep your answer with the request that was made in your name."),
        purposes=("fraud_prevention_and_rights",),
        retention=("rights_requests",),
        recipients=("staff_and_contractors",),
    )
)
register(
    FormNotice(
        key="requests.correcting",
        title=_("Say what is wrong"),
        words=_("We use this to check your data and put it right. What you write stays with your request; a note stays with the data."),
        purposes=_PURPOSES,
        retention=("rights_requests",),
        recipients=("staff_and_contractors", "service_providers"),
    )
)
register(
    FormNotice(
        key="requests.transfer",
        title=_("Send a copy straight to another service"),
        words=_("We use this to check who is to get your data, to send it there once you confirm, and to prove that we did."),
        purposes=_PURPOSES,
        retention=("rights_requests",),
        recipients=("staff_and_contractors",),
        optional=((_("Name and address of another service"), _("only if we are to send your copy to one that is not on our list")),),
    )
)
