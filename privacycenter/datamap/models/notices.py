"""What a person is told where data is collected (GDPR Art. 13): the words of each form, and every version of the whole notice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.models.card_free import CardFree
from privacycenter.datamap.models.versions import Version


class CollectionNotice(CardFree):
    """The words of one form's notice. All else it says comes from the data map, by what the form declares in code."""

    key = models.CharField(_("form"), max_length=80, unique=True)
    words = models.TextField(
        _("words"), help_text=_("What the person reads beside the form: one or two sentences on what the answers are used for.")
    )
    is_edited = models.BooleanField(_("written by staff"), default=False, editable=False)  # else the words in code count

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key"]
        verbose_name = _("notice at collection")
        verbose_name_plural = _("notices at collection")
        constraints = [models.CheckConstraint(name="notice_has_words", condition=~models.Q(words=""), violation_error_code="wordless")]

    def __str__(self) -> str:
        return self.key


class NoticeVersion(Version):
    """A whole notice as it was shown from `at` on. `facts` is read through privacycenter.datamap.notices only."""

    words = models.TextField(_("words"))
    facts = models.JSONField(_("facts"), default=dict)

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = _("version of a notice")
        verbose_name_plural = _("versions of notices")
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="notice_version_once")]
