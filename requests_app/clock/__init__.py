"""The legal clock: by when a request must be answered, and why. Pure arithmetic over rules; which rules there are, the database says.

`arithmetic` counts days, `due` applies the rules of several regimes to one request, `words` says it in sentences, `defaults` holds the
rules that a new installation starts with.
"""

from __future__ import annotations

from requests_app.clock.arithmetic import Period, Unit, add_months, end_of_day, end_of_period, next_working_day
from requests_app.clock.due import FALLBACK, FROM_RECEIPT, REOPENED, DueDate, Rule, RuleSet, Term, acknowledge_by, due_date, extend, rest

__all__ = [
    "FALLBACK",
    "FROM_RECEIPT",
    "REOPENED",
    "DueDate",
    "Period",
    "Rule",
    "RuleSet",
    "Term",
    "Unit",
    "acknowledge_by",
    "add_months",
    "due_date",
    "end_of_day",
    "end_of_period",
    "extend",
    "next_working_day",
    "rest",
]
