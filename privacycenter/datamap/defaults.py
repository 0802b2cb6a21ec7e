"""The data map a new installation starts with: purposes, recipients and retention rules of the policy.

They are made after each migration where they are missing, and never changed afterwards: what staff wrote stays. Their
keys are what sources name, so an entry in use can't be deleted.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from privacycenter.datamap.enums import LegalBasis
from privacycenter.kernel.actor import Actor

_CONTRACT, _CONSENT, _INTERESTS = LegalBasis.CONTRACT, LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTERESTS

PURPOSES: tuple[dict[str, Any], ...] = (
    {
        "key": "service_messages",
        "title": "Service messages",
        "description": "To tell you what you must know about what you use: confirmations, receipts, security alerts, changes of terms.",
        "legal_basis": _CONTRACT,
    },
    {
        "key": "news_and_offers",
        "title": "News and offers",
        "description": "To send you newsletters, news about products, and invitations to events that you asked for.",
        "legal_basis": _CONSENT,
        "is_direct_marketing": True,
    },
    {
        "key": "surveys_and_feedback",
        "title": "Surveys and feedback",
        "description": "To ask what you think and to learn from your answers. Taking part is always your choice.",
        "legal_basis": _CONSENT,
        "is_direct_marketing": True,
    },
    {
        "key": "account_and_service",
        "title": "Your account and the service",
        "description": "To set up and keep your account, to provide what you ordered, and to do what you ask us for.",
        "legal_basis": _CONTRACT,
    },
    {
        "key": "usage_and_problem_prevention",
        "title": "Understanding use and preventing problems",
        "description": "To see how our services are used, to find faults before they hurt, and to make the services better.",
        "legal_basis": _INTERESTS,
        "balancing_note": "We need to know whether our services work. We use as little as possible for it, mostly figures without names, "
        "draw no conclusions about single people, and you can object.",
    },
    {
        "key": "support",
        "title": "Support",
        "description": "To answer your questions, solve your problems, and know what was said before when you come back.",
        "legal_basis": _CONTRACT,
    },
    {
        "key": "fraud_prevention_and_rights",
        "title": "Preventing fraud and protecting rights",
        "description": "To notice and stop misuse of accounts and services, and to protect your rights, those of others, and ours.",
        "legal_basis": _INTERESTS,
        "balancing_note": "You and we share the interest that nobody misuses your account. What is kept for it is limited to security "
        "events, is looked at only when something happened, and is deleted after a fixed time.",
    },
    {
        "key": "records_and_new_customers",
        "title": "Our records and finding new customers",
        "description": "To keep our records of customers and contacts in order, and to find organisations that may need our services.",
        "legal_basis": _INTERESTS,
        "balancing_note": "A company must know with whom it deals. We keep business contact data only, tell you where we got it, and stop "
        "at once when you object.",
        "is_direct_marketing": True,
    },
    {
        "key": "trends_and_site_management",
        "title": "Trends and running our sites",
        "description": "To analyse trends, to run our websites, and to learn which pages help visitors.",
        "legal_basis": _INTERESTS,
        "balancing_note": "Sites must be run and kept useful. Addresses are shortened or removed early, nothing is followed across other "
        "sites, and no profile of you is made.",
    },
    {
        "key": "marketing_improvement",
        "title": "Improving marketing and recommendations",
        "description": "To see which of our marketing helps, and to suggest products and services that suit you.",
        "legal_basis": _INTERESTS,
        "balancing_note": "We may tell customers about what we offer. Opens and clicks of mails are not measured, nothing is sold, "
        "and an objection ends it at once without a decision.",
        "is_direct_marketing": True,
        "honours_gpc": True,
    },
)

RECIPIENTS: tuple[dict[str, Any], ...] = (
    {
        "key": "group_entities",
        "name": "Companies of our group",
        "receives": "What the task at hand needs.",
        "why": "The companies of the group provide the services together.",
        "safeguards": "An agreement within the group with the European Commission's standard contractual clauses; access by need only.",
    },
    {
        "key": "staff_and_contractors",
        "name": "Employees and contractors",
        "receives": "What their task needs, and no more.",
        "why": "To answer you, to provide the service, and to keep it secure.",
        "safeguards": "Bound to confidentiality and to this policy; every look at personal data is recorded with its reason.",
    },
    {
        "key": "service_providers",
        "name": "Service providers",
        "receives": "What the service they provide for us needs: addresses for sending mail, registrations for an event.",
        "why": "For marketing, event organisation, analysis and hosting on our instructions.",
        "safeguards": "A processing agreement (GDPR Art. 28), standard contractual clauses where data leaves its region, regular review.",
    },
    {
        "key": "payment_processors",
        "name": "Payment processors",
        "receives": "Your name, contact details and payment details when you pay.",
        "why": "To take your payment. The full card number goes to them only; we never hold it.",
        "safeguards": "Certified to PCI DSS; a processing agreement; encrypted transfer.",
    },
    {
        "key": "identity_providers",
        "name": "Providers you sign in with",
        "receives": "That you sign in here. You choose what they tell us about you.",
        "why": "You asked to sign in with your account there.",
        "safeguards": "OpenID Connect over TLS; we ask for name and e-mail address only and keep none of their tokens.",
    },
    {
        "key": "resale_partners",
        "name": "Resale partners",
        "receives": "Your contact details and what you ask about, when you deal with us through a partner.",
        "why": "So that a partner near you can serve you. You can choose not to deal with a partner.",
        "safeguards": "A contract that allows this use only; no data to a partner whom you declined.",
        "is_partner": True,
    },
)

RETENTION_RULES: tuple[dict[str, Any], ...] = (
    {
        "key": "account_life",
        "title": "As long as your account",
        "period_days": None,
        "text": "As long as you have an account, and after you close it until you ask us to erase it. Closing alone erases nothing.",
        "legal_ground": "Needed to perform the contract (GDPR Art. 6(1)(b)); storage limitation (GDPR Art. 5(1)(e)).",
    },
    {
        "key": "security_events",
        "title": "Security events",
        "period_days": 365,
        "text": "One year, counted from the event.",
        "legal_ground": "Security of processing (GDPR Art. 32) and the interest in preventing misuse (GDPR Art. 6(1)(f)).",
    },
    {
        "key": "sessions",
        "title": "Sessions",
        "period_days": 14,
        "text": "Until you sign out or the session ends; traces are gone two weeks later.",
        "legal_ground": "Needed to keep you signed in (GDPR Art. 6(1)(b)).",
    },
    {
        "key": "rights_requests",
        "title": "Requests about your rights",
        "period_days": 1096,
        "text": "Three years, counted from the end of the year in which the request was closed.",
        "legal_ground": "Proof that the request was answered (GDPR Art. 5(2)) and limitation of claims.",
    },
    {
        "key": "interactions",
        "title": "Conversations with sales and support",
        "period_days": 1096,
        "text": "Three years, counted from the conversation.",
        "legal_ground": "Needed to perform the contract and to answer claims (GDPR Art. 6(1)(b) and (f)).",
    },
    {
        "key": "form_submissions",
        "title": "Forms you filled in",
        "period_days": 730,
        "text": "Two years, counted from the day you sent the form, or until you withdraw your consent.",
        "legal_ground": "Your consent or the contract the form belongs to (GDPR Art. 6(1)(a) and (b)).",
    },
    {
        "key": "consent_evidence",
        "title": "Proof of what you chose",
        "period_days": None,
        "text": "As long as a choice is in force, and afterwards as long as we may have to prove it. After an erasure only a "
        "fingerprint of your address remains that can't be turned back.",
        "legal_ground": "Proof of consent (GDPR Art. 7(1)) and of respecting an objection (GDPR Art. 21(3)).",
    },
    {
        "key": "suppression",
        "title": "Not being written to",
        "period_days": None,
        "text": "As long as you don't want to hear from us: only a fingerprint of your address that can't be turned back is kept, so "
        "that it is recognised if it ever comes in again.",
        "legal_ground": "The duty to respect an objection (GDPR Art. 21(3)); legitimate interest in keeping it (GDPR Art. 6(1)(f)).",
    },
    {
        "key": "unconfirmed_subscription",
        "title": "Unconfirmed subscriptions",
        "period_days": 7,
        "text": "Seven days, counted from the day the address was entered, unless it is confirmed.",
        "legal_ground": "Steps at the request of the person (GDPR Art. 6(1)(b)).",
    },
    {
        "key": "connected_system",
        "title": "By the rules of the connected system",
        "period_days": None,
        "text": "As long as the system it lies in needs it; purchases as long as tax and accounting law demands.",
        "legal_ground": "Needed to perform the contract, and legal obligations of bookkeeping (GDPR Art. 6(1)(b) and (c)).",
    },
)


def make_defaults(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Handler of `post_migrate`: add what is missing, change nothing that is there, and note how everything reads now."""
    if any(is_backwards for _migration, is_backwards in kwargs.get("plan", ())):
        return  # taken back to tables that today's models don't fit
    from privacycenter.datamap.models import Purpose, Recipient, RetentionRule  # app ready
    from privacycenter.datamap.versions import note_notices, note_purposes  # app ready

    wanted: tuple[tuple[type[Any], tuple[dict[str, Any], ...]], ...] = (
        (Purpose, PURPOSES),
        (Recipient, RECIPIENTS),
        (RetentionRule, RETENTION_RULES),
    )
    for model, entries in wanted:
        known = set(model._base_manager.using(using).values_list("key", flat=True))
        missing = [model(position=position * 10, **entry) for position, entry in enumerate(entries, start=1) if entry["key"] not in known]
        # Two processes may migrate at once: whoever comes second finds the rows there.
        model._base_manager.using(using).bulk_create(missing, ignore_conflicts=True)
    actor = Actor.system("update")
    note_purposes(Purpose._base_manager.using(using).all(), actor=actor, using=using)
    note_notices(actor=actor, using=using)
