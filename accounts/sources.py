"""What the accounts room and the parts it brings hold about people, source by source; the columns: accounts.personal_data."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Model, QuerySet
from django_countries import countries

from accounts.domain import end_sessions, erasure_obstacle, replace_phone
from accounts.domain.erasing import BLANK, ERASING, PLACEHOLDERS, shut, still_named
from accounts.enums import SecurityEventKind, SecurityQuestion
from accounts.locks import take_turns
from accounts.models import FederatedRecord, ProfilePhoto, SecurityAnswer, SecurityEvent, User
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.attachments import attached_to, delete_attached
from privacycenter.kernel.encryption import decrypt
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.labels import label_in
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import (
    Erased,
    ErasureRule,
    FieldChange,
    FileItem,
    Item,
    Locator,
    Problem,
    Record,
    Sensitivity,
    SourceDescription,
    SourceField,
    Treatment,
)
from privacycenter.subjects.enums import source_label
from privacycenter.subjects.models import Subject

STAFF = ("staff_and_contractors",)
BY_YOURSELF = "You sign in with it, so only you change it, in your profile."
BY_CONFIRMING = "Add the right address to your account and confirm it with a code, then remove the wrong one: it opens your account."


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

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """What hangs on the account beside the source's own rows goes along."""
        with transaction.atomic():
            done = super().erase(locator, treatment)
            if treatment is not Treatment.RETAIN and locator.get("account"):
                delete_attached(self.description.key, locator["account"])
        return done

    def deletes_plainly(self) -> bool:
        return self._deletes_like(AccountSource) and not any(True for _each in attached_to(self.description.key))

    def verify_erased(self, locator: Locator) -> int:
        hanging = attached_to(self.description.key)
        left = sum(model._base_manager.filter(**{field: locator.get("account", 0)}).count() for model, field in hanging)
        return super().verify_erased(locator) + left


class ProfileSource(AccountSource):
    description = SourceDescription(
        key="accounts.profile",
        title="Your profile",
        category="account",
        fields=(
            SourceField("username", "Username", corrected_by=BY_YOURSELF),
            SourceField("full_name", "Full name", correctable=True),
            SourceField("email", "Main e-mail address", Sensitivity.CONTACT, corrected_by=BY_CONFIRMING),
            SourceField("phone", "Contact number", Sensitivity.CONTACT, correctable=True),
            SourceField("company", "Company name", correctable=True),
            SourceField("country", "Country or region", correctable=True),
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
        erasure=ErasureRule(
            Treatment.ANONYMISE,
            "An empty account stays under a random name, so that what was done with it remains attributed to one person. It names nobody "
            "and nobody can sign in with it. Your photo and all that opened the account are deleted.",
            order=800,
        ),
    )
    model = User
    account_lookup = "pk"
    treatments = frozenset({Treatment.ANONYMISE, Treatment.RETAIN})
    anonymous = {**BLANK, **PLACEHOLDERS}
    correctable: Mapping[str, str] = {"full_name": "full_name", "phone": "phone", "company": "company", "country": "country"}
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

    def correction(self, field: str, value: Any) -> Any:
        if field == "phone":  # its own field knows what a number is; the digits of one may look like a card's
            return value.strip() if isinstance(value, str) else value
        return super().correction(field, value)

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        """The contact number is an identifier as well, without proof: it follows."""
        with transaction.atomic():
            old = self._phones(locator)
            count = super().rectify(locator, changes)
            for user, number in old.items():
                user.refresh_from_db(fields=["phone"])
                if str(user.phone or "") != number:
                    replace_phone(user, old=number, new=str(user.phone or ""), actor=Actor.system("accounts"))
        return count

    def _phones(self, locator: Locator) -> dict[User, str]:
        return {user: str(user.phone or "") for queryset in self.querysets(locator) for user in queryset.select_related("subject")}

    def obstacle(self, locator: Locator) -> str:
        return erasure_obstacle(locator.get("account", 0))

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """One at a time: two officers must not each rely on the other to remain."""
        with transaction.atomic():
            take_turns(ERASING)
            done = super().erase(locator, treatment)
            if treatment is not Treatment.RETAIN:
                photos = ProfilePhoto.objects.filter(user_id=locator.get("account", 0))
                done += Erased(removed=photos.delete()[0])
                for roles in (User.groups.through, User.user_permissions.through):
                    roles._base_manager.filter(user_id=locator.get("account", 0)).delete()
            return done

    def verify_erased(self, locator: Locator) -> int:
        return super().verify_erased(locator) + ProfilePhoto.objects.filter(user_id=locator.get("account", 0)).count()

    def _leading(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return still_named(queryset)

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
            SourceField("address", "E-mail address", Sensitivity.CONTACT, corrected_by=BY_CONFIRMING),
            SourceField("is_confirmed", "Confirmed by you"),
            SourceField("is_main", "Main address"),
            SourceField("source", "Where it came from"),
        ),
        purposes=("account_and_service", "service_messages"),
        origin="given by you",
        retention="account_life",
        recipients=STAFF,
        portable=True,
        erasure=ErasureRule(Treatment.DELETE),
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
        erasure=ErasureRule(Treatment.DELETE),
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
        erasure=ErasureRule(Treatment.DELETE, order=10),  # first: nobody works in an account that is being erased
    )
    model = UserSession
    columns = {"started_at": "created_at", "last_seen_at": "last_seen_at", "ip_address": "ip", "user_agent": "user_agent"}
    dated_by = "last_seen_at"

    def obstacle(self, locator: Locator) -> str:
        return erasure_obstacle(locator.get("account", 0))

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """Nobody signs in from here on: what is erased next would fill up again."""
        with transaction.atomic():
            take_turns(ERASING)
            done = super().erase(locator, treatment)
            if treatment is Treatment.DELETE:
                shut(locator.get("account", 0))
        return done

    def _delete(self, queryset: QuerySet[Any]) -> Erased:
        end_sessions(queryset.values_list("session_key", flat=True))
        return super()._delete(queryset)


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
        erasure=ErasureRule(Treatment.DELETE),
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
        erasure=ErasureRule(Treatment.DELETE),
    )
    model = SecurityAnswer
    columns = {"question": "question", "set_at": "set_at"}
    dated_by = "set_at"

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record:
        return Record(str(primary_key), values | {"question": label_in(SecurityQuestion, values["question"])})
