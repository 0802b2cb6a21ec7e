"""Topics: what staff change about what people can subscribe to."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.enums import Channel
from privacycenter.preferences.models import AddressList, Campaign, ConsentEvent, LinkToken, PendingSubscription, Suppression, Topic
from privacycenter.subjects.errors import StaffOnly


@transaction.atomic
def save_topic(topic: Topic, *, changed: Iterable[str] = (), actor: Actor) -> Topic:
    """Save a topic. Its key never changes, its purpose not once somebody chose. Raises StaffOnly and ValidationError."""
    if not actor.is_staff:
        raise StaffOnly
    topic.full_clean()
    if not topic.purpose.is_direct_marketing:
        raise ValidationError({"purpose": _("A topic is for a purpose of direct marketing. What people must know is no topic.")})
    if not topic.channels or not set(topic.channels) <= set(Channel.values):
        raise ValidationError({"channels": _("Choose at least one way to reach people.")})
    if topic.pk:
        before = Topic.objects.select_for_update().get(pk=topic.pk)
        if before.key != topic.key:
            raise ValidationError({"key": _("The key stands in what people chose, and can't be changed.")})
        if before.purpose_id != topic.purpose_id and is_in_use(before):
            raise ValidationError({"purpose": _("People have chosen for this purpose already. Make another topic.")})
    topic.save()
    record("preferences.topic_saved", actor=actor, fields=tuple(changed), key=topic.key)
    return topic


@transaction.atomic
def delete_topic(topic: Topic, *, actor: Actor) -> None:
    """Delete a topic that nobody ever chose. Raises StaffOnly and ValidationError."""
    if not actor.is_staff:
        raise StaffOnly
    if is_in_use(topic):
        raise ValidationError(_("People have chosen about this topic. You can stop offering it."))
    record("preferences.topic_deleted", actor=actor, key=topic.key)
    topic.delete()


def is_in_use(topic: Topic) -> bool:
    """Whether anything that is kept names this topic."""
    named = (ConsentEvent, Suppression, LinkToken)
    # Files of a list lie in the storage: its row must stay as long as they do.
    if AddressList.objects.filter(topic=topic).exists():
        return True
    if Campaign.objects.filter(topic=topic).exists() or any(model._default_manager.filter(topic=topic.key).exists() for model in named):
        return True
    # A list in JSON, which SQLite can't look into; these rows live for a week.
    return any(topic.key in topics for topics in PendingSubscription.objects.values_list("topics", flat=True).iterator())
