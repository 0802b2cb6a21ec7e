"""What limits on the use of data hold about people."""

from __future__ import annotations

from privacycenter.kernel.attachments import stays
from privacycenter.kernel.classification import classify
from privacycenter.kernel.sources import Sensitivity

classify(
    "requests_app.Lift",
    because="the timeline of the request, which the person has in their copy, says the same; this row only times the end of a limit",
    fields={
        "subject": Sensitivity.ORDINARY,
        "request": None,
        "limit": Sensitivity.ORDINARY,
        "purpose": Sensitivity.ORDINARY,
        "sources": None,
        "reason": Sensitivity.ORDINARY,
        "ordered_at": Sensitivity.ORDINARY,
        "ordered_by": None,
        "message": None,
        "told_at": Sensitivity.ORDINARY,
        "ends_at": None,
        "ended_at": Sensitivity.ORDINARY,
    },
)
classify(
    "requests_app.ChildReport",
    because="what somebody else told us, to protect a child; it would tell who reported, and goes when the report is closed",
    fields={
        "received_at": Sensitivity.ORDINARY,
        "account": Sensitivity.CONTACT,
        "words": Sensitivity.ORDINARY,
        "contact": Sensitivity.CONTACT,
        "language": None,
        "state": None,
        "request": None,
        "closed_at": None,
    },
)
stays(
    "requests_app.Lift.subject",
    because="when the end of a limit was told, as proof with its request; the person's row names nobody then",
)
