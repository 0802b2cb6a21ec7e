"""Links that lead to a new password. Asking does the same work for every address; a job finds out whose it is."""

from __future__ import annotations

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.domain.codes import issue_code
from accounts.enums import CodePurpose
from accounts.mail_kinds import RESET_PASSWORD
from accounts.models import ResetOrder, User
from accounts.queries import account_with_address
from accounts.reset_tokens import ResetTokenGenerator
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.tokens import new_token
from privacycenter.mail.domain import queue_message


def order_reset(address: str, *, client_address: str, language: str, actor: Actor) -> ResetOrder:
    """Note that somebody asked for a reset link. Counts like a code, whoever the address belongs to. Raises TooManyCodes.

    Neither the time this takes nor the limits tell whether the address has an account, so nobody is looked up here.
    """
    with transaction.atomic():
        issue_code(new_token(), purpose=CodePurpose.RESET, address=address, user=None, client_address=client_address, actor=actor)
        order = ResetOrder.objects.create(address=address.lower(), language=language, created_at=clock.now())
        enqueue("accounts.send_reset", key=str(order.pk), payload={"order": order.pk})
    return order


def answer_reset(order: ResetOrder, *, actor: Actor) -> None:
    """Mail the link where the address is a confirmed one of an open account, and nothing otherwise. The order goes."""
    with transaction.atomic():
        address, language = order.address, order.language
        order.delete()
        user = account_with_address(address)
        if user is not None:
            queue_message(
                RESET_PASSWORD,
                to=address,
                context={"name": user.get_short_name(), "link": _link(user), "minutes": settings.PASSWORD_RESET_TIMEOUT // 60},
                language=language or user.subject.language,
                subject_key=str(user.subject.public_id),
                actor=actor,
            )


def _link(user: User) -> str:
    parts = {"uidb36": user_pk_to_url_str(user), "key": ResetTokenGenerator().make_token(user)}
    return settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=parts)
