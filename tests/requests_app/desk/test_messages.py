"""Messages, notes and files: who may read and write them, what files are taken, and that nothing typed is lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import FileItem, Record, registry
from privacycenter.kernel.storage import storage
from privacycenter.mail.models import OutboxMessage
from requests_app.attachments import check_file
from requests_app.domain import open_personal_data
from requests_app.domain.messages import add_note, forget_messages, open_attachment, write_to_desk, write_to_person
from requests_app.domain.people import actor_for
from requests_app.enums import LookReason
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing, TooManyFiles
from requests_app.models import AnswerTemplate, Attachment, Message, Request
from requests_app.roles import AUDITOR, DPO
from requests_app.wording import PLACEHOLDERS, check_placeholders, filled
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.files import pdf
from tests.factories.requests import filed, staff_actor, with_role

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/request/"
PDF = pdf(is_signed=True)  # which stays as it came


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 30), **more: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "navy").save(target, form, **more)
    return target.getvalue()


def officer() -> User:
    """A data protection officer who may come in: with a second factor."""
    return with_role(make_staff(password=None), DPO)


def at_desk(user: Any = None) -> Client:
    return signed_in(user or officer(), fresh=True)


def looking(request: Request) -> Client:
    """A client of a data protection officer who gave a reason on this ticket."""
    user = officer()
    open_personal_data(request, reason=LookReason.QUESTION, note="The question of Monday", actor=Actor.for_user(user))
    return at_desk(user)


# Verbs -----------------------------------------------------------------------------------------------------------------------


def test_both_sides_write_and_the_mail_says_nothing_of_it() -> None:
    request = filed()
    me = actor_for(request.subject)

    write_to_desk(request, words="Where is my call of May?", files=[check_file(name="call.pdf", content=PDF)], actor=me)
    write_to_person(request, words="It is in the archive, Ana.", actor=staff_actor())
    add_note(request, words="Ask the archive.", actor=staff_actor())

    assert list(Message.objects.values_list("side", flat=True)) == ["person", "desk", "note"]
    (attachment,) = Attachment.objects.all()
    assert b"".join(open_attachment(attachment)) == PDF
    assert storage().read_range(attachment.object_name, 0, 100)[:4] != PDF[:4]
    mail = OutboxMessage.objects.get(kind="requests.message")
    assert "archive" not in str(vars(mail))
    assert set(AuditEntry.objects.filter(ticket=request.ref).values_list("verb", flat=True)) >= {
        "requests.message_sent",
        "requests.note_added",
    }


def test_strangers_and_auditors_write_nothing_and_nobody_writes_nothing() -> None:
    request, stranger = filed(), make_account(password=None)
    auditor = Actor.for_user(with_role(make_staff(password=None), AUDITOR))

    with pytest.raises(NotAllowed):
        write_to_desk(request, words="Mine?", actor=actor_for(stranger.subject))
    for verb in (write_to_person, add_note):
        with pytest.raises(NotAllowed):
            verb(request, words="Seen.", actor=auditor)
    with pytest.raises(ReasonMissing):
        write_to_desk(request, words=" \n ", actor=actor_for(request.subject))
    with pytest.raises(TooManyFiles):
        write_to_desk(request, words="", files=[check_file(name="a.pdf", content=PDF)] * 6, actor=actor_for(request.subject))
    Request.objects.filter(pk=request.pk).update(verified_at=None, status="received")
    with pytest.raises(IllegalMove):
        write_to_person(Request.objects.get(pk=request.pk), words="Hello.", actor=staff_actor())
    assert not Message.objects.exists()


def test_a_message_that_can_not_be_written_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    request, written = filed(), []
    store = storage()
    put = type(store).put_stream
    monkeypatch.setattr(type(store), "put_stream", lambda self, name, chunks: written.append(name) or put(self, name, chunks))

    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr("requests_app.domain.messages.record", fail)
    with pytest.raises(RuntimeError):
        write_to_desk(request, words="", files=[check_file(name="a.pdf", content=PDF)], actor=actor_for(request.subject))

    assert len(written) == 1
    with pytest.raises(FileNotFoundError):
        store.size(written[0])


def test_files_are_stored_outside_of_any_transaction_and_leave_nothing_where_one_of_them_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    request, store, written, within = filed(), storage(), list[str](), set[int]()
    put = type(store).put_stream
    outside = len(connection.savepoint_ids)

    def put_two(self: Any, name: str, chunks: Any) -> int:
        within.add(len(connection.savepoint_ids) - outside)
        if len(written) == 2:
            raise OSError("the storage is away")
        written.append(name)
        return put(self, name, chunks)

    monkeypatch.setattr(type(store), "put_stream", put_two)
    file = check_file(name="a.pdf", content=PDF)
    with pytest.raises(OSError, match="away"):
        write_to_person(request, words="Three", files=[file] * 3, actor=staff_actor())

    assert within == {0}
    assert len(written) == 2
    for name in written:
        with pytest.raises(FileNotFoundError):
            store.size(name)
    assert not Message.objects.exists()
    assert not OutboxMessage.objects.filter(kind="requests.message").exists()


def test_a_mail_that_can_not_be_queued_takes_the_message_back_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    request, store, written = filed(), storage(), list[str]()
    put = type(store).put_stream
    monkeypatch.setattr(type(store), "put_stream", lambda self, name, chunks: written.append(name) or put(self, name, chunks))

    def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr("requests_app.domain.messages.tell_person", fail)
    with pytest.raises(RuntimeError):
        write_to_person(request, words="", files=[check_file(name="a.pdf", content=PDF)], actor=staff_actor())

    assert not Message.objects.exists()
    with pytest.raises(FileNotFoundError):
        store.size(written[0])


@pytest.mark.parametrize("number", ["²", "٣", "9" * 30, "-1", "x"])
def test_a_template_that_no_list_has_offered_is_none(number: str) -> None:
    request = filed()

    assert looking(request).get(f"{LIST}{request.pk}/messages/", {"template": number}).status_code == 200


def test_what_was_written_stands_in_the_copy_notes_and_files_too() -> None:
    request = filed()
    write_to_desk(request, words="My question", files=[check_file(name="call.pdf", content=PDF)], actor=actor_for(request.subject))
    add_note(request, words="Seems upset", actor=staff_actor())
    source = registry.get("requests.messages")

    items = list(source.export(source.locate(request.subject)))

    texts = [item.values["text"] for item in items if isinstance(item, Record)]
    (file,) = [item for item in items if isinstance(item, FileItem)]
    assert texts == ["My question", "Seems upset"]
    assert (file.original_name, file.open().read()) == ("call.pdf", PDF)


def test_forgotten_messages_take_their_files_along() -> None:
    request = filed()
    write_to_desk(request, words="", files=[check_file(name="a.pdf", content=PDF)], actor=actor_for(request.subject))
    name = Attachment.objects.get().object_name

    forget_messages([request.pk])
    run_until_idle()

    assert not Message.objects.exists()
    with pytest.raises(FileNotFoundError):
        storage().size(name)


# Pages -----------------------------------------------------------------------------------------------------------------------


def test_the_person_writes_reads_and_saves_their_file_and_nobody_else_does() -> None:
    request = filed(make_account(password=None))
    mine, other = signed_in(request.subject.account), signed_in(make_account(password=None))
    page = f"/requests/{request.ref}/messages/"
    sent = mine.post(page, {"words": "Here it is", "attached": [SimpleUploadedFile("call.pdf", PDF)]})
    write_to_person(request, words="Thank you.", actor=staff_actor())
    add_note(request, words="A secret note", actor=staff_actor())

    assert "A colleague has written to you" in mine.get(f"/requests/{request.ref}/").content.decode()
    text = mine.get(page).content.decode()
    file = Attachment.objects.get()
    saved = mine.get(f"/requests/{request.ref}/files/{file.public_id}/")

    assert sent.status_code == 302
    assert "Thank you." in text
    assert "A secret note" not in text
    assert b"".join(saved) == PDF
    assert saved["Content-Disposition"] == "attachment; filename*=UTF-8''call.pdf"
    assert "sandbox" in saved["Content-Security-Policy"]
    assert other.get(page).status_code == 404
    assert other.get(f"/requests/{request.ref}/files/{file.public_id}/").status_code == 404
    assert Client().get(f"/requests/{request.ref}/files/{file.public_id}/").status_code == 404


def test_a_refused_file_is_named_and_the_words_stay() -> None:
    request = filed(make_account(password=None))
    client = signed_in(request.subject.account)

    answer = client.post(f"/requests/{request.ref}/messages/", {"words": "My words", "attached": [SimpleUploadedFile("a.pdf", b"<html>")]})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "a.pdf: Only PDF files" in text
    assert "My words</textarea>" in text


def test_words_survive_the_end_of_the_session_on_both_sides() -> None:
    request = filed(make_account(password=None))
    gone = Client()
    gone.post(f"/requests/{request.ref}/messages/", {"words": "Long thoughts"})
    gone.force_login(request.subject.account)
    assert "Long thoughts" in gone.get(f"/requests/{request.ref}/messages/").content.decode()

    staff = officer()
    open_personal_data(request, reason=LookReason.QUESTION, note="Monday", actor=Actor.for_user(staff))
    away = Client()
    answer = away.post(f"{LIST}{request.pk}/messages/", {"form": "message", "words": "A careful answer"})
    away.force_login(staff)
    assert answer.status_code == 302
    assert "A careful answer" in away.get(f"{LIST}{request.pk}/messages/").content.decode()


def test_the_desk_reads_after_a_reason_and_opening_a_file_is_on_record() -> None:
    request = filed()
    write_to_desk(request, words="My question", files=[check_file(name="a.pdf", content=PDF)], actor=actor_for(request.subject))
    file = Attachment.objects.get()
    blind, client = at_desk(), looking(request)

    assert blind.get(f"{LIST}{request.pk}/messages/").status_code == 302
    assert blind.get(f"{LIST}{request.pk}/files/{file.public_id}/").status_code == 302
    assert "My question" in client.get(f"{LIST}{request.pk}/messages/").content.decode()
    assert Message.objects.get().read_at is not None
    assert b"".join(client.get(f"{LIST}{request.pk}/files/{file.public_id}/")) == PDF
    assert AuditEntry.objects.filter(verb="requests.attachment_opened", ticket=request.ref).count() == 1


def test_the_desk_writes_and_notes() -> None:
    request = filed()
    client = looking(request)

    client.post(f"{LIST}{request.pk}/messages/", {"form": "message", "words": "We found it."})
    client.post(f"{LIST}{request.pk}/messages/", {"form": "note", "words": "It was in the archive."})
    empty = client.post(f"{LIST}{request.pk}/messages/", {"form": "message", "words": " "})

    assert list(Message.objects.values_list("side", "author__username")) == [("desk", client_name(client)), ("note", client_name(client))]
    assert empty.status_code == 422


def client_name(client: Client) -> str:
    return User.objects.get(pk=client.session["_auth_user_id"]).username


# Templates -------------------------------------------------------------------------------------------------------------------


def test_a_template_fills_what_is_known_of_the_request_in_one_pass() -> None:
    request = filed()
    AnswerTemplate.objects.create(title="Where it stands", body="Your request {reference} ({right}) is due on {due_on}.")

    text = looking(request).get(f"{LIST}{request.pk}/messages/?template={AnswerTemplate.objects.get().pk}").content.decode()

    assert f"Your request {request.ref} (Access: a copy of your data) is due on" in text
    assert filled("{reference} {unknown}", request) == f"{request.ref} {{unknown}}"


@pytest.mark.parametrize("text", ["Dear {name}", "{", "{reference", "}{reference}", "{{reference}}", "{reference.pk}"])
def test_a_placeholder_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        check_placeholders(text)


def test_a_template_with_a_wrong_placeholder_can_not_be_saved_at_the_desk() -> None:
    client = at_desk()
    form = {"title": "Hello", "kind": "", "language": "en", "body": "Dear {name}"}

    refused = client.post("/admin/requests_app/answertemplate/add/", form)
    saved = client.post("/admin/requests_app/answertemplate/add/", {**form, "body": " ".join(f"{{{name}}}" for name in PLACEHOLDERS)})

    assert "There is no placeholder {name}" in refused.content.decode()
    assert saved.status_code == 302
    assert AnswerTemplate.objects.count() == 1
    assert with_role(make_staff(password=None), DPO).has_perm("requests_app.change_answertemplate")
