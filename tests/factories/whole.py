"""A person about whom every room holds something: what an erasure must find, and must leave alone in somebody else."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.enums import CodePurpose, CredentialKind, SecurityEventKind, SecurityQuestion
from accounts.models import (
    CredentialChange,
    EmailCode,
    FederatedRecord,
    ProfilePhoto,
    QuestionTries,
    ResetLink,
    SecurityAnswer,
    SecurityEvent,
    User,
)
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.encryption import encrypt
from privacycenter.mail.domain import queue_message
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.domain import choose, set_delivery, stop_all_marketing
from privacycenter.preferences.enums import AskedFor, DeliveryKind, FeedbackKind, LinkKind, Method, RecipientState
from privacycenter.preferences.links import NewLink, new_rows
from privacycenter.preferences.models import (
    AskedMail,
    Campaign,
    CampaignRecipient,
    ConsentText,
    LinkToken,
    MailFeedback,
    PendingSubscription,
)
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.records.models import FormSubmission, Interaction
from privacycenter.subjects.domain import add_identifier, add_push_device, restrict_sources, set_locale
from privacycenter.subjects.models import Subject
from requests_app.attachments import check_file
from requests_app.domain.messages import write_to_desk
from requests_app.domain.people import actor_for
from requests_app.domain.sealing import seal
from requests_app.enums import LookReason
from requests_app.models import (
    Annotation,
    Authority,
    AuthorityFeedback,
    Correction,
    LegalHold,
    Lift,
    Look,
    ProofDocument,
    Receiver,
    Representation,
    Request,
    SavedView,
    Transfer,
)
from tests.factories.accounts import TOTP_SECRET, make_account, signed_in
from tests.factories.preferences import PERSON, SYSTEM, make_topic, presented
from tests.factories.requests import filed

NEWS = Scope(purpose="news_and_offers", topic="product_news", channel="email")
SURVEYS = Scope(purpose="surveys_and_feedback", topic="surveys", channel="email")


def make_whole_person(name: str) -> User:
    """An account with everything: what opens it, what was said, mailed, chosen, asked for, and what staff did in it."""
    user = make_account(username=name, email=f"{name}@example.com", full_name=f"{name.title()} Whole")
    subject = user.subject
    add_identifier(subject, kind="email", value=f"{name}@home.example", source="tests", proven=True, actor=SYSTEM)
    add_identifier(subject, kind="customer_number", value=f"C-{name}", source="tests", proven=True, actor=SYSTEM)
    set_locale(subject, time_zone="Asia/Kuala_Lumpur", language="en", actor=SYSTEM)
    add_push_device(subject, label="Phone", endpoint=f"https://push.example/{name}", actor=SYSTEM)
    _fill_account(user, name)
    _fill_records(name)
    _fill_choices(subject, name)
    _fill_outbox(subject, name)
    _fill_requests(user)
    return User.objects.select_related("subject").get(pk=user.pk)


def _fill_account(user: User, name: str) -> None:
    now = clock.now()
    key = signed_in(user).session.session_key
    UserSession.objects.create(user=user, session_key=key, ip="192.0.2.1", user_agent="Firefox")
    photo = ProfilePhoto(user=user, width=8, height=8, added_at=now)
    photo.sealed = encrypt(f"picture of {name}".encode(), context=photo.context)
    photo.save()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": TOTP_SECRET})
    SocialAccount.objects.create(user=user, provider="google", uid=name)
    FederatedRecord.objects.create(
        user=user, provider="google", issuer="https://id.example", uid=name, received=f'{{"name": "{name}"}}', received_at=now
    )
    SecurityEvent.objects.create(user=user, kind=SecurityEventKind.LOGGED_IN, happened_at=now, network="192.0.2.0/24", browser="Firefox")
    SecurityAnswer.objects.create(user=user, question=SecurityQuestion.values[0], answer_hash="hash", set_at=now)
    QuestionTries.objects.create(user=user, day=now.date(), tries=1)
    ResetLink.objects.create(user=user, key_digest=_digest(name, "reset"), created_at=now)
    CredentialChange.objects.create(
        user=user, kind=CredentialKind.PASSWORD, token_digest=_digest(name, "change"), changed_at=now, expires_at=now + timedelta(days=7)
    )
    EmailCode.objects.create(
        user=user,
        purpose=CodePurpose.values[0],
        reference=_digest(name, "code"),
        address_hash="hash",
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )
    user.groups.add(_role())
    LogEntry.objects.create(
        user=user, content_type=ContentType.objects.get_for_model(User), object_id="1", object_repr="Account 1", action_flag=CHANGE
    )


def _role() -> Any:
    from django.contrib.auth.models import Group  # app ready

    return Group.objects.get(name="Auditor")


def _fill_records(name: str) -> None:
    now = clock.now()
    for kind, value in (("email", f"{name}@home.example"), ("customer_number", f"C-{name}")):
        common = {"identifier_kind": kind, "identifier_value": value, "origin": "crm", "received_at": now}
        Interaction.objects.create(
            **common,
            item_key=f"{name}:{kind}:call",
            item_digest="d",
            channel="phone",
            summary=f"{name} called",
            body="Wanted to know more.",
            occurred_at=now,
        )
        FormSubmission.objects.create(
            **common, item_key=f"{name}:{kind}:form", item_digest="d", form="trial", answers={"name": name}, submitted_at=now
        )


def _fill_choices(subject: Subject, name: str) -> None:
    make_topic()
    make_topic("surveys", purpose="surveys_and_feedback")
    party, now = party_of(Subject.objects.get(pk=subject.pk)), clock.now()
    choose(party, on=[NEWS], off=[SURVEYS], presented=presented(), actor=PERSON)
    stop_all_marketing(
        _address(f"{name}@home.example"), presented=presented(Method.STAFF), reason="staff", evidence=f"{name} called us", actor=_STAFF
    )
    choose(_address(f"{name}@example.com"), on=[NEWS], presented=presented(Method.MAILED_CONFIRMATION), actor=Actor(ActorKind.ANONYMOUS))
    set_delivery(party, DeliveryKind.PAUSE, {"until": now + timedelta(days=30)}, method=Method.PREFERENCE_PAGE, actor=PERSON)
    own, subject_key = party.contacts[-1], str(subject.public_id)
    address = _address(f"{name}@example.com")
    new_rows([NewLink(address, LinkKind.UNSUBSCRIBE, topic="product_news", subject_key=subject_key)])
    [(confirm, _token)] = new_rows([NewLink(address, LinkKind.CONFIRM, subject_key=subject_key, expires_at=now + timedelta(days=7))])
    PendingSubscription.objects.create(
        **own.columns(),
        address=f"{name}@example.com",
        text=ConsentText.objects.first(),
        token=LinkToken.objects.get(pk=confirm.pk),
        created_at=now,
        expires_at=now + timedelta(days=7),
    )
    AskedMail.objects.create(**own.columns(), kind=AskedFor.values[0], address=f"{name}@example.com", client_hash="hash", created_at=now)
    campaign, _made = Campaign.objects.get_or_create(
        reference="M-1", defaults={"topic_id": "product_news", "language": "en", "subject": "News", "body": "Here.", "created_at": now}
    )
    CampaignRecipient.objects.create(**own.columns(), campaign=campaign, state=RecipientState.QUEUED, queued_at=now)
    MailFeedback.objects.create(
        **own.columns(), service="smtp", event_id=_digest(name, "bounce"), kind=FeedbackKind.values[0], happened_at=now, received_at=now
    )


_STAFF = Actor(ActorKind.STAFF, "7")


def _address(email: str) -> Party:
    return party_of(("email", email))


def _fill_outbox(subject: Subject, name: str) -> None:
    """One that waits, one that has left, and one to an address of which nobody said whose it is."""
    context = {"name": name}
    queue_message("accounts.closed", to=f"{name}@example.com", context=context, subject_key=str(subject.public_id), actor=SYSTEM)
    sent = queue_message("accounts.closed", to=f"{name}@example.com", context=context, subject_key=str(subject.public_id), actor=SYSTEM)
    OutboxMessage.objects.filter(pk=sent.pk).update(state="sent", to="", subject="", body="", headers="", sent_at=clock.now())
    queue_message("accounts.closed", to=f"{name}@home.example", context=context, actor=SYSTEM)


def _fill_requests(user: User) -> None:
    """A request in work, with a copy in the making; and what this account did as a member of staff."""
    request = filed(user)
    write_to_desk(request, words="Do you need anything else?", actor=actor_for(user.subject))
    others = Request.objects.exclude(subject=user.subject).first() or request
    now = clock.now()
    Look.objects.create(
        request=others, user=user, reason=LookReason.values[0], note="To answer.", opened_at=now, expires_at=now + timedelta(minutes=15)
    )
    SavedView.objects.create(user=user, name="Mine", query="status=open")
    LegalHold.objects.create(subject=user.subject, ground="A claim", until=now.date(), placed_at=now, lifted_at=now, placed_by=user)
    AuthorityFeedback.objects.create(
        request=request, authority=Authority.objects.first(), received_on=now.date(), summary="They ask for our answer.", recorded_at=now
    )
    restrict_sources(user.subject, sources=["records.interactions"], reason="claim", ref=request.ref, actor=Actor.system("tests"))
    Lift.objects.create(
        subject=user.subject,
        request=request,
        limit="restriction",
        reason="verified",
        ordered_at=now,
        told_at=now,
        ends_at=now,
        ended_at=now,
    )
    receiver = Receiver.objects.create(name="Acme Bank", url=f"https://acme.example/{user.username}", proposed_at=now, decided_by=user)
    Transfer.objects.create(request=request, receiver=receiver, named_at=now, receipt="A-1")
    about = {"source_key": "records.interactions", "title": "Conversations", "record": "1", "field": "summary", "label": "Summary"}
    values = {"held": '"old"', "proposed": '"new"', "reason": "I know.", "filed_at": now}
    Correction.objects.create(subject=user.subject, **about, **values)  # gathered, not sent
    Correction.objects.create(request=request, **about, **values)
    Annotation.objects.create(subject=user.subject, request=request, kind="note", text="It is new.", at=now, **about)
    Representation.objects.create(request=request, capacity="parent", requester_name="Whole", person_name="Small", shown_at=now)
    sealed = seal(check_file(name="proof.txt", content=b"I am the mother."), folder="proofs")
    ProofDocument.objects.create(request=request, kind="custody", sent_at=now, **sealed)
    request.filed_by, request.entered_by, request.decided_by, request.assignee = user.subject, user, user, user
    request.save(update_fields=["filed_by", "entered_by", "decided_by", "assignee"])


def _digest(*parts: str) -> str:
    return hashlib.sha256(":".join(parts).encode()).hexdigest()
