"""The words this room stores."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# The name of a role: whoever holds it last can't be erased (accounts.domain.erasing). What it may do: requests_app.roles.
DATA_PROTECTION_OFFICER = "Data protection officer"


class SecurityEventKind(TextChoices):
    """What a person sees in their security history."""

    REGISTERED = "registered", _("Account registered")
    LOGGED_IN = "logged_in", _("Logged in")
    LOGIN_FAILED = "login_failed", _("Log-in failed")
    LOGGED_OUT = "logged_out", _("Logged out")
    CONFIRMED_AGAIN = "confirmed_again", _("Identity confirmed again")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    EMAIL_ADDED = "email_added", _("E-mail address added")
    EMAIL_CONFIRMED = "email_confirmed", _("E-mail address confirmed")
    EMAIL_CHANGED = "email_changed", _("Main e-mail address changed")
    EMAIL_REMOVED = "email_removed", _("E-mail address removed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes made")
    PROVIDER_LINKED = "provider_linked", _("Log-in provider linked")
    PROVIDER_UNLINKED = "provider_unlinked", _("Log-in provider unlinked")
    QUESTIONS_CHANGED = "questions_changed", _("Security questions changed")
    QUESTIONS_FAILED = "questions_failed", _("Security question answered wrongly")
    FROZEN = "frozen", _("Account frozen")
    UNFROZEN = "unfrozen", _("Account unfrozen")
    CLOSED = "closed", _("Account closed")
    PROFILE_CHANGED = "profile_changed", _("Profile changed")


class CodePurpose(TextChoices):
    """What an e-mailed code is good for; a code for one is worthless for the other."""

    VERIFY_EMAIL = "verify_email", _("Confirm an e-mail address")
    STEP_UP = "step_up", _("Confirm that it is you")
    RESET = "reset", _("Set a new password")


class CredentialKind(TextChoices):
    """What was changed when a person is warned at the old address."""

    PASSWORD = "password", _("password")
    EMAIL = "email", _("e-mail address")
    FACTOR = "factor", _("second factor")
    PROVIDER = "provider", _("log-in provider")


class SecurityQuestion(TextChoices):
    """The fixed list (C-02). Facts that stay the same and seldom stand in social networks; keys are stored, words may improve."""

    FIRST_EMPLOYER_STREET = "first_employer_street", _("In which street was your first workplace?")
    CHILDHOOD_NEIGHBOUR = "childhood_neighbour", _("What was the family name of a neighbour in your childhood?")
    FIRST_CONCERT = "first_concert", _("What was the first concert or play you went to?")
    TEACHER = "teacher", _("What was the family name of your favourite teacher?")
    FIRST_JOURNEY = "first_journey", _("Where did you go on your first journey without your family?")
    UNUSED_JOB = "unused_job", _("Which job did you want as a child and never took up?")
    FIRST_MACHINE = "first_machine", _("What make was the first bicycle, car or computer of your own?")
    GRANDPARENT_HOME = "grandparent_home", _("In which village or district did your oldest grandparent live?")
