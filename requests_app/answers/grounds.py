"""Why a request may be refused: each ground with the rights that it fits, and the words in which the person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.enums import Kind


class Ground(models.TextChoices):
    """The ground of a refusal, as staff choose it. Kept with the request, in its timeline and in its export."""

    UNFOUNDED = "manifestly_unfounded", _("Manifestly unfounded (Art. 12(5))")
    EXCESSIVE = "manifestly_excessive", _("Manifestly excessive (Art. 12(5))")
    IDENTITY = "identity_not_proven", _("Identity not proven (Art. 12(2), 12(6))")
    NOT_OURS = "not_our_data", _("A customer of ours decides about this data")
    OTHERS = "rights_of_others", _("Rights of others (Art. 15(4), 20(4))")
    NOT_PORTABLE = "not_portable", _("No data under consent or contract (Art. 20(1))")
    ACCURATE = "accurate_as_it_is", _("Accurate as it is (Art. 16)")
    STILL_NEEDED = "still_needed", _("No reason to erase: still needed (Art. 17(1))")
    EXPRESSION = "freedom_of_expression", _("Freedom of expression and information (Art. 17(3)(a))")
    LEGAL_DUTY = "legal_duty", _("Legal duty to keep (Art. 17(3)(b))")
    PUBLIC_INTEREST = "public_interest", _("Public health, archiving, research (Art. 17(3)(c), (d))")
    CLAIMS = "legal_claims", _("Legal claims (Art. 17(3)(e), 21(1))")
    NO_RESTRICTION = "no_ground_for_restriction", _("No ground for restriction (Art. 18(1))")
    COMPELLING = "compelling_grounds", _("Compelling legitimate grounds (Art. 21(1))")
    NO_CONSENT = "no_consent", _("Not based on consent (Art. 7(3))")
    NO_CHILD = "no_child", _("Not the account of a child")
    UPHELD = "refusal_upheld", _("Looked at again: the refusal stays")


@dataclass(frozen=True)
class GroundFacts:
    """Which rights a ground fits, and what the letter says of it before the reasoning."""

    kinds: tuple[str, ...]
    words: Any


_RIGHTS = tuple(kind for kind in Kind.values if kind != Kind.REVIEW)
_DATA = tuple(kind for kind in _RIGHTS if kind != Kind.COMPLAINT)

GROUNDS: dict[Ground, GroundFacts] = {
    Ground.UNFOUNDED: GroundFacts(
        _RIGHTS, _("Your request is manifestly unfounded. The law lets us refuse such a request (GDPR Article 12(5)); we have to show why.")
    ),
    Ground.EXCESSIVE: GroundFacts(
        _RIGHTS,
        _(
            "Your request is manifestly excessive, for example because it repeats an earlier one. The law lets us refuse such a request "
            "(GDPR Article 12(5)); we have to show why."
        ),
    ),
    Ground.IDENTITY: GroundFacts(
        _DATA,
        _(
            "We could not make sure that it is you who asks. To protect your data we act only when we know that (GDPR Article 12(2) and "
            "12(6)). You can ask again at any time with other proof."
        ),
    ),
    Ground.NOT_OURS: GroundFacts(
        _DATA,
        _(
            "We keep this data for a customer of ours, who decides about it. Only that customer may answer you. Please turn to them; "
            "they are named below. We help them to answer you."
        ),
    ),
    Ground.OTHERS: GroundFacts(Kind.COPIES, _("To give you this would harm the rights of other people (GDPR Article 15(4) and 20(4)).")),
    Ground.NOT_PORTABLE: GroundFacts(
        (Kind.PORTABILITY,),
        _(
            "This right is for data that you gave us yourself and that we use under a contract with you or your consent (GDPR "
            "Article 20(1)). We hold no such data. You can ask for a copy of everything else with the right of access."
        ),
    ),
    Ground.ACCURATE: GroundFacts(
        (Kind.RECTIFICATION,),
        _(
            "We looked into it and found that the data is accurate and complete as it is (GDPR Article 16). You may add a statement of "
            "your own to it."
        ),
    ),
    Ground.STILL_NEEDED: GroundFacts(
        (Kind.ERASURE,), _("None of the reasons for which data must be erased applies (GDPR Article 17(1)): it is still needed.")
    ),
    Ground.EXPRESSION: GroundFacts(
        (Kind.ERASURE,), _("The data is needed for the freedom of expression and information (GDPR Article 17(3)(a)).")
    ),
    Ground.LEGAL_DUTY: GroundFacts(
        (Kind.ERASURE,), _("The law makes us keep this data (GDPR Article 17(3)(b)). We use it for nothing else.")
    ),
    Ground.PUBLIC_INTEREST: GroundFacts(
        (Kind.ERASURE,),
        _(
            "The data is needed for public health, or for archiving, research or statistics in the public interest (GDPR Article 17(3)(c) "
            "and (d))."
        ),
    ),
    Ground.CLAIMS: GroundFacts(
        (Kind.ERASURE, Kind.OBJECTION),
        _("The data is needed to make, pursue or defend a legal claim (GDPR Article 17(3)(e) and 21(1))."),
    ),
    Ground.NO_RESTRICTION: GroundFacts(
        (Kind.RESTRICTION,), _("None of the four cases in which you can stop the use of your data applies (GDPR Article 18(1)).")
    ),
    Ground.COMPELLING: GroundFacts(
        (Kind.OBJECTION,),
        _(
            "We weighed your reasons against ours. Here our reasons to use the data are compelling, and weigh more than your interests, "
            "rights and freedoms (GDPR Article 21(1))."
        ),
    ),
    Ground.NO_CONSENT: GroundFacts(
        (Kind.WITHDRAWAL,),
        _("This use of your data does not rest on your consent, so there is none to withdraw (GDPR Article 7(3)). You can object to it."),
    ),
    Ground.NO_CHILD: GroundFacts((Kind.CHILD,), _("We looked into it. The account does not belong to a child.")),
    Ground.UPHELD: GroundFacts((Kind.REVIEW,), _("We looked at everything again. What we decided stays, for this reason.")),
}


def grounds_for(kind: str) -> list[Ground]:
    """The grounds on which a request of this kind may be refused, in the order of the list."""
    return [ground for ground, facts in GROUNDS.items() if kind in facts.kinds]


def label_of(ground: str) -> str:
    """The ground in words, for the desk. Empty for none."""
    return str(Ground(ground).label) if ground in Ground.values else ""
