"""Withdrawal of consent (GDPR Art. 7(3)): at once, without staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from requests_app.enums import Kind
from requests_app.limits.asking import withdrawal_choices
from requests_app.limits.forms import EnteredWithdrawalForm, WithdrawalForm
from requests_app.limits.queries import withdrawal_in_words
from requests_app.limits.withdrawing import withdraw_on_proof
from requests_app.rights.registry import Right, register

register(
    Right(
        kind=Kind.WITHDRAWAL,
        order=70,
        title=_("Take back your consent"),
        question=_("I agreed to something and do not want it any more"),
        explanation=_(
            "You can take back a consent at any time. It counts from that moment on; what we did before, while you agreed, stays lawful."
        ),
        example=_("For example: “I once agreed to get your news. Stop it.”"),
        gets=(
            _("Your consent ends at once; nobody has to decide anything"),
            _("A receipt for each, which proves what you took back and when"),
        ),
        on_proven=withdraw_on_proof,
        form=WithdrawalForm,
        choices=withdrawal_choices,
        in_words=withdrawal_in_words,
        desk_form=EnteredWithdrawalForm,
    )
)
