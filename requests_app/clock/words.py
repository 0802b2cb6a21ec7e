"""Why a due date is what it is, in sentences."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_countries import countries

from requests_app.clock.arithmetic import Unit, local_day
from requests_app.clock.due import REOPENED, DueDate, Rule, Term


def explain(
    due: DueDate, *, reason: str = "", extended_at: datetime | None = None, rests_since: datetime | None = None, is_late: bool = False
) -> list[str]:
    """Sentence by sentence: where counting began, which laws apply, where each ends, which one decides, and what moved it since."""
    sentences = [_start(due), *_which(due)]
    for term in due.terms:
        sentences += _term(due, term)
    if len(due.terms) > 1:
        decides = due.decides.rule.name
        sentences.append(_("The earliest of these days counts. It comes from this law: %(law)s.") % {"law": decides})
    sentences += _extension(due, reason, extended_at)
    sentences += _rest(due, rests_since)
    if any(term.skipped for term in due.terms) and due.calendar_version:
        sentences.append(_("Public holidays are those of %(country)s.") % {"country": countries.name(due.country)})
    end = {"due": day_words(due.due_on), "zone": due.time_zone}
    if is_late:
        sentences.append(_("Our answer was due by the end of %(due)s (%(zone)s time).") % end)
    else:
        sentences.append(_("You have our answer by the end of %(due)s (%(zone)s time) at the latest.") % end)
    return sentences


def _start(due: DueDate) -> str:
    values = {"day": day_words(due.received_on), "zone": due.time_zone}
    if due.cause == REOPENED:
        return _("You told us on %(day)s (%(zone)s time) that something is missing; the time counts anew from then.") % values
    return _("Your request came in on %(day)s (%(zone)s time).") % values


def _which(due: DueDate) -> list[str]:
    """Which laws apply, and why: ours for everybody, and those of the country that was named."""
    ours = ", ".join(term.rule.name for term in due.terms if term.rule.is_ours)
    theirs = ", ".join(term.rule.name for term in due.terms if not term.rule.is_ours)
    found = []
    if ours:
        found.append(_("For everybody we keep to: %(laws)s.") % {"laws": ours})
    if theirs:
        country = countries.name(due.stated_country) or due.stated_country
        found.append(
            _("Because you named %(country)s as your country, we keep to this as well: %(laws)s.") % {"country": country, "laws": theirs}
        )
    return found


def _term(due: DueDate, term: Term) -> list[str]:
    rule = term.rule
    period = (rule.extended_period or rule.period) if due.is_extended else rule.period
    values = {"law": rule.name, "source": rule.source, "time": _time(period.amount, period.unit), "end": day_words(term.counted_on)}
    if rule.counts_first_day:
        words = _("%(law)s (%(source)s) gives us %(time)s, counted from the day of receipt. That ends on %(end)s.")
    else:
        words = _("%(law)s (%(source)s) gives us %(time)s; the day of receipt is not counted. That ends on %(end)s.")
    found = [words % values]
    for day, name in term.skipped:
        reason = name or _("a Saturday or Sunday")
        found.append(_("%(day)s is no working day (%(reason)s), so the next one counts.") % {"day": day_words(day), "reason": reason})
    return found


def _extension(due: DueDate, reason: str, extended_at: datetime | None) -> list[str]:
    if due.first_due_on is None:
        return []
    told = day_words(local_day(extended_at, due.time_zone)) if extended_at else ""
    first = {"first": day_words(due.first_due_on), "told": told}
    found = [
        _("Before, the date was %(first)s. On %(told)s we told you that we need more time; each of these laws allows that once.") % first
        if told
        else _("Before, the date was %(first)s. It was extended; each of these laws allows that once.") % first
    ]
    if reason:
        found.append(_("Our reason: %(reason)s") % {"reason": reason})
    return found


def _rest(due: DueDate, rests_since: datetime | None) -> list[str]:
    found = []
    if due.rested_days:
        words = ngettext(
            "The time rested for %(days)d day while we waited for your answer, so the date moved by as much.",
            "The time rested for %(days)d days while we waited for your answer, so the date moved by as much.",
            due.rested_days,
        )
        found.append(words % {"days": due.rested_days})
    if rests_since is not None:
        day = day_words(local_day(rests_since, due.time_zone))
        found.append(_("The time rests since %(day)s, until you answer our question. The date then moves by as many days.") % {"day": day})
    return found


def extension_words(rule: Rule) -> str:
    """For what a law allows an extension, and how much, for the desk."""
    if rule.extension is None:
        return _("%(law)s allows none.") % {"law": rule.name}
    values = {"law": rule.name, "time": _time(rule.extension.amount, rule.extension.unit), "why": _(rule.extension_for)}
    return (_("%(law)s: %(time)s more, if %(why)s.") if rule.extension_for else _("%(law)s: %(time)s more.")) % values


def _time(amount: int, unit: str) -> str:
    words = {
        Unit.MONTHS: ngettext("%(number)d month", "%(number)d months", amount),
        Unit.DAYS: ngettext("%(number)d day", "%(number)d days", amount),
        Unit.BUSINESS_DAYS: ngettext("%(number)d business day", "%(number)d business days", amount),
    }
    return words[Unit(unit)] % {"number": amount}


def day_words(day: date) -> str:
    """A day with its weekday."""
    return formats.date_format(day, "l, j F Y")
