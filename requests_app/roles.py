"""The roles at the desk: groups with permissions, made anew after every migration.

Permissions do not exist yet inside migrations on a fresh database; hence a post_migrate handler that can run any number
of times. A permission of a room that is not installed is left out; one that an administrator took away comes back.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet

from accounts.enums import DATA_PROTECTION_OFFICER
from accounts.models import User

DPO = DATA_PROTECTION_OFFICER
AGENT = "Privacy agent"
AUDITOR = "Auditor"

_TO_READ = ("request", "ledgerentry", "authority", "authorityfeedback", "regime", "regimerule", "receiver")
_READ_REQUESTS = tuple(f"requests_app.view_{model}" for model in _TO_READ)
_WORK = (*_READ_REQUESTS, "requests_app.work_request", "requests_app.see_personal_data", "subjects.view_subject", "jobs.view_job")
_AUDIT = ("audit.view_auditentry", "audit.view_auditseal")
_LEDGER = ("preferences.view_consentevent", "preferences.view_suppression")
_CHOICES = (*_LEDGER, "preferences.add_consentevent")
_MAP = ("collectionnotice", "purpose", "recipient", "retentionrule", "connector", "connectorsource")

ROLES: dict[str, tuple[str, ...]] = {
    DPO: (
        *_WORK,
        *_AUDIT,
        "requests_app.view_childreport",
        "requests_app.decide_childreport",
        "jobs.retry_job",
        "mail.view_outboxmessage",
        "accounts.view_user",
        "accounts.freeze_user",
        "requests_app.stop_work",
        *(f"requests_app.{verb}_answertemplate" for verb in ("view", "add", "change", "delete")),
        "requests_app.change_receiver",
        "requests_app.add_authority",
        "requests_app.add_regime",
        "requests_app.add_regimerule",
        "requests_app.change_authority",
        "requests_app.hold_data",
        "subjects.manage_identity",
        *(f"datamap.{verb}_{model}" for model in _MAP for verb in ("view", "add", "change", "delete")),
        *(f"preferences.{verb}_apiclient" for verb in ("view", "add", "change")),
        *(f"preferences.{verb}_{model}" for model in ("service", "storageitem") for verb in ("view", "add", "change", "delete")),
        *(f"preferences.{verb}_bannersettings" for verb in ("view", "change")),
        *(f"preferences.{verb}_topic" for verb in ("view", "add", "change", "delete")),
        *(f"preferences.{verb}_campaign" for verb in ("view", "send")),
        *_CHOICES,
        "preferences.view_consenttext",
    ),
    AGENT: (*_WORK, "requests_app.view_childreport", *_CHOICES, "accounts.view_user", *(f"datamap.view_{model}" for model in _MAP)),
    AUDITOR: (*_READ_REQUESTS, *_AUDIT, *_LEDGER, "accounts.view_user", "jobs.view_job", *(f"datamap.view_{model}" for model in _MAP)),
}


def make_roles(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Give each role exactly its permissions. Connected to post_migrate; safe to run again."""
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.using(using).values_list("pk", "content_type__app_label", "codename")
    }
    for name, labels in ROLES.items():
        group, _created = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set([known[label] for label in labels if label in known])


def people_who_may_work() -> QuerySet[User]:
    """Staff to whom a request can be given."""
    allowed = Q(is_superuser=True) | Q(groups__name__in=[DPO, AGENT]) | Q(user_permissions__codename="work_request")
    return User.objects.filter(allowed, is_staff=True, is_active=True).distinct().order_by("username")


def data_protection_officers() -> QuerySet[User]:
    """Staff in the role that answers for what is late."""
    return User.objects.filter(groups__name=DPO, is_staff=True, is_active=True).distinct().order_by("username")
