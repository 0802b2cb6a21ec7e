from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class UnknownConsentText(PrivacyCenterError):
    """A text that no room registered and nobody wrote."""

    code = "unknown_consent_text"
    message = _("We can't tell which text was shown.")


class EvidenceMissing(PrivacyCenterError):
    """Staff would undo a person's own choice, or choose on their behalf, without saying on what ground."""

    code = "evidence_missing"
    message = _("Say why, and what shows that the person wants this.")


class UnknownTopic(PrivacyCenterError):
    """No such topic."""

    code = "unknown_topic"
    message = _("There is no such topic.")


class OnlyOptOut(PrivacyCenterError):
    """A link was used to switch something on; only a sign-in or a mailed confirmation does that."""

    code = "only_opt_out"
    message = _("This link can only switch things off. To switch them on, sign in or ask for a confirmation by mail.")


class UnknownPurpose(PrivacyCenterError):
    """The data map has no such purpose."""

    code = "unknown_purpose"
    message = _("There is no such purpose.")


class UnknownRecipient(PrivacyCenterError):
    """The data map has no such recipient."""

    code = "unknown_recipient"
    message = _("There is no such recipient.")


class UnfitDelivery(PrivacyCenterError):
    """A pause, quiet hours or a limit that can't be kept; the message says what is wrong."""

    code = "unfit_delivery"
    message = _("We can't do that. Check the dates, times and numbers.")


class OptedOut(PrivacyCenterError):
    """Another system says yes for somebody who said no here."""

    code = "opted_out"
    message = _("The person opted out here. Say what shows that they want this again, or let them sign in or confirm by mail.")


class TooManyAsked(PrivacyCenterError):
    """Mails were asked for too often from one place. Says nothing about the address."""

    code = "too_many_asked"
    message = _("That was asked too often from here. Wait an hour, then try again.")


class UndeclaredCookie(PrivacyCenterError):
    """A page sets a cookie that the register does not declare, or that was not allowed."""

    code = "undeclared_cookie"
    message = _("A page sets a cookie that is not declared.")


class WrongCampaignState(PrivacyCenterError):
    """Somebody was quicker, or the campaign is not where it can be done."""

    code = "wrong_campaign_state"
    message = _("That can't be done now: the campaign has moved on. Look at it again.")


class CampaignNotReady(PrivacyCenterError):
    """A campaign that nobody has tried out since its last change."""

    code = "campaign_not_ready"
    message = _("Send yourself a test of these words first.")
    topic_message = _("This topic is not offered by e-mail.")


class UnfitList(PrivacyCenterError):
    """A list of addresses that can't be read at all."""

    code = "unfit_list"
    message = _("This list can't be read.")


class EmptyList(UnfitList):
    code = "empty"
    message = _("The list is empty.")


class NoColumn(UnfitList):
    code = "no_column"
    message = _(
        "We can't tell which column holds the addresses. Name it as the first line of the list does, which has to name the columns."
    )
