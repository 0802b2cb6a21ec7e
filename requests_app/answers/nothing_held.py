"""The answer to somebody about whom nothing is held: where we looked, and what is told of the request itself (GDPR Art. 15(1))."""

from __future__ import annotations

from datetime import datetime

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacycenter.datamap.models import Purpose, Recipient, RetentionRule
from privacycenter.kernel.sources import registry
from requests_app.answers.letters import answer_letter
from requests_app.models import Request
from requests_app.queries import authorities_for_person

_OWN = "requests.requests"


def nothing_held_letter(request: Request, *, at: datetime) -> str:
    """The letter, in the person's language."""
    with override(request.language):
        looked = _("We looked in all %(places)d places where we keep data of people. We hold nothing about you.")
        parts = [looked % {"places": len(registry.all())}, *_of_the_request()]
        return answer_letter(request, answer="\n\n".join(parts), authorities=authorities_for_person(request), at=at)


def _of_the_request() -> list[str]:
    """What for, who gets it and how long: of the only thing that is there now."""
    own = registry.get(_OWN).describe()
    purposes = list(Purpose.objects.filter(key__in=own.purposes).values_list("title", flat=True))
    recipients = list(Recipient.objects.filter(key__in=own.recipients).values_list("name", flat=True))
    rule = RetentionRule.objects.filter(key=own.retention).first()
    parts = [
        _("What is there now is this request itself: what you wrote, when, and the address to which we answer you. It came from you."),
        _("We use it for: %(purposes)s.") % {"purposes": get_text_list(purposes, _("and"))},
    ]
    if recipients:
        parts.append(_("Who gets it: %(recipients)s.") % {"recipients": get_text_list(recipients, _("and"))})
    if rule is not None:
        parts.append(_("How long we keep it: %(rule)s") % {"rule": rule.text})
    return [*parts, _("You can have it corrected, erased or restricted, and object to its use, on the page of your requests.")]
