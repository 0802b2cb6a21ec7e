"""What somebody can do about a refusal by each law that a new installation knows, beside what every letter says.

Facts as the laws and the authorities publish them, restated; the desk adds a version of a law where one is different by now.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

REMEDIES: dict[str, str] = {
    "uk-gdpr": gettext_noop(
        "You can complain to the Information Commissioner (Data Protection Act 2018, section 165), and ask a court for an order "
        "(section 167)."
    ),
    "ccpa": gettext_noop(
        "If you live in California: the California Privacy Protection Agency (cppa.ca.gov) and the Attorney General of "
        "California (oag.ca.gov) take complaints."
    ),
    "lgpd": gettext_noop(
        "You can petition the ANPD (www.gov.br/anpd) and the bodies of consumer protection against us (LGPD Article 18, "
        "paragraphs 1 and 8), and go to court (Article 22)."
    ),
    "swiss-fadp": gettext_noop(
        "You can report this to the Federal Data Protection and Information Commissioner (FADP Article 49), and bring an action "
        "before a civil court (Article 32)."
    ),
    "malaysia-pdpa": gettext_noop("You can complain in writing to the Personal Data Protection Commissioner (PDPA section 104)."),
    "korea-pipa": gettext_noop(
        "You can object to this refusal with us: a review is that objection (PIPA Article 38). You can also report it to the "
        "Personal Information Protection Commission (Article 62), or ask for mediation (Article 43)."
    ),
    "singapore-pdpa": gettext_noop(
        "You can ask the Personal Data Protection Commission to review this refusal (PDPA section 48H), and bring an action in "
        "a civil court (section 48O)."
    ),
    "australia-privacy": gettext_noop(
        "You can complain to the Office of the Australian Information Commissioner (Privacy Act 1988, section 36) once you have "
        "complained to us and 30 days have passed."
    ),
    "quebec-law-25": gettext_noop(
        "If you live in Quebec: within 30 days of this refusal you can ask the Commission d'accès à l'information to examine "
        "the disagreement."
    ),
    "pipeda": gettext_noop(
        "You can complain to the Privacy Commissioner of Canada (PIPEDA section 11); about a refused access within six months "
        "of the refusal."
    ),
    "virginia-cdpa": gettext_noop(
        "If you live in Virginia: a review is the appeal that this law gives you. We answer it within 60 days. If it is denied, "
        "you can complain to the Attorney General (www.oag.state.va.us)."
    ),
    "colorado-privacy": gettext_noop(
        "If you live in Colorado: a review is the appeal that this law gives you. We answer it within 45 days. If it is denied, "
        "you can complain to the Attorney General (coag.gov)."
    ),
    "connecticut-dpa": gettext_noop(
        "If you live in Connecticut: a review is the appeal that this law gives you. We answer it within 60 days. If it is "
        "denied, you can complain to the Attorney General (portal.ct.gov/ag)."
    ),
    "texas-dpsa": gettext_noop(
        "If you live in Texas: a review is the appeal that this law gives you. We answer it within 60 days. If it is denied, "
        "you can complain to the Attorney General (www.texasattorneygeneral.gov)."
    ),
}
