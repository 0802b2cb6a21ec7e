"""The profile: mandatory data changed, optional data added, changed and removed (H-03), and what an export holds."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.client import Client as Browser
from accounts.domain import Received, keep_received, note_security_event, set_photo
from accounts.domain.photos import MAX_BYTES, encode_anew
from accounts.enums import SecurityEventKind
from accounts.errors import PhotoNotUsable
from accounts.forms.widgets import LongSelect
from accounts.models import FederatedRecord, ProfilePhoto, User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import FileItem, Problem, registry
from privacycenter.subjects.models import Identifier
from tests.factories.accounts import make_account, signed_in

PAGE, PHOTO = "/accounts/profile/", "/accounts/profile/photo/"
ACTOR = Actor.system("tests")

pytestmark = pytest.mark.django_db


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "full_name": "Ada King",
        "phone": "+60 3-8888 1234",
        "company": "Engines Ltd",
        "country": "GB",
        "username": "adaking",
        "time_zone": "Europe/London",
        "language": "en",
    } | changes


def picture(size: tuple[int, int] = (800, 400), form: str = "JPEG", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, form, **options)
    return target.getvalue()


def upload(content: bytes, name: str = "me.jpg") -> dict[str, Any]:
    return {"photo": SimpleUploadedFile(name, content, "image/jpeg")}


@pytest.mark.obligation("C-01", "H-03")
def test_mandatory_data_is_changed_and_optional_data_added_and_removed() -> None:
    user = make_account(username="ada")
    client = signed_in(user)

    saved = client.post(PAGE, filled())
    first = User.objects.select_related("subject").get()
    client.post(PAGE, filled(time_zone="", language=""))
    second = User.objects.select_related("subject").get()

    assert saved.status_code == 302
    assert (first.full_name, str(first.phone), first.company, first.country.code, first.username) == (
        "Ada King",
        "+60388881234",
        "Engines Ltd",
        "GB",
        "adaking",
    )
    assert (first.subject.time_zone, first.subject.language) == ("Europe/London", "en")
    assert (second.subject.time_zone, second.subject.language) == ("", "")
    assert set(AuditEntry.objects.filter(verb="accounts.profile_changed").first().fields) >= {"full_name", "phone"}


@pytest.mark.parametrize("name", ["full_name", "phone", "company", "country", "username"])
def test_mandatory_data_can_be_changed_but_not_left_out(name: str) -> None:
    response = signed_in(make_account()).post(PAGE, filled(**{name: ""}))

    assert list(response.context["form"].errors) == [name]


def test_long_lists_show_what_is_chosen_and_are_escaped() -> None:
    control = LongSelect(choices=[("", "None"), ("a&b", "<b>"), ("c", "C")], attrs={"required": True}).render("zone", "c", {"id": "x"})

    assert control == (
        '<select id="x" name="zone" required><option value="">None</option><option value="a&amp;b">&lt;b&gt;</option>'
        '<option value="c" selected>C</option></select>'
    )


def test_a_username_of_somebody_else_is_refused() -> None:
    make_account(username="taken")

    response = signed_in(make_account()).post(PAGE, filled(username="Taken"))

    assert list(response.context["form"].errors) == ["username"]


def test_a_contact_number_is_an_identifier_without_proof() -> None:
    user = make_account()
    signed_in(user).post(PAGE, filled())

    numbers = list(Identifier.objects.filter(kind="phone").values_list("value", "proven_at"))
    assert numbers == [("+60388881234", None)]


@pytest.mark.parametrize(("kind", "form"), [("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
@pytest.mark.obligation("H-03")
def test_a_photo_is_added_shown_replaced_and_removed(kind: str, form: str) -> None:
    user = make_account()
    client = signed_in(user)

    client.post(PHOTO, upload(picture(form=form), f"me.{kind}"))
    shown = client.get("/accounts/profile/photo.jpg")
    client.post(PHOTO, upload(picture((100, 100))))
    replaced = ProfilePhoto.objects.get()
    client.post(PHOTO, {"remove": "1"})

    assert Image.open(io.BytesIO(shown.content)).size == (512, 256)
    assert shown["Cache-Control"] == "no-store"
    assert (replaced.width, replaced.height) == (100, 100)
    assert not ProfilePhoto.objects.exists()
    assert client.get("/accounts/profile/photo.jpg").status_code == 404


def test_a_photo_loses_its_place_and_device_and_keeps_its_upright() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Spy Camera 3000"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    content = picture((300, 200), exif=exif, comment=b"home address")
    assert b"Spy Camera" in content
    user = make_account()
    client = signed_in(user)

    client.post(PHOTO, upload(content))

    stored = client.get("/accounts/profile/photo.jpg").content
    image = Image.open(io.BytesIO(stored))
    assert not dict(image.getexif())
    assert b"Spy Camera" not in stored
    assert b"home address" not in stored
    assert image.size == (200, 300)


def test_a_photo_is_stored_encrypted_and_bound_to_its_account() -> None:
    user = make_account()
    set_photo(user, content=picture(), client=Browser(), actor=ACTOR)

    sealed = bytes(ProfilePhoto.objects.get().sealed)
    assert b"JFIF" not in sealed
    ProfilePhoto.objects.update(user=make_account())
    assert isinstance(_exported("accounts.profile", User.objects.latest("pk"))[-1], Problem)


@pytest.mark.parametrize(
    "content",
    [
        b"no picture at all",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture(form="GIF"),
        picture()[:200],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    ],
)
def test_what_is_no_usable_picture_is_refused(content: bytes) -> None:
    response = signed_in(make_account()).post(PHOTO, upload(content))

    assert response.status_code == 200
    assert list(response.context["photo_form"].errors) == ["photo"]
    assert not ProfilePhoto.objects.exists()


def test_a_picture_that_unfolds_to_too_much_is_refused_before_it_does() -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000

    with pytest.raises(PhotoNotUsable):
        set_photo(make_account(), content=bomb.getvalue(), client=Browser(), actor=ACTOR)


@pytest.mark.parametrize(("height", "is_taken"), [(5_000, True), (5_001, False)])
def test_forty_megapixels_are_taken_and_not_a_row_more(height: int, is_taken: bool) -> None:
    content = picture((8_000, height), "PNG")
    if is_taken:
        assert encode_anew(content)[1] == (512, 320)
    else:
        with pytest.raises(PhotoNotUsable):
            encode_anew(content)


_PEAK = """
import resource, sys
import django
django.setup()
from PIL import Image, JpegImagePlugin, PngImagePlugin
from accounts.domain.photos import encode_anew
from accounts.errors import PhotoNotUsable
content = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    encode_anew(content)
except PhotoNotUsable:
    print("refused")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize(
    ("mode", "size", "form", "refused", "megabytes"),
    [
        ("1", (20_000, 20_000), "PNG", True, 30),
        ("RGB", (9_000, 9_000), "JPEG", True, 30),
        ("RGBA", (8_000, 5_000), "PNG", False, 400),
        ("RGB", (8_000, 5_000), "PNG", False, 240),
    ],
)
def test_the_memory_of_a_picture_is_bounded_and_a_bomb_takes_none(
    mode: str, size: tuple[int, int], form: str, refused: bool, megabytes: int
) -> None:
    content = io.BytesIO()
    Image.new(mode, size).save(content, form)
    done = subprocess.run([sys.executable, "-c", _PEAK], input=content.getvalue(), stdout=subprocess.PIPE, check=True, timeout=120)
    *said, peak = done.stdout.decode().split()

    assert said == (["refused"] if refused else [])
    assert int(peak) < megabytes


def test_a_file_that_is_too_large_is_refused() -> None:
    response = signed_in(make_account()).post(PHOTO, upload(picture() + b"\0" * MAX_BYTES))

    assert list(response.context["photo_form"].errors) == ["photo"]


def test_pages_of_the_account_are_for_their_owner_only() -> None:
    for path in (PAGE, "/accounts/profile/photo.jpg"):
        assert Client().get(path).url.startswith("/accounts/login/")


def test_the_profile_page_takes_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    client = signed_in(make_account())
    client.get(PAGE)

    with django_assert_num_queries(7):
        client.get(PAGE)


def _exported(key: str, user: User) -> list[Any]:
    source = registry.get(key)
    return list(source.export(source.locate(user.subject)))


@pytest.mark.obligation("R-01")
def test_an_export_holds_what_the_room_holds_and_no_secret() -> None:
    user = make_account(username="ada", email="ada@example.com", full_name="Ada Lovelace")
    set_photo(user, content=picture(), client=Browser(), actor=ACTOR)
    note_security_event(user, kind=SecurityEventKind.LOGGED_IN, client=Browser("203.0.113.0/24", "Firefox"))
    received = Received("google", "https://accounts.google.com", "42", {"name": "Ada", "email": "ada@gmail.example"})
    keep_received(user, received=received, taken_over=["name"], actor=ACTOR)
    other = make_account(username="other")

    profile, photo = _exported("accounts.profile", user)
    address = _exported("accounts.identities", user)[0].values
    event = _exported("accounts.security_events", user)[-1].values
    federated = _exported("accounts.federated", user)[0].values

    assert (profile.values["full_name"], profile.values["email"], profile.values["country"]) == (
        "Ada Lovelace",
        "ada@example.com",
        "Malaysia (MY)",
    )
    assert "password" not in profile.values
    assert isinstance(photo, FileItem)
    assert photo.open().read(3) == b"\xff\xd8\xff"
    assert address == {"address": "ada@example.com", "is_confirmed": True, "is_main": True, "source": "Given by you in your account"}
    assert (event["kind"], event["network"], event["browser"]) == ("Logged in", "203.0.113.0/24", "Firefox")
    assert (federated["issuer"], federated["received"], federated["taken_over"]) == (
        "https://accounts.google.com",
        {"email": "ada@gmail.example", "name": "Ada"},
        ["name"],
    )
    assert _exported("accounts.federated", other) == []


@pytest.mark.parametrize(
    "key",
    [
        "accounts.profile",
        "accounts.identities",
        "accounts.security_events",
        "accounts.sessions",
        "accounts.federated",
        "accounts.security_questions",
    ],
)
def test_every_source_counts_what_it_exports_in_its_own_fields(key: str) -> None:
    user = make_account()
    source = registry.get(key)
    locator = source.locate(user.subject)
    names = {field.name for field in source.describe().fields if not field.withheld}

    items = list(source.export(locator))

    assert source.count(json.loads(json.dumps(locator))) == len(items)
    assert all(set(item.values) == names for item in items)


def test_somebody_without_an_account_has_nothing_here() -> None:
    user = make_account()
    subject = user.subject
    user.delete()

    assert registry.get("accounts.profile").locate(subject) == {}
    assert registry.get("accounts.profile").count({}) == 0


def test_one_unreadable_record_does_not_cost_the_others() -> None:
    user = make_account()
    for number in range(3):
        keep_received(user, received=Received("p", "https://p.example", str(number), {"name": "x"}), taken_over=(), actor=ACTOR)
    FederatedRecord.objects.filter(uid="1").update(received=b"\x01\x02ab" + b"\0" * 40)

    kinds = [type(item).__name__ for item in _exported("accounts.federated", user)]

    assert kinds == ["Record", "Problem", "Record"]


def test_no_text_about_an_account_holds_personal_data() -> None:
    user = make_account(username="ada", email="ada@example.com", full_name="Ada Lovelace")

    assert str(user) == f"Account {user.pk}"
