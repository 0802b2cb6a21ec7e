"""How often at most: one wording wherever a limit is offered, confirmed or remembered."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

OFFERED = ((3, 7), (1, 7), (1, 14), (1, 30))  # messages, days


def limit_words(messages: int, days: int) -> str:
    """A limit, as in "1 message in 7 days"."""
    many = ngettext("%(messages)d message", "%(messages)d messages", messages) % {"messages": messages}
    period = ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    return _("%(messages)s in %(period)s") % {"messages": many, "period": period}


def offered(stored: tuple[int, int] | None) -> list[tuple[int, int]]:
    """The limits to choose from, the one that is stored among them, from the most messages a day to the fewest."""
    return sorted({*OFFERED, *([stored] if stored else [])}, key=lambda limit: (-limit[0] / limit[1], limit[1]))
