"""What the accounts room and the parts it brings hold about people, column by column. The sources: accounts.sources."""

from __future__ import annotations

from accounts.sources import (
    FederatedSource,
    IdentitySource,
    ProfileSource,
    SecurityEventSource,
    SecurityQuestionSource,
    SessionSource,
)
from privacycenter.kernel.attachments import attach, stays
from privacycenter.kernel.classification import classify, holds_nothing
from privacycenter.kernel.sources import Sensitivity, registry

for _source in (ProfileSource, IdentitySource, SecurityEventSource, SessionSource, FederatedSource, SecurityQuestionSource):
    registry.register(_source())

# Beside what the sources look at themselves: what hangs on an account.
for _relation in ("accounts.CredentialChange", "accounts.EmailCode", "mfa.Authenticator"):
    attach(f"{_relation}.user", source="accounts.profile")
attach("socialaccount.SocialAccount.user", source="accounts.federated")
for _relation in ("accounts.QuestionTries", "accounts.ResetLink"):
    attach(f"{_relation}.user", source="accounts.security_questions")
attach("allauth_idp_oidc.Token.user", source="accounts.profile")
stays("allauth_idp_oidc.Client.owner", because="a system that calls us belongs to nobody; the column is always empty")
stays("admin.LogEntry.user", because="what staff did with which record, by numbers and names of fields; its account names nobody")

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
