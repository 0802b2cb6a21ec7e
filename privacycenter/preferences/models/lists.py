"""Lists of addresses that staff have checked against the gate. Sealed while they are here, shredded after a day."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.preferences.enums import Channel, ListState, ListTask
from privacycenter.preferences.models.campaigns import no_counts
from privacycenter.preferences.models.topics import Topic


def no_remarks() -> list[Any]:
    """Default of `AddressList.remarks`."""
    return []


class AddressList(models.Model):
    """One uploaded list and its answer. The row holds numbers only; the files lie sealed in the storage under a key of their own."""

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    task = models.CharField(_("task"), max_length=8, choices=ListTask.choices)
    topic = models.ForeignKey(Topic, models.PROTECT, to_field="key", related_name="+", verbose_name=_("topic"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    campaign = models.CharField(_("campaign"), max_length=60, blank=True)
    column = models.CharField(_("column"), max_length=100, blank=True)  # as staff named it; empty: found by its name

    state = models.CharField(_("state"), max_length=8, choices=ListState.choices, default=ListState.WAITING)
    problem = models.CharField(_("problem"), max_length=40, blank=True)  # a code
    uploaded_by = models.CharField(max_length=64)  # Actor.ref
    uploaded_at = models.DateTimeField(_("uploaded"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    key = EncryptedTextField(blank=True)  # hex; blanked when the files are shredded
    size = models.BigIntegerField(default=0)  # bytes of the upload
    sealed_size = models.BigIntegerField(default=0)
    result_name = models.CharField(max_length=120, blank=True)
    result_sealed_size = models.BigIntegerField(default=0)

    bytes_done = models.BigIntegerField(default=0)
    rows = models.PositiveIntegerField(_("lines"), default=0)
    allowed = models.PositiveIntegerField(_("allowed"), default=0)
    counts = models.JSONField(default=no_counts)  # rule of the gate -> lines
    remarks = models.JSONField(default=no_remarks)  # [line number, code]; the first hundred
    remarks_total = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("recipient list")
        verbose_name_plural = _("recipient lists")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(state__in=ListState.values), name="preferences_list_state_is_legal")]
        indexes = [
            # what is to be shredded
            models.Index(fields=["uploaded_at"], condition=~Q(state=ListState.SHREDDED), name="preferences_list_to_shred"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def input_name(self) -> str:
        """Name of the uploaded file in the storage."""
        return f"lists/{self.reference}/input"
