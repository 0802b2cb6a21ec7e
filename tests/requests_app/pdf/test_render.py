"""The PDF itself: everybody's letters, tags, the same bytes, nothing fetched, nothing off the page."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from requests_app.pdf.client import Renderer
from requests_app.pdf.documents import Field, Identifier, Listing, Person
from requests_app.pdf.labels import TEXTS
from tests.requests_app.pdf import samples

A4 = (595.3, 841.9)


def kinds(node: object, parent: str = "") -> Iterator[tuple[str, str]]:
    """(parent, kind) of every element of a structure tree."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from kinds(child, parent)
    elif isinstance(node, DictionaryObject):
        kind = str(node.get("/S", ""))
        if kind:
            yield parent, kind
        if "/K" in node:
            yield from kinds(node["/K"], kind or parent)


def boxes(data: bytes, folder: Path) -> list[tuple[float, float, float, float, str]]:
    """Every word of a PDF with its box: left, top, right, bottom in points."""
    path = folder / "boxes.pdf"
    path.write_bytes(data)
    listing = subprocess.run(["pdftotext", "-bbox", path, "-"], check=True, capture_output=True, text=True).stdout
    pattern = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
    return [(*map(float, match[:4]), match[4]) for match in re.findall(pattern, listing)]  # type: ignore[misc]


def test_letters_of_every_script_appear_as_themselves(renderer: Renderer, text_of: Callable[[bytes], str]) -> None:
    records = [{"script": name, "text": text} for name, text in samples.SCRIPTS.items() if name != "Emoji"]

    data = renderer.render(samples.volume(0, records=records))

    text = text_of(data)
    for name in ("Latin", "Greek", "Cyrillic", "Chinese", "Japanese", "Korean"):
        assert samples.SCRIPTS[name].replace(" ", "") in text
    for name in ("Arabic", "Hebrew", "Devanagari", "Thai"):
        letters = {letter for letter in samples.SCRIPTS[name] if letter.isalpha()}
        assert letters <= set(text), name
    fonts = {str(font["/BaseFont"]) for page in PdfReader(io.BytesIO(data)).pages for font in fonts_of(page)}
    assert {name.partition("+")[2] for name in fonts} == {
        "Noto-Sans",
        "Noto-Sans-Bold",
        "Noto-Sans-Arabic",
        "Noto-Sans-Hebrew",
        "Noto-Sans-Devanagari",
        "Noto-Sans-Thai",
        "Noto-Sans-CJK-JP",
    }


def fonts_of(page: DictionaryObject) -> list[DictionaryObject]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_emoji_are_pictures_of_the_size_of_letters(renderer: Renderer) -> None:
    data = renderer.render(samples.volume(0, records=[{"mood": "🎉 👩🏽‍🚀 🇪🇺"}]))

    page = PdfReader(io.BytesIO(data)).pages[0]
    scales = [float(match) for match in re.findall(rb"([\d.]+) 0 0 -?[\d.]+ [\d.]+ [\d.]+ cm\s*/i", page.get_contents().get_data())]
    assert len(page.images) >= 3
    assert all(scale < 20 for scale in scales)


def test_character_no_font_has_is_shown_by_its_number(renderer: Renderer, text_of: Callable[[bytes], str]) -> None:
    data = renderer.render(samples.volume(0, records=[{"sign": "a\U0001fbf9\U0003134fb"}]))

    assert "⟨U+3134F⟩b" in text_of(data)


def test_pdf_ua_markers_and_tags(renderer: Renderer) -> None:
    reader = PdfReader(io.BytesIO(renderer.render(samples.main_document())))
    catalog = reader.trailer["/Root"]

    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "en"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == TEXTS["title_access"]
    assert reader.metadata.author == "Synorex s.r.o."
    assert "pdfuaid:part" in catalog["/Metadata"].get_data().decode()
    tree = list(kinds(catalog["/StructTreeRoot"]))
    found = {kind for _, kind in tree}
    assert {"/Document", "/H1", "/H2", "/H3", "/P", "/L", "/LI", "/LBody", "/Table", "/TR", "/TH", "/TD", "/Link"} <= found
    assert {parent for parent, kind in tree if kind == "/LI"} == {"/L"}
    assert {parent for parent, kind in tree if kind == "/LBody"} == {"/LI"}
    assert {kind for parent, kind in tree if parent == "/LI"} <= {"/Lbl", "/LBody"}
    assert [entry.title for entry in reader.outline][:3] == [TEXTS["at_a_glance"], TEXTS["contents"], "Your profile"]


def test_same_document_gives_the_same_bytes_in_another_process_and_later(renderer: Renderer) -> None:
    with Renderer() as other:
        first = other.render(samples.main_document())
        other.render(samples.volume(3, records=[{"x": "\U0003134f 🎉"}]))
        again = other.render(samples.main_document())

    assert renderer.render(samples.main_document()) == first == again
    assert renderer.render(samples.main_document(created="2026-03-02T09:30:01+01:00")) != first


def test_data_is_never_fetched(renderer: Renderer, words_of: Callable[[bytes], str], tmp_path: Path) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        secret = tmp_path / "secret.txt"
        secret.write_text("do not show")
        attack = f"""<img src="{address}/img"><link rel=stylesheet href="{address}/css"><style>@import "{address}/import";</style>
            <a rel=attachment href="file://{secret}">x</a><object data="file://{secret}"></object><svg><image href="{address}/svg"/></svg>
            "}}@font-face{{font-family:x;src:url({address}/font)}} {{{{ 7*7 }}}} {{% debug %}} url({address}/css2)"""
        naive = f"import weasyprint; weasyprint.HTML(string='''{attack}''').write_pdf()"
        subprocess.run([sys.executable, "-c", naive], check=True, capture_output=True)
        reached, asked[:] = set(asked), []
        document = samples.main_document(
            reference='R"; } @page { background: url(' + address + "/ref) }",
            subject=Person(attack, [Identifier(attack, attack)]),
            consents=Listing([Field("x", attack)], [{"x": attack}]),
            how_to_check=attack,
        )
        document.sources[0] = samples.section(title=attack, records=[{attack: attack}], recipients=[attack])
        data = renderer.render(document)
        server.shutdown()
        thread.join()

    assert {"/img", "/css", "/svg"} <= reached
    assert asked == []
    text = words_of(data)
    assert "<img src=" in text
    assert "{{ 7*7 }}" in text
    assert "do not show" not in text


BAD = {
    "controls": "a\x00\x07\x1b[0m\x7fb",
    "surrogate": "x\ud83dy",
    "override": "invoice\u202efdp.exe",
    "five megabyte word": "W" * 5_000_000,
    "long words": " ".join(["W" * 300] * 5),
    "long arabic": "السلام عليكم " * 60,
    "long chinese": "王小明住在北京" * 60,
    "thai": "สมชายใจดีรักเมืองไทยและอาหารไทย" * 20,
    "url": "https://example.org/" + "a/b?c=d&" * 100,
    "lines": "a\n" * 3000,
    "combining": "e" + "\u0301" * 400,
    "L" * 300: "a label without an end",
    "": "a field without a name",
    "nested": {"k" * 200: ["v" * 400, {"deep": [[[["x"]]]]}]},
    "emoji": "🎉" * 200,
}


def test_bad_input_stays_on_the_page(renderer: Renderer, text_of: Callable[[bytes], str], tmp_path: Path) -> None:
    document = samples.main_document(
        subject=Person("N" * 3000, [Identifier("I" * 500, "V" * 500)]),
        consents=Listing([Field("a", "A" * 200), Field("b", "B")], [{"a": "x" * 500, "b": BAD["nested"]}]),
        reference="R" * 200,
    )
    document.sources[0] = samples.section(title="T" * 400, category="C" * 200, fields=[], records=[BAD, {}, None])

    data = renderer.render(document)

    outside = [word for word in boxes(data, tmp_path) if word[0] < 40 or word[2] > A4[0] - 40 or word[1] < 15 or word[3] > A4[1] - 15]
    assert outside == []
    text = text_of(data)
    assert "a␀␇␛[0m␡b" in text
    assert "x⟨U+D83D⟩y" in text
    assert "invoice⟨U+202E⟩fdp.exe" in text
    assert "".join(TEXTS["cut"].split()) in text
    assert "".join(TEXTS["unprintable"].split()) in text


def test_every_value_of_usual_records_is_there_in_reading_order(
    renderer: Renderer, words_of: Callable[[bytes], str], tmp_path: Path
) -> None:
    document = samples.volume(120)

    data = renderer.render(document)

    text = " ".join(words_of(data).split())
    for record in document.records:
        assert record is not None
        when = str(record["occurred_at"]).replace("T", " ").replace("+00:00", " UTC")
        assert f"When: {when} Channel: {record['channel']} Subject: {record['subject']}" in text
        assert f"Note: {record['note']}" in text
    assert all(word[2] <= A4[0] - 40 for word in boxes(data, tmp_path))


def test_columns_are_aligned(renderer: Renderer, tmp_path: Path) -> None:
    found = boxes(renderer.render(samples.volume(60)), tmp_path)

    for labels in (("When:", "Subject:"), ("Channel:",)):
        lefts = [word[0] for word in found if word[4] in labels]
        assert len(lefts) >= 60
        assert max(lefts) - min(lefts) < 0.6


def test_lines_after_a_value_that_wraps_keep_their_column(renderer: Renderer, tmp_path: Path) -> None:
    records = [{"long": "word " * 60, "short": "x"}, {"short": "x", "long": "word " * 60}]
    fields = [Field("long", "Long"), Field("short", "Short")]

    found = boxes(renderer.render(samples.volume(0, source=samples.section(fields=fields), records=records)), tmp_path)

    lefts = [word[0] for word in found if word[4] in {"Long:", "Short:"}]
    assert len(lefts) == 4
    assert max(lefts) - min(lefts) < 0.6


@pytest.mark.parametrize(
    "rule", ["As long as you have an account. It is deleted when you close the account, save for what law makes us keep.", "One year."]
)
def test_a_fact_starts_on_the_line_of_its_name(renderer: Renderer, tmp_path: Path, rule: str) -> None:
    source = samples.section(retention_rule=rule, retention_until=None)

    found = boxes(renderer.render(samples.volume(1, source=source)), tmp_path)

    name = next(word for word in found if word[4] == "How")
    text = next(word for word in found if word[4] == rule.split()[0] and word[0] > name[0] + 100)
    assert abs(name[1] - text[1]) < 1


def test_pictures_of_emoji_stand_behind_the_text_before_them(renderer: Renderer, tmp_path: Path) -> None:
    data = renderer.render(samples.volume(0, records=[{"mood": "Worried🙂"}]))

    page = PdfReader(io.BytesIO(data)).pages[0]
    lefts = [float(match) for match in re.findall(rb"([\d.]+) [\d.]+ cm\s+[\d. -]+ cm\s*/i", page.get_contents().get_data())]
    worried = next(word for word in boxes(data, tmp_path) if word[4].startswith("Worried"))
    assert len(lefts) == 1
    assert lefts[0] * 0.75 > worried[0] + 30  # CSS pixels as points


def test_what_is_left_out_of_a_source_is_counted_and_named_at_a_glance(renderer: Renderer, words_of: Callable[[bytes], str]) -> None:
    fields = [Field("name", "Name"), Field("password", "Password", "not given: a hash", "a hash that protects your account")]

    text = words_of(renderer.render(samples.main_document(sources=[samples.section(fields=fields, records=[{"name": "Ada"}])])))

    assert "Password: a hash that protects your account" in text
    assert TEXTS["nothing_missing"] not in text


def test_right_to_left_document(renderer: Renderer, tmp_path: Path) -> None:
    records = [{"الاسم": samples.SCRIPTS["Arabic"], "البريد": "layla@mail.example"}]

    data = renderer.render(samples.volume(0, language="ar", records=records))

    numbers = [word for word in boxes(data, tmp_path) if word[4] == "1"]
    assert PdfReader(io.BytesIO(data)).trailer["/Root"]["/Lang"] == "ar"
    assert any(word[0] > A4[0] / 2 for word in numbers)
    assert all(word[0] > 40 and word[2] < A4[0] - 40 for word in boxes(data, tmp_path))


@pytest.mark.parametrize("count", [0, 1, 7, 31])
def test_no_page_is_empty(renderer: Renderer, count: int) -> None:
    source = samples.section(records=[samples.interaction(number) for number in range(count)])
    documents = (samples.main_document(sources=[source] * 3), samples.volume(count), samples.main_document(sources=[]))

    for document in documents:
        for page in PdfReader(io.BytesIO(renderer.render(document))).pages:
            assert len(page.extract_text().split()) > 12


def test_main_document_says_everything(renderer: Renderer, text_of: Callable[[bytes], str]) -> None:
    text = text_of(renderer.render(samples.main_document()))

    for expected in (
        *("R-7K2M-4Q9D", "Monday, 2 March 2026", "Žofie Łukasiewicz", "zofie@mail.example", "Synorex s.r.o.", "10 000"),
        *("They hold the voice of another person.", "The system did not answer in five attempts.", "unreadable"),
        *("pdf/shop.invoices-020.pdf", "records 9 501 to 10 000", "rechnung märz.pdf", "Newsletter by e-mail", "Parcel Post Ltd"),
        *(TEXTS["access_log_empty"], TEXTS["transfers_empty"], TEXTS["automated_decisions_empty"], TEXTS["searched_empty"]),
        *("Correction", "https://uoou.gov.cz", "manifest.sig", "2025-11-03 18:02:11 +01:00"),
    ):
        assert "".join(expected.split()) in text, expected


def test_memory_of_the_child_stays_flat_over_volumes() -> None:
    with Renderer() as one:
        seen = []
        for first in range(1, 3001, 500):
            one.render(samples.volume(500, first=first))
            status = Path(f"/proc/{one.child_pid}/status").read_text()
            seen.append(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]))

    assert max(seen) < 1.25 * seen[0]
    assert max(seen) < 160 * 1024
