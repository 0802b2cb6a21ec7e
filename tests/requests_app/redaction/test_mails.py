"""Stored messages: what base64 and quoted-printable make unreadable is searched all the same, within bounds."""

from __future__ import annotations

import io
from email.message import EmailMessage
from typing import Any

import pytest

from privacycenter.kernel.sources import FileItem, Record, registry
from requests_app.redaction import candidates, mails
from requests_app.redaction.candidates import find_candidates, mail_bytes
from requests_app.redaction.hiding import SourceHider
from requests_app.redaction.mails import NotReadable, is_mail, texts_of
from tests.factories.accounts import make_account
from tests.factories.requests import ToldSource, bundle_of, worked
from tests.requests_app.redaction.test_hiding import hidden

BO = "Bo Müller"
PERSON = {"full_name": "Ana Beispiel", "username": "ana", "email": "ana@people.example", "password": None}


def a_mail(body: str, *, cte: str = "base64", subtype: str = "plain", charset: str = "utf-8", subject: str = "News") -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content(body, subtype=subtype, charset=charset, cte=cte)
    return message.as_bytes()


def read(data: bytes) -> str:
    return "\n".join(texts_of(io.BytesIO(data)))


def file_of(data: bytes, name: str = "letter.eml", media_type: str = "message/rfc822") -> FileItem:
    return FileItem("1", name, media_type, lambda: io.BytesIO(data))


@pytest.mark.parametrize("cte", ["base64", "quoted-printable"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_a_part_is_read_whatever_it_is_packed_in(cte: str, charset: str) -> None:
    data = a_mail(f"Written by {BO}, bo@others.example.", cte=cte, charset=charset)

    assert BO.encode() not in data
    assert f"Written by {BO}, bo@others.example." in read(data)


def test_headers_inner_parts_and_messages_within_messages_are_read() -> None:
    inner = EmailMessage()
    inner["From"] = f"{BO} <bo@others.example>"
    inner.set_content("Forwarded by Kim.", cte="base64")
    outer = EmailMessage()
    outer["Subject"] = "Größe für Zoë"
    outer.set_content("See below.")
    outer.add_alternative("<p>J&uuml;rgen wrote</p>", subtype="html", cte="base64")
    outer.add_attachment(inner)
    outer.add_attachment(b"\x89PNG bo@inside.example", maintype="image", subtype="png", filename="scan.png")

    text = read(outer.as_bytes())

    for words in ("Größe für Zoë", "See below.", "Jürgen wrote", BO, "Forwarded by Kim."):
        assert words in text
    assert "bo@inside.example" not in text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no headers at all",
        b"Content-Transfer-Encoding: base64\n\n%%%not base64%%%",
        b"Content-Type: text/plain; charset=none-such\n\nw\xf6rds",
        b"Subject: =?none-such?b?d8O2cmRz?= =?utf-8?b?!!!?=\n\nwords",
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nwords without an end',
        b"Content-Type: text/plain; charset*=u\0tf-8''x\n\nwords",
    ],
)
def test_a_broken_message_is_read_as_far_as_it_goes(data: bytes) -> None:
    assert isinstance(read(data), str)


def test_a_message_that_is_too_large_too_deep_or_in_too_many_parts_is_said_to_be_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(3_000))
    many = b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 2_000 + b"--b--\n"
    for data in (deep, many):
        with pytest.raises(NotReadable):
            read(data)
    monkeypatch.setattr(mails, "MAIL_BYTES", 100)
    with pytest.raises(NotReadable):
        read(a_mail("x" * 200))


def test_a_message_is_known_by_its_type_or_its_name() -> None:
    assert is_mail("message/rfc822; charset=utf-8", "1")
    assert is_mail("application/octet-stream", "Letter.EML")
    assert not is_mail("text/plain", "letter.txt")


@pytest.mark.parametrize("cte", ["base64", "quoted-printable"])
def test_a_message_in_which_something_hidden_stands_is_left_out_of_the_copy(cte: str) -> None:
    hider = SourceHider(hidden(BO), "tests.list")
    kept = file_of(a_mail("Nothing of others.", cte=cte))

    assert hider.file(file_of(a_mail(f"Written by {BO}.", cte=cte))) is None
    assert hider.file(kept) is kept
    assert hider.counts["files"] == 1


def test_a_message_that_nobody_can_look_through_is_left_out_where_something_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "MAIL_BYTES", 100)

    assert SourceHider(hidden(BO), "tests.list").file(file_of(a_mail("x" * 200))) is None


@pytest.fixture
def reviewed() -> Any:
    mail = a_mail(f"From {BO} <bo@others.example>. {BO} came by. I am ana@people.example.")
    items = [Record("1", {"note": "kept"}), file_of(mail), file_of(a_mail("Ask kim@desk.example", cte="quoted-printable"), "two.eml")]
    with registry.temporarily(ToldSource(items=items)):
        yield worked(make_account(**PERSON))


@pytest.mark.django_db
def test_what_stands_in_an_encoded_message_is_suggested(reviewed: Any) -> None:
    found = {item.text: item for item in find_candidates(bundle_of(reviewed)).candidates}

    assert (found["bo@others.example"].form, found[BO].form, found[BO].count) == ("email", "words", 2)
    assert "kim@desk.example" in found
    assert "ana@people.example" not in found
    [place] = found["bo@others.example"].contexts
    assert (place["source"], place["field"], place["text"]) == ("tests.told", "letter.eml", "bo@others.example")


@pytest.mark.django_db
def test_messages_beyond_the_bound_are_not_read_and_the_page_says_that_there_is_more(
    reviewed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_of(reviewed)
    whole = find_candidates(bundle)
    monkeypatch.setattr(candidates, "MAILS_BYTES", mail_bytes(bundle) - 1)
    bounded = find_candidates(bundle)

    assert (whole.has_more, bounded.has_more) == (False, True)
    assert "kim@desk.example" not in {item.text for item in bounded.candidates}
    assert "bo@others.example" in {item.text for item in bounded.candidates}
