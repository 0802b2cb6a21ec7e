"""Who takes data over straight from here, and each transfer to them (GDPR Art. 20(2))."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.tokens import new_token
from requests_app.models.fulfilment import Bundle
from requests_app.models.request import Request
from requests_app.transfer.enums import ReceiverState, TransferState


def _new_id() -> str:
    return new_token()


class Receiver(models.Model):
    """Another controller and the address at which it takes uploads. Approved once, it may be chosen by everybody."""

    public_id = models.CharField(max_length=32, unique=True, default=_new_id)
    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(_("address"), max_length=300, unique=True, error_messages={"unique": _("This address is known already.")})
    state = models.CharField(_("state"), max_length=16, choices=ReceiverState, default=ReceiverState.PROPOSED)
    proposed_at = models.DateTimeField(_("named"))
    added_by = models.ForeignKey(  # staff who brought it in themselves; a person stands with their transfer
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("added by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    reason = EncryptedTextField(_("reason"), null=True, blank=True)  # for whoever named it: why not, or why no longer

    class Meta:
        verbose_name = _("receiver")
        verbose_name_plural = _("receivers")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReceiverState.values), name="receiver_state_known", violation_error_code="unknown_state"
            )
        ]

    def __str__(self) -> str:
        return f"receiver #{self.pk}"

    @property
    def host(self) -> str:
        """The host, with its port where that is an unusual one."""
        return urlsplit(self.url).netloc

    @property
    def shown_name(self) -> str:
        """The name once staff have seen it; until then it is what one person typed, and the others see the host."""
        return self.name if self.decided_at is not None else self.host


class Transfer(models.Model):
    """One bundle to one receiver: chosen, confirmed by the person, sent, and the proof of it."""

    public_id = models.CharField(max_length=32, unique=True, default=_new_id)
    request = models.ForeignKey(Request, models.CASCADE, related_name="transfers")
    receiver = models.ForeignKey(Receiver, models.PROTECT, related_name="transfers", verbose_name=_("receiver"))
    bundle = models.ForeignKey(Bundle, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=TransferState, default=TransferState.NAMED)

    named_at = models.DateTimeField(_("receiver chosen"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    begun_at = models.DateTimeField(_("first bytes left"), null=True, blank=True)  # from here on it is a disclosure
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    size = models.BigIntegerField(_("size"), default=0)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    sent = models.BigIntegerField(_("bytes the receiver has"), default=0)
    upload_url = EncryptedTextField(null=True, blank=True)  # where the receiver takes this upload; whoever knows it could add to it
    uploads = models.PositiveSmallIntegerField(default=0)  # how often an upload was opened: the receiver may lose one
    error_code = models.CharField(_("why it ended"), max_length=64, blank=True)
    receipt = EncryptedTextField(_("receipt of the receiver"), null=True, blank=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TransferState.values), name="transfer_state_known", violation_error_code="unknown_state"
            ),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=TransferState.LIVE),
                name="transfer_one_at_a_time",
                violation_error_code="second_transfer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TransferState.LIVE, ended_at__isnull=True)
                | Q(state__in=TransferState.ENDED, ended_at__isnull=False, upload_url__isnull=True)
                | Q(state__in=("cancelled", "stopped"), ended_at__isnull=False),  # what was begun there is still to be given up
                name="transfer_ended_with_its_state",
                violation_error_code="ended_out_of_step",
            ),
            # Nothing leaves that its person has not confirmed.
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="transfer_confirmed_before_it_began",
                violation_error_code="unconfirmed",
            ),
        ]
        indexes = [
            # who waits for a receiver, what is under way
            models.Index(fields=["receiver"], name="transfer_live", condition=Q(state__in=TransferState.LIVE)),
        ]

    def __str__(self) -> str:
        return f"transfer #{self.pk}"
