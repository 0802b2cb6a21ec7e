"""What the accounts room and the parts it brings hold about people."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models import Model, QuerySet
from django_countries import countries

from accounts.enums import SecurityEventKind, SecurityQuestion
from accounts.models import FederatedRecord, ProfilePhoto, SecurityAnswer, SecurityEvent, User
from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.encryption import decrypt
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import FileItem, Item, Locator, Problem, Record, Sensitivity, SourceDescription, SourceField, registry
from privacycenter.subjects.enums import source_label
from privacycenter.subjects.models import Subject

STAFF = ("staff_and_contractors",)


class AccountSource(ModelSource):
    """A source whose rows hang on the account of the person."""

    model: type[Model]
    account_lookup = "user_id"

    def locate(self, subject: Subject) -> Locator:
        # cached on the instance: every source of this room asks while one plan is made
        account = getattr(subject, "_account_pk", None)
        if account is None:
            account = User.objects.filter(subject=subject).values_list("pk", flat=True).first() or 0
            subject._account_pk = account  # type: ignore[attr-defined]
        return {"account": account} if account else {}

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        if not locator.get("account"):
            return []
        return [self.model._default_manager.filter(**{self.account_lookup: locator["account"]})]


class ProfileSource(AccountSource):
    description = SourceDescription(
        key="accounts.profile",
        title="Your profile",
        category="account",
        fields=(
            SourceField("username", "Username"),
            SourceField("full_name", "Full name"),
            SourceField("email", "Main e-mail address", Sensitivity.CONTACT),
            SourceField("phone", "Contact number", Sensitivity.CONTACT),
            SourceField("company", "Company name"),
            SourceField("country", "Country or region"),
            SourceField("registered_at", "Registered"),
            SourceField("last_login_at", "Last sign-in"),
            SourceField("credential_changed_at", "Sign-in last changed"),
            SourceField("frozen_at", "Frozen since"),
            SourceField("closed_at", "Closed"),
            SourceField("password", "Password", Sensitivity.SECRET, withheld="a hash that protects your account; never given out"),
        ),
        purposes=("account_and_service", "service_messages"),
        origin="given by you when you registered, or changed by you later",
        retention="account_life",
        recipients=STAFF,
        portable=True,
    )
    model = User
    account_lookup = "pk"
    columns = {
        "username": "username",
        "full_name": "full_name",
        "email": "email",
        "phone": "phone",
        "company": "company",
        "country": "country",
        "registered_at": "date_joined",
        "last_login_at": "last_login",
        "credential_changed_at": "credential_changed_at",
        "frozen_at": "frozen_at",
        "closed_at": "closed_at",
    }
    dated_by = "date_joined"

    def count(self, locator: Locator) -> int:
        photos = ProfilePhoto.objects.filter(user_id=locator.get("account", 0)).count()
        return super().count(locator) + photos

    def export(self, locator: Locator) -> Iterator[Item]:
        yield from super().export(locator)
        for photo in ProfilePhoto.objects.filter(user_id=locator.get("account", 0)):
            yield self._photo(photo)

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record | Problem:
        code = str(values["country"] or "")
        words = {"phone": str(values["phone"] or ""), "country": f"{countries.name(code) or code} ({code})" if code else ""}
        return Record(str(primary_key), values | words)

    def _photo(self, photo: ProfilePhoto) -> Item:
        try:
            content = decrypt(bytes(photo.sealed), context=photo.context)
        except DecryptionFailed:
            return Problem("photo", "the photo could not be decrypted")
        return FileItem("photo", "photo.jpg", "image/jpeg", lambda: io.BytesIO(content))


class IdentitySource(AccountSource):
    description = SourceDescription(
        key="accounts.identities",
        title="E-mail addresses of your account",
        category="identity",
        fields=(
            SourceField("address", "E-mail address", Sensitivity.CONTACT),
            SourceField("is_confirmed", "Confirmed by you"),
            SourceField("is_main", "Main address"),
            SourceField("source", "Where it came from"),
        ),
        purposes=("account_and_service", "service_messages"),
        origin="given by you",
        retention="account_life",
        recipients=STAFF,
        portable=True,
    )
    model = EmailAddress
    columns = {"address": "email", "is_confirmed": "verified", "is_main": "primary"}

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), {**values, "source": source_label("accounts.registration")})


class SecurityEventSource(AccountSource):
    description = SourceDescription(
        key="accounts.security_events",
        title="Sign-ins and changes to your account",
        category="security",
        fields=(
            SourceField("happened_at", "When"),
            SourceField("kind", "What happened"),
            SourceField("network", "Shortened IP address"),
            SourceField("browser", "Browser"),
        ),
        purposes=("fraud_prevention_and_rights", "account_and_service"),
        origin="noted by us when it happened",
        retention="security_events",
        recipients=STAFF,
    )
    model = SecurityEvent
    columns = {"happened_at": "happened_at", "kind": "kind", "network": "network", "browser": "browser"}
    dated_by = "happened_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"kind": label_in(SecurityEventKind, values["kind"])})


class SessionSource(AccountSource):
    description = SourceDescription(
        key="accounts.sessions",
        title="Where you are signed in",
        category="security",
        fields=(
            SourceField("started_at", "Signed in"),
            SourceField("last_seen_at", "Last used"),
            SourceField("ip_address", "IP address", Sensitivity.CONTACT),
            SourceField("user_agent", "Browser as it named itself"),
            SourceField("session_key", "Session key", Sensitivity.SECRET, withheld="whoever has it is signed in as you"),
        ),
        purposes=("fraud_prevention_and_rights", "account_and_service"),
        origin="sent by your browser",
        retention="sessions",
        recipients=STAFF,
    )
    model = UserSession
    columns = {"started_at": "created_at", "last_seen_at": "last_seen_at", "ip_address": "ip", "user_agent": "user_agent"}
    dated_by = "last_seen_at"


class FederatedSource(AccountSource):
    description = SourceDescription(
        key="accounts.federated",
        title="Received from sign-in providers",
        category="account",
        fields=(
            SourceField("provider", "Provider"),
            SourceField("issuer", "Issuer"),
            SourceField("provider_id", "Your number there"),
            SourceField("received", "What was received", Sensitivity.CONTACT),
            SourceField("taken_over", "What you took into your profile"),
            SourceField("received_at", "Received"),
            SourceField("unlinked_at", "Unlinked"),
        ),
        purposes=("account_and_service",),
        origin="sent by the provider you signed in with",
        retention="account_life",
        recipients=("identity_providers", *STAFF),
    )
    model = FederatedRecord
    columns = {
        "provider": "provider",
        "issuer": "issuer",
        "provider_id": "uid",
        "received": "received",
        "taken_over": "taken_over",
        "received_at": "received_at",
        "unlinked_at": "unlinked_at",
    }
    dated_by = "received_at"

    def export(self, locator: Locator) -> Iterator[Item]:
        # one by one: the column decrypts as it is read, and one that can't be must not cost the others
        for queryset in self.querysets(locator):
            for key in queryset.order_by("pk").values_list("pk", flat=True):
                try:
                    values = dict(zip(self.columns, queryset.values_list(*self.columns.values()).get(pk=key), strict=True))
                except DecryptionFailed:
                    yield Problem(str(key), "the record could not be decrypted")
                else:
                    yield Record(str(key), {**values, "received": json.loads(values["received"])})


class SecurityQuestionSource(AccountSource):
    description = SourceDescription(
        key="accounts.security_questions",
        title="Your security questions",
        category="security",
        fields=(
            SourceField("question", "Question"),
            SourceField("set_at", "Set"),
            SourceField("answer_hash", "Answer", Sensitivity.SECRET, withheld="a hash that protects your account; never given out"),
        ),
        purposes=("fraud_prevention_and_rights",),
        origin="chosen by you",
        retention="account_life",
        recipients=STAFF,
    )
    model = SecurityAnswer
    columns = {"question": "question", "set_at": "set_at"}
    dated_by = "set_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"question": label_in(SecurityQuestion, values["question"])})


for _source in (ProfileSource, IdentitySource, SecurityEventSource, SessionSource, FederatedSource, SecurityQuestionSource):
    registry.register(_source())

_ORDINARY, _CONTACT, _SECRET = Sensitivity.ORDINARY, Sensitivity.CONTACT, Sensitivity.SECRET

classify(
    "accounts.User",
    source="accounts.profile",
    fields={
        "subject": _ORDINARY,
        "username": _ORDINARY,
        "full_name": _ORDINARY,
        "email": _CONTACT,
        "phone": _CONTACT,
        "company": _ORDINARY,
        "country": _ORDINARY,
        "password": _SECRET,
        "last_login": _ORDINARY,
        "date_joined": _ORDINARY,
        "session_epoch": None,
        "credential_changed_at": _ORDINARY,
        "frozen_at": _ORDINARY,
        "closed_at": _ORDINARY,
    },
)
classify(
    "accounts.ProfilePhoto",
    source="accounts.profile",
    fields={"user": _ORDINARY, "sealed": _ORDINARY, "width": None, "height": None, "added_at": None},
)
classify(
    "accounts.SecurityEvent",
    source="accounts.security_events",
    fields={"user": _ORDINARY, "kind": _ORDINARY, "happened_at": _ORDINARY, "network": _ORDINARY, "browser": _ORDINARY},
)
classify(
    "accounts.FederatedRecord",
    source="accounts.federated",
    fields={
        "user": _ORDINARY,
        "provider": _ORDINARY,
        "issuer": _ORDINARY,
        "uid": _ORDINARY,
        "received": _CONTACT,
        "taken_over": _ORDINARY,
        "received_at": _ORDINARY,
        "unlinked_at": _ORDINARY,
    },
)
classify(
    "accounts.SecurityAnswer",
    source="accounts.security_questions",
    fields={"user": _ORDINARY, "question": _ORDINARY, "answer_hash": _SECRET, "set_at": _ORDINARY},
)
classify(
    "accounts.EmailCode",
    because="one-time codes: keyed hashes that tell nothing, worthless after ten minutes; that one was used stands in the security history",
    fields={
        "user": _ORDINARY,
        "purpose": None,
        "reference": _SECRET,
        "address_hash": _SECRET,
        "client_hash": _SECRET,
        "code_hash": _SECRET,
        "tries": None,
        "created_at": None,
        "expires_at": None,
        "used_at": None,
    },
)
classify(
    "accounts.CredentialChange",
    because="digests of warning links; each change stands in the security history",
    fields={"user": _ORDINARY, "kind": None, "token_digest": _SECRET, "changed_at": None, "expires_at": None, "used_at": None},
)
classify(
    "accounts.ResetLink",
    because="digests of reset links with a count of tries; wrong answers stand in the security history",
    fields={"user": _ORDINARY, "key_digest": _SECRET, "tries": None, "created_at": None, "passed_at": None},
)
classify(
    "accounts.ResetOrder",
    because="an address for the seconds until a job has answered it; that a password was set stands in the security history",
    fields={"address": _CONTACT, "language": None, "created_at": None},
)
classify(
    "accounts.QuestionTries",
    because="a count per day; wrong answers stand in the security history",
    fields={"user": _ORDINARY, "day": None, "tries": None},
)

classify(
    "account.EmailAddress",
    source="accounts.identities",
    fields={"user": _ORDINARY, "email": _CONTACT, "verified": None, "primary": None},
)
holds_nothing("account.EmailConfirmation", because="addresses are confirmed by code (accounts.EmailCode); no row is ever written")
classify(
    "usersessions.UserSession",
    source="accounts.sessions",
    fields={
        "user": _ORDINARY,
        "created_at": _ORDINARY,
        "ip": _CONTACT,
        "last_seen_at": _ORDINARY,
        "session_key": _SECRET,
        "user_agent": _ORDINARY,
        "data": None,
    },
)
classify(
    "socialaccount.SocialAccount",
    source="accounts.federated",
    fields={"user": _ORDINARY, "provider": _ORDINARY, "uid": _ORDINARY, "last_login": None, "date_joined": None, "extra_data": None},
)
holds_nothing("socialaccount.SocialApp", because="providers come from the settings; no row is ever written")
holds_nothing("socialaccount.SocialToken", because="tokens of providers are not stored (SOCIALACCOUNT_STORE_TOKENS)")
classify(
    "mfa.Authenticator",
    because="encrypted secrets and public keys of second factors; that and when one was added stands in the security history",
    fields={"user": _ORDINARY, "type": None, "data": _SECRET, "created_at": None, "last_used_at": None},
)
holds_nothing("auth.Group", because="names of roles")
classify(
    "sessions.Session",
    because="signed working state of browsers, gone after half a day; who is signed in where is exported as accounts.sessions",
    fields={"session_key": _SECRET, "session_data": _ORDINARY, "expire_date": None},
)
classify(
    "admin.LogEntry",
    because="acts of staff on records, by primary key; texts hold no personal data (no __str__ does), and the audit trail tells the person",
    fields={
        "action_time": None,
        "user": _ORDINARY,
        "content_type": None,
        "object_id": None,
        "object_repr": None,
        "action_flag": None,
        "change_message": None,
    },
)
