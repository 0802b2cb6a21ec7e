"""When one person becomes two: nobody keeps a request or a bundle that was made from both."""

from __future__ import annotations

from django.utils.translation import gettext as _

from privacycenter.kernel.actor import Actor
from privacycenter.subjects.errors import CannotSplit
from privacycenter.subjects.models import Subject
from requests_app.enums import Behalf
from requests_app.models import Annotation, Bundle, Request


def see_to_requests(subject: Subject, new: Subject, moved: list[tuple[str, str]], actor: Actor) -> None:
    """Refuse while a request is under way or a bundle can be fetched; move finished requests that came from a moved address.

    A plan holds the identifiers of both people, and so does a bundle. Staff close them first, which tells the person.
    """
    requests = Request.objects.filter(subject=subject)
    if requests.open().exists() or Bundle.objects.filter(request__in=requests, shredded_at=None).exists():
        raise CannotSplit(_("This person has a request under way or a bundle to fetch. Close it first; it was made from both people."))
    values = {value for _kind, value in moved}
    for request in Request.objects.filter(filed_by=subject).exclude(behalf=Behalf.SELF).only("pk", "contact"):
        if request.contact in values:  # of a request for somebody else, the contact tells who asks, not whose data it is
            Request.objects.filter(pk=request.pk).update(filed_by=new)
    for request in requests.filter(behalf=Behalf.SELF).only("pk", "contact"):
        if request.contact in values:
            Request.objects.filter(pk=request.pk).update(subject=new)
            Annotation.objects.filter(request=request).update(subject=new)  # their words go with their request
