"""The laws with a clock that a new installation knows. Made where they are missing, never changed afterwards: what staff wrote stays."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.utils.translation import gettext_noop

from privacycenter.kernel import clock
from requests_app.clock.arithmetic import Unit
from requests_app.clock.remedies import REMEDIES

CHECKED = date(2026, 11, 28)
CONFIRM = "Confirm before use."
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_MANY = gettext_noop("the request is complex, or there are many of them")
_NEEDED = gettext_noop("it is reasonably needed")
_REMEDIES = "the reasons, complaint to an authority, and court"
_APPEAL = "the reasons, and how to appeal"


def _rule(amount: int, unit: str = Unit.DAYS, **values: Any) -> dict[str, Any]:
    return {"kind": "", "amount": amount, "unit": unit, **values}


# Each: the law, then its rules.
REGIMES: tuple[tuple[dict[str, Any], tuple[dict[str, Any], ...]], ...] = (
    (
        {
            "key": "gdpr",
            "name": "GDPR",
            "countries": _EEA,
            "source": "GDPR Art. 12(3); Regulation (EEC, Euratom) 1182/71 Art. 3",
            "valid_from": date(2018, 5, 25),
            "rolls_over": True,
            "remark": "The Berlin authority accepts that the month rests during a justified question about identity.",
        },
        (_rule(1, Unit.MONTHS, extension=2, extension_for=_MANY, rests_for_identity=True, refusal_names=_REMEDIES),),
    ),
    (
        {
            "key": "uk-gdpr",
            "name": "UK GDPR",
            "countries": "GB",
            "source": "UK GDPR Art. 12(3), as the ICO counts it",
            "valid_from": date(2019, 8, 1),
            "counts_first_day": True,
            "rolls_over": True,
            "remark": "Acknowledging complaints: Data (Use and Access) Act 2025. Confirm its dates before use.",
        },
        (
            _rule(
                1,
                Unit.MONTHS,
                extension=2,
                extension_for=_MANY,
                rests_for_identity=True,
                rests_for_clarification=True,
                refusal_names=_REMEDIES,
            ),
            _rule(
                1,
                Unit.MONTHS,
                kind="complaint",
                extension=2,
                extension_for=_MANY,
                acknowledgement=30,
                acknowledgement_unit=Unit.DAYS,
                rests_for_identity=True,
                rests_for_clarification=True,
                refusal_names=_REMEDIES,
            ),
        ),
    ),
    (
        {
            "key": "ccpa",
            "name": "CCPA",
            "countries": "US",
            "source": "California, CCPA regulations § 7021 and § 7026",
            "valid_from": date(2020, 8, 14),
            "remark": "45 days from receipt, whatever time the proof takes. Somebody who opted out is not asked to opt in for 12 months.",
        },
        (
            _rule(45, extension=45, extension_for=_NEEDED, acknowledgement=10, refusal_names="the reasons"),
            _rule(15, Unit.BUSINESS_DAYS, kind="objection", refusal_names="the reasons"),
            _rule(15, Unit.BUSINESS_DAYS, kind="withdrawal", refusal_names="the reasons"),
        ),
    ),
    (
        {
            "key": "lgpd",
            "name": "LGPD",
            "countries": "BR",
            "source": "Brazil, LGPD Art. 19",
            "valid_from": date(2020, 9, 18),
            "remark": "A simplified answer at once, the full statement within 15 days.",
        },
        (_rule(15, refusal_names="the reasons"),),
    ),
    (
        {
            "key": "swiss-fadp",
            "name": "Swiss FADP",
            "countries": "CH",
            "source": "Switzerland, FADP Art. 25(7)",
            "valid_from": date(2023, 9, 1),
            "remark": f"The ordinance allows longer with notice; left out here. {CONFIRM}",
        },
        (_rule(30, refusal_names="the reasons"),),
    ),
    (
        {
            "key": "malaysia-pdpa",
            "name": "Malaysia PDPA",
            "countries": "MY",
            "source": "Malaysia, PDPA 2010 s. 31 and s. 35",
            "valid_from": date(2013, 11, 15),
            "remark": "The extension is told in writing before the 21 days are over, with as much of the answer as is possible by then.",
        },
        (_rule(21, extension=14, extension_for=gettext_noop("the answer can't be given in time"), refusal_names="the reasons (s. 37)"),),
    ),
    (
        {
            "key": "korea-pipa",
            "name": "Korea PIPA",
            "countries": "KR",
            "source": "Republic of Korea, PIPA",
            "valid_from": date(2011, 9, 30),
            "remark": CONFIRM,
        },
        (_rule(10),),
    ),
    (
        {
            "key": "singapore-pdpa",
            "name": "Singapore PDPA",
            "countries": "SG",
            "source": "Singapore, PDPA",
            "valid_from": date(2014, 7, 2),
        },
        (_rule(30),),
    ),
    (
        {
            "key": "australia-privacy",
            "name": "Australia Privacy Act",
            "countries": "AU",
            "source": "Australia, practice under the Privacy Act",
            "valid_from": date(2014, 3, 12),
        },
        (_rule(30),),
    ),
    (
        {
            "key": "quebec-law-25",
            "name": "Quebec private sector act",
            "countries": "CA",
            "source": "Quebec, act on personal information in the private sector",
            "valid_from": date(2023, 9, 22),
            "remark": "Applies to all of Canada here: the form asks for a country only.",
        },
        (_rule(30),),
    ),
    (
        {
            "key": "pipeda",
            "name": "PIPEDA",
            "countries": "CA",
            "source": "Canada, PIPEDA",
            "valid_from": date(2004, 1, 1),
        },
        (_rule(30, extension=30, extension_for=gettext_noop("the law names the case")),),
    ),
    *(
        (
            {"key": key, "name": name, "countries": "US", "source": f"{state}, {name}", "valid_from": since},
            (_rule(45, extension=45, extension_for=_NEEDED, refusal_names=_APPEAL), *appeal),
        )
        for key, name, state, since, appeal in (
            ("virginia-cdpa", "Virginia CDPA", "Virginia", date(2023, 1, 1), (_rule(60, kind="review", refusal_names="the reasons"),)),
            ("colorado-privacy", "Colorado Privacy Act", "Colorado", date(2023, 7, 1), ()),
            ("connecticut-dpa", "Connecticut DPA", "Connecticut", date(2023, 7, 1), ()),
            ("texas-dpsa", "Texas DPSA", "Texas", date(2024, 7, 1), ()),
        )
    ),
)


def make_regimes(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Handler of `post_migrate`: add what is missing, change nothing that is there. Safe to run again.

    What can be done about a refusal is a column that came later: our own first versions, which nobody can edit, get it here.
    """
    from requests_app.models import Regime, RegimeRule  # app ready

    if any(is_backwards for _migration, is_backwards in kwargs.get("plan", ())):
        return  # taken back to tables that today's models don't fit
    known = set(Regime._base_manager.using(using).values_list("key", flat=True))
    now = clock.now()
    for law, rules in REGIMES:
        remedies = REMEDIES.get(law["key"], "")
        if law["key"] in known:
            Regime._base_manager.using(using).filter(key=law["key"], version=1, made_by=None, remedies="").update(remedies=remedies)
            continue
        values = {"remedies": remedies, "countries": law["countries"].split(), "checked_on": CHECKED, "made_at": now}
        with transaction.atomic(using=using):
            # Two processes may migrate at once: whoever comes second finds the row there.
            regime, is_new = Regime._base_manager.using(using).get_or_create(key=law["key"], version=1, defaults={**law, **values})
            if is_new:
                RegimeRule._base_manager.using(using).bulk_create(RegimeRule(regime=regime, **rule) for rule in rules)
