"""A hidden text is found in every form, nothing else is touched, and nothing of it is left in any file of a bundle."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from privacycenter.kernel.sources import FileItem, Problem, Record
from requests_app.bundle.assemble import render
from requests_app.bundle.outputs import export_source, read_records
from requests_app.bundle.serialise import serialise
from requests_app.redaction.folding import fold
from requests_app.redaction.hiding import Hidden, HiddenText, SourceHider
from requests_app.redaction.patterns import Form, TooShort, needle_for
from tests.requests_app.bundle.facts import KEY, facts_of, make, result
from tests.requests_app.bundle.sources import ListSource

NAME, ADDRESS, NUMBER = "Zoë Çelik-Straße", "zoë.celik@müller.example", "+49 30 1234567"


def hidden(*texts: str, region: str = "DE") -> Hidden:
    return Hidden([HiddenText(f"by:{n}", needle_for(text, region=region), f"Person {'ABCDEF'[n]}") for n, text in enumerate(texts)])


def shown(text: str, *texts: str) -> str:
    return hidden(*texts).text_in(text)[0]


@pytest.mark.parametrize(
    ("hide", "text", "left"),
    [
        ("Ann Lee", "Ann Lee wrote", "[Person A] wrote"),
        ("Ann Lee", "ANN  LEE, ann.lee and Lee, Ann", "[Person A], [Person A] and [Person A]"),
        ("Ann", "Annual plan of Ann", "Annual plan of [Person A]"),
        ("Ann", "ann_lee", "[Person A]_lee"),
        ("Ann Lee", "ann@lee.example", "ann@lee.example"),
        ("Zoë", unicodedata.normalize("NFD", "Zoë, ZOË"), "[Person A], [Person A]"),
        ("Zoe", "Zoë", "[Person A]"),
        ("Zoë", "Zoe", "[Person A]"),
        ("Weiß", "WEISS", "[Person A]"),
        ("Łukasz", "lukasz", "[Person A]"),
        ("O'Brien", "O\u2019Brien", "[Person A]"),
        ("Ann", "\uff21\uff4e\uff4e", "[Person A]"),
        ("Ann", "A\u200bn\u00adn", "[Person A]"),
        ("田中", "田中さん", "[Person A]さん"),
        ("김철수", unicodedata.normalize("NFD", "김철수님"), f"[Person A]{unicodedata.normalize('NFD', '님')}"),
        ("ann@x.example", "Mail <Ann@X.example>.", "Mail <[Person A]>."),
        ("ann@x.example", "mailto:ann%40x.example", "mailto:[Person A]"),
        ("ann@x.example", "ann (at) x.example", "[Person A]"),
        ("ann@x.example", "joann@x.example", "joann@x.example"),
        ("ann@x.example", "...ann@x.example...", "...[Person A]..."),
        ("ann@müller.example", "ann@xn--mller-kva.example", "[Person A]"),
        ("ann@xn--mller-kva.example", "ann@müller.example", "[Person A]"),
        (NUMBER, "call (030) 123 45-67 now", "call [Person A] now"),
        (NUMBER, "tel:+49301234567", "tel:[Person A]"),
        (NUMBER, "0049 (0)30/1234567", "[Person A]"),
        (NUMBER, "+49\u00a030\u20111234567", "[Person A]"),
        ("030 1234567", "+49 30 1234567", "[Person A]"),
        (NUMBER, "order 930123456799", "order 930123456799"),
        (NUMBER, "\u0660\u0663\u0660 \u0661\u0662\u0663\u0664\u0665\u0666\u0667", "[Person A]"),
    ],
)
def test_a_text_is_found_in_its_forms_and_in_nothing_else(hide, text, left):
    assert shown(text, hide) == left


@pytest.mark.parametrize(
    ("hide", "region", "text"),
    [
        ("+7 912 345-67-89", "RU", "89123456789"),
        ("+7 912 345-67-89", "RU", "8 (912) 345-67-89"),
        ("+36 20 123 4567", "HU", "06201234567"),
        ("+36 20 123 4567", "HU", "06 20 123 4567"),
        ("+36 20 123 4567", "HU", "+36201234567"),
    ],
)
def test_a_number_is_found_with_what_is_dialled_before_it_within_its_country(hide, region, text):
    assert hidden(hide, region=region).text_in(text)[0] == "[Person A]"


@pytest.mark.parametrize("text", ["a", "!!", "田"])
def test_what_is_too_short_hides_nothing(text):
    with pytest.raises(TooShort):
        needle_for(text)


def test_what_overlaps_is_hidden_as_one():
    assert shown("Ann Lee Smith", "Ann Lee", "Lee Smith") == "[Person A]"


def test_what_a_text_is():
    assert [needle_for(text, region="DE").form for text in (NAME, ADDRESS, NUMBER, "4711 0815 99")] == [
        Form.WORDS,
        Form.EMAIL,
        Form.PHONE,
        Form.PHONE,
    ]


WORDS = st.text(alphabet=st.characters(categories=["Ll", "Lu", "Lo", "Nd"]), min_size=2, max_size=8)
PIECES = st.lists(
    st.one_of(st.sampled_from(["{}", "{lower}", "{upper}", "{nfd}", "{nfkc}", "<{}>", '"{}"', "\\{}\n"]), st.text(max_size=6)), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(hide=WORDS, pieces=PIECES)
def test_the_text_is_nowhere_in_what_is_written(hide, pieces):
    try:
        found = hidden(hide)
    except TooShort:
        return
    forms = {
        "lower": hide.lower(),
        "upper": hide.upper(),
        "nfd": unicodedata.normalize("NFD", hide),
        "nfkc": unicodedata.normalize("NFKC", hide),
    }
    text = " ".join(
        piece.replace("{}", hide)
        .replace("{lower}", forms["lower"])
        .replace("{upper}", forms["upper"])
        .replace("{nfd}", forms["nfd"])
        .replace("{nfkc}", forms["nfkc"])
        for piece in pieces
    )
    hider = SourceHider(found, "tests.list")
    line = hider.lines(serialise([{"key": "1", "text": text, "deep": {"list": [text]}}]).data)

    record = json.loads(line)
    pattern = found.texts[0].needle.pattern
    label = fold("[Person A]")
    for value in (record["text"], record["deep"]["list"][0]):
        assert not pattern.search(fold(value).replace(label, "\n"))
    assert (line == serialise([{"key": "1", "text": text, "deep": {"list": [text]}}]).data) == (hider.counts["places"] == 0)


def all_text_of(data: bytes) -> str:
    """Everything that can be read in the files of a bundle, folded."""
    parts = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".pdf"):
                parts += [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
            elif name.endswith(".json"):
                parts.append(json.dumps(json.loads(content), ensure_ascii=False))
            else:
                parts.append(content.decode("utf-8", "replace"))
    return fold(" ".join(parts))


def exported(*items, hide: Hidden, key="tests.list"):
    source = ListSource(*items, key=key)
    output = export_source(source, {}, key=KEY, name_prefix=f"work/{key}", hider=SourceHider(hide, key))
    return result(source.describe(), status=output.status, output=output)


@pytest.mark.obligation("R-01")
def test_nothing_of_it_is_left_in_any_file_of_the_bundle():
    """Records, keys, names of files, text files, problems; JSON, PDF and start page."""
    items = (
        Record("1", {"text": f"From {NAME.upper()} <{ADDRESS.upper()}>, tel. (030) 123 45-67", "deep": {ADDRESS: [NAME, 49301234567]}}),
        Record(ADDRESS, {"text": "kept"}),
        FileItem("1", f"{NAME}.txt", "text/plain", lambda: io.BytesIO(f"Call {NAME} at {NUMBER}".encode())),
        FileItem("2", "scan.bin", "application/octet-stream", lambda: io.BytesIO(f"x{ADDRESS}x ".encode() + ADDRESS.encode())),
        Problem(ADDRESS, f"{NAME} could not be read"),
    )
    source = exported(*items, hide=hidden(NAME, ADDRESS, NUMBER))

    text = all_text_of(make(facts_of(source), render=render)[1])

    for word in ("zoe", "celik", "strasse", "muller.example", "1234567", "123 45-67"):
        assert word not in text
    assert "person a" in text
    assert "kept" in text
    assert source.output.hidden["files"] == 1


def test_fields_records_and_files_are_hidden_as_staff_decided():
    hide = Hidden(
        records={("tests.list", "2"): "by:1"},
        fields={("tests.list", "1"): {"text": ("by:2", "Person A")}, ("tests.other", "3"): {"text": ("by:4", "Person B")}},
        files={("tests.list", "3"): "by:3"},
    )
    items = (
        *(Record(str(n), {"text": f"row {n}"}) for n in range(1, 4)),
        *(FileItem(str(n), "x", "image/png", lambda: io.BytesIO(b"png")) for n in range(2, 5)),
    )

    output = exported(*items, hide=hide).output

    assert read_records(output, key=KEY) == [{"key": "1", "text": "[Person A]"}, {"key": "3", "text": "row 3"}]
    assert [file.record for file in output.files] == ["4"]
    assert output.hidden == {"places": 1, "records": 1, "files": 2, "by:1": 2, "by:2": 1, "by:3": 1}


def test_many_records_are_cut_into_the_same_batches_and_counted_right():
    items = [Record(str(n), {"text": "Ann" if n % 1000 == 0 else "row"}) for n in range(5_000)]

    output = exported(*items, hide=hidden("Ann")).output

    assert (output.count, output.hidden["places"]) == (5_000, 5)
    assert [record["text"] for record in read_records(output, key=KEY) if record["text"] != "row"] == ["[Person A]"] * 5


def test_json_that_comes_as_text_is_looked_through_too():
    hider = SourceHider(hidden("Ann Lee", "a/b@x.example"), "s")
    batch = [{"key": "1", "payload": '{"who": "Ann\\tLee", "mail": "a\\/b@x.example", "n": 10.50}'}]

    line = hider.lines(serialise(hider.plain_fields(batch, ["payload"]), ["payload"]).data)

    assert json.loads(line) == {"key": "1", "payload": {"who": "[Person A]", "mail": "[Person B]", "n": 10.5}}


def test_a_number_that_a_source_gives_as_a_decimal_is_hidden():
    hider = SourceHider(hidden(NUMBER), "s")

    line = hider.lines(serialise([{"key": "1", "phone": 49301234567.0, "price": 10.5, "share": 1e300}]).data)

    assert json.loads(line) == {"key": "1", "phone": "[Person A]", "price": 10.5, "share": 1e300}


def given_file(data: bytes, media_type: str = "text/csv", *, hide: str = "Zoë Müller") -> bytes | None:
    """What becomes of a file; None where it is left out."""
    item = SourceHider(hidden(hide), "s").file(FileItem("1", "file", media_type, lambda: io.BytesIO(data)))
    if item is None:
        return None
    with item.open() as stream:
        return stream.read()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_a_text_file_is_read_in_its_encoding_and_given_in_it(encoding):
    assert given_file("1;Zoë Müller;büro".encode(encoding)).decode(encoding) == "1;[Person A];büro"
    untouched = "1;somebody;büro".encode(encoding)
    assert given_file(untouched) == untouched


@pytest.mark.parametrize(
    ("hide", "data", "media_type"),
    [
        ("Łukasz", "1;Łukasz".encode("cp1250"), "text/csv"),
        ("Иванов", "Пишет Иванов".encode("cp1251"), "text/plain"),
        ("Zoë Müller", "Zoë Müller".encode("utf-16-le"), "text/plain"),
        ("Zoë Müller", "Zoë Müller".encode("utf-16-le"), "application/octet-stream"),
        ("Zoë Müller", "Zoë Müller".encode("latin-1"), "application/octet-stream"),
        ("Zoë Müller", "<p>Zoë Müller".encode("utf-16"), "text/html"),
        ("Zoë Müller", b"nobody \xff\x81\x00", "text/plain"),
    ],
)
def test_a_file_whose_text_cannot_be_told_for_sure_is_left_out(hide, data, media_type):
    assert given_file(data, media_type, hide=hide) is None


def test_a_declared_encoding_counts():
    data = given_file("Ждёт Иванов".encode("cp1251"), "text/plain; charset=windows-1251", hide="Иванов")

    assert data.decode("cp1251") == "Ждёт [Person A]"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_letter_across_two_pieces_of_a_file_does_not_hide_a_match(encoding):
    for more in range(4):
        text = "x" * ((256 * 1024 - 4) // len("x".encode(encoding.replace("16", "16-le"))) - 3 + more) + " Zoë Müller"
        assert given_file(text.encode(encoding), "application/pdf") is None, more


def test_a_long_name_of_a_file_is_hidden_before_it_is_shortened():
    name = "a" * 54 + " Zoë Müller " + "b" * 80

    output = exported(FileItem("Zo\x00ë Müller", name, "image/png", lambda: io.BytesIO(b"png")), hide=hidden("Zoë Müller")).output

    assert "[Pers…" in output.files[0].original_name
    assert "Zo" not in output.files[0].original_name
    assert output.files[0].record == "[Person A]"


MASKED = [
    ("Jürgen Müller", json.dumps({"who": "Jürgen Müller"})),
    ("Jürgen Müller", json.dumps(json.dumps(["JÜRGEN MÜLLER"]))),
    ("Zoë", json.dumps("Zoë")),
    ("Jürgen", "J&uuml;rgen wrote"),
    ("Jürgen", "J&amp;uuml;rgen wrote"),
    ("Jürgen", "J&#252;rgen, J&#xFC;rgen"),
    ("Jürgen", "/people/J%C3%BCrgen"),
    ("Jürgen", "/people/J%FCrgen?x=1"),
    ("Jürgen", "J<b>ü</b>rgen"),
    ("Ann Lee", "Ann<br>Lee"),
    ("Ann Lee", "<p>somebody</p><p>Ann <b class='x'>Lee</b></p>"),
    ("Ann Lee", "Zoë<br>Ann Lee"),
    ("Ann Lee", "Ann Lee and A&#110;n Lee"),
    ("ann@example.org", "ann\\u0040example.org"),
    ("ann@example.org", "ann@example%2Eorg"),
    ("ann@example.org", "ann(at)example(dot)org"),
    ("ann@example.org", "ann [at] example [dot] org"),
]


@pytest.mark.parametrize(("hide", "text"), MASKED)
def test_a_value_is_hidden_as_a_whole_where_markup_or_escapes_stand_in_a_text(hide, text):
    hider = SourceHider(hidden(hide), "s")

    lines = hider.lines(serialise([{"key": "0", "text": "\\n &#10; none"}, {"key": "1", "text": text, "other": "kept"}]).data).splitlines()

    assert json.loads(lines[0])["text"] == "\\n &#10; none"
    left = json.loads(lines[1])
    assert left["other"] == "kept"
    assert left["text"] == ("Zoë<br>[Person A]" if text.startswith("Zoë<") else "[Person A]")
    assert hider.counts["places"] == 1


@pytest.mark.parametrize(("hide", "text"), MASKED)
@pytest.mark.parametrize("media_type", ["text/html", "application/json"])
def test_a_file_is_left_out_where_markup_or_escapes_stand_in_a_text(hide, text, media_type):
    assert given_file(text.encode(), media_type, hide=hide) is None
    assert given_file(b"<p>nobody &amp; nothing</p>", media_type, hide=hide) is not None


def test_a_plain_text_in_which_no_label_can_take_the_place_is_left_out():
    assert given_file(b"Ann Lee and A&#110;n Lee", "text/plain", hide="Ann Lee") is None
