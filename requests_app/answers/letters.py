"""The letter of a decision: composed in the person's language, kept as text with headings, read by the page and the PDF alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import override

from requests_app.answers.grounds import GROUNDS, Ground
from requests_app.clock import Period, add_months, end_of_period
from requests_app.enums import Kind
from requests_app.models import Authority, Regime, Request
from requests_app.regimes import laws_of

_HEADING = "## "
_GDPR = frozenset({"gdpr", "uk-gdpr"})


@dataclass
class Section:
    """A heading and what stands below it."""

    heading: str
    paragraphs: list[str] = field(default_factory=list)


def sections_of(letter: str) -> list[Section]:
    """A stored letter, taken apart for showing. Text before the first heading gets a section without one."""
    sections: list[Section] = []
    for block in (part.strip() for part in letter.split("\n\n")):
        if block.startswith(_HEADING):
            sections.append(Section(block.removeprefix(_HEADING)))
        elif block:
            if not sections:
                sections.append(Section(""))
            sections[-1].paragraphs.append(block)
    return sections


def refusal_letter(request: Request, *, ground: Ground, reasoning: str, authorities: Sequence[Authority], at: datetime) -> str:
    """Why the request is refused, and what the person can do: a review, a complaint to the authority, a court."""
    with override(request.language):
        why = Section(_("Why"), [str(GROUNDS[ground].words), *_paragraphs(reasoning)])
        sections = [Section(_("Our decision"), [_asked(request, at), _("We refuse this request.")]), why]
        if request.kind != Kind.REVIEW:
            sections.append(Section(_("You can have this looked at again"), [_review(request, at)]))
        laws = laws_of(request, on=_local(at))
        return _text([*sections, *_by_law(laws), *_remedies(request, authorities, laws)])


def answer_letter(request: Request, *, answer: str, authorities: Sequence[Authority], at: datetime) -> str:
    """The answer to a question, a complaint or a review, and where to turn for somebody who does not agree."""
    with override(request.language):
        laws = laws_of(request, on=_local(at))
        return _text([Section(_("Our answer"), [_asked(request, at), *_paragraphs(answer)]), *_remedies(request, authorities, laws)])


def review_until(request: Request, at: datetime) -> date:
    """The last day on which a review of a decision of that moment can be asked for: by our rule, or later where a law gives longer."""
    decided_on = _local(at)
    days = [add_months(decided_on, settings.REVIEW_MONTHS)]
    for law in laws_of(request, on=decided_on):
        if law.appeal:
            period = Period(law.appeal, law.appeal_unit)
            days.append(
                end_of_period(
                    decided_on,
                    period,
                    country=settings.OPERATOR_COUNTRY,
                    counts_first_day=law.counts_first_day,
                    rolls_over=law.rolls_over,
                )[1]
            )
    return max(days)


def _asked(request: Request, at: datetime) -> str:
    words = _(
        "On %(received)s you wrote to us. Your request has the reference %(ref)s and is about this: %(kind)s. We decided on %(decided)s."
    )
    if request.kind == Kind.CHILD:  # its person did not write
        words = _("On %(received)s we were told that your account may be a child's. The reference is %(ref)s. We decided on %(decided)s.")
    values = {"ref": request.ref, "kind": request.get_kind_display(), "received": _day(request.received_at), "decided": _day(at)}
    return words % values


def _review(request: Request, at: datetime) -> str:
    words = _(
        "Ask for a review until %(until)s, on the page of your request: %(url)s. Somebody who had no part in this decision then looks at "
        "everything again. It costs nothing, and you may say in your own words what we got wrong."
    )
    return words % {"until": formats.date_format(review_until(request, at), "j F Y"), "url": _url("requests:detail", request.ref)}


def _by_law(laws: Sequence[Regime]) -> list[Section]:
    """What each law says of its own about a refusal."""
    said = [f"{law.name} ({law.source}): {_(law.remedies)}" for law in laws if law.remedies]
    return [Section(_("What the laws that apply to you add"), said)] if said else []


def _remedies(request: Request, authorities: Sequence[Authority], laws: Sequence[Regime]) -> list[Section]:
    # Where no law at all is known, the date was that of the GDPR, and so is this.
    is_gdpr = not laws or any(law.key in _GDPR for law in laws)
    where = Section(
        _("You can complain to an authority"),
        [
            _(
                "You have the right to complain to a supervisory authority: where you live, where you work, or where you think the law was "
                "broken (GDPR Article 77). It costs nothing, and you need not ask us first."
            )
            if is_gdpr
            else _("You have the right to complain to the authority that watches over this law. You need not ask us first."),
            *(_named(authority) for authority in authorities),
            _("All authorities by country, and how to write to them: %(url)s") % {"url": _url("complain")},
        ],
    )
    if not authorities:
        where.paragraphs.insert(
            1, _("We know of no such authority in your country. You can turn to one of another country, or to a court.")
        )
    court = Section(
        _("You can go to court"),
        [
            _(
                "Whether or not you complain, you can go to court (GDPR Article 79): where we are established, or where you live. "
                "A lawyer or an advice centre can tell you which court that is and what it costs."
            )
            if is_gdpr
            else _(
                "Whether or not you complain, you can go to court. A lawyer or an advice centre can tell you which one and what it costs."
            )
        ],
    )
    contact = Section(
        _("Questions"),
        [
            _("Write to us: %(contact)s. Name the reference %(ref)s.") % {"contact": settings.OPERATOR_CONTACT, "ref": request.ref},
            settings.OPERATOR_NAME,
        ],
    )
    return [where, court, contact]


def _named(authority: Authority) -> str:
    name = f"{authority.name} ({authority.region})" if authority.region else authority.name
    return f"{name}\n{authority.web_address}\n{authority.how_to_file}"


def _paragraphs(words: str) -> list[str]:
    """What staff typed, paragraph by paragraph; a sign that would make a heading of it is taken away."""
    parts = words.replace("\r\n", "\n").split("\n\n")
    return [stripped for part in parts if (stripped := part.strip().removeprefix(_HEADING).strip())]


def _text(sections: Sequence[Section]) -> str:
    return "\n\n".join("\n\n".join([f"{_HEADING}{section.heading}", *section.paragraphs]) for section in sections)


def _day(moment: datetime) -> str:
    return formats.date_format(moment.astimezone(ZoneInfo(settings.TIME_ZONE)), "j F Y")


def _local(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _url(name: str, *args: str) -> str:
    return settings.SITE_URL + reverse(name, args=args)
