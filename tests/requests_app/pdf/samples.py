"""Documents for the tests and benchmarks of the PDF: a believable person, scripts of the world, long lists."""

from __future__ import annotations

from requests_app.pdf.documents import (
    Authority,
    Controller,
    Field,
    FileRef,
    Identifier,
    Listing,
    MainDocument,
    Person,
    Purpose,
    Record,
    RecordProblem,
    Right,
    SourceSection,
    VolumeDocument,
    VolumeRef,
)

CREATED = "2026-03-02T09:30:00+01:00"

SCRIPTS = {
    "Latin": "Žofie Łukasiewicz-Ångström",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Надежда Щербакова",
    "Arabic": "ليلى الحداد",
    "Hebrew": "שרה כהן",
    "Devanagari": "प्रिया शर्मा",
    "Thai": "สมชาย ใจดี",
    "Chinese": "王小明住在北京",
    "Japanese": "山田はなこ、カタカナ",
    "Korean": "김민지는 서울에",
    "Emoji": "🎉 👩🏽‍🚀 🇪🇺 ☎",
}

_WORDS = ["the", "parcel", "was", "left", "with", "a", "neighbour", "because", "nobody", "opened", "and", "drove", "on"]


def interaction(number: int) -> Record:
    """A usual record of four short fields."""
    note = " ".join(_WORDS[(number * 7 + step) % len(_WORDS)] for step in range(6))
    return {
        "occurred_at": f"2025-{number % 12 + 1:02d}-{number % 28 + 1:02d}T{number % 24:02d}:15:00+00:00",
        "channel": ("web", "phone", "e-mail", "shop")[number % 4],
        "subject": f"Order {100000 + number * 37}",
        "note": note.capitalize() + ".",
    }


INTERACTION_FIELDS = [
    Field("occurred_at", "When"),
    Field("channel", "Channel"),
    Field("subject", "Subject"),
    Field("note", "Note"),
]


def section(**changes: object) -> SourceSection:
    """A source with its five facts; `changes` override."""
    values: dict[str, object] = {
        "key": "records.interactions",
        "title": "Contacts with you",
        "category": "Service",
        "status": "found",
        "origin": "You, when you wrote or called us",
        "purposes": [Purpose("Answering your questions", "contract, Art. 6(1)(b) GDPR")],
        "recipients": ["Parcel Post Ltd (delivery)"],
        "retention_rule": "Three years after the last contact",
        "retention_until": "2028-03-02",
        "portable": True,
        "fields": list(INTERACTION_FIELDS),
    }
    values.update(changes)
    if "records" in changes and "count" not in changes:
        values["count"] = len(values["records"])  # type: ignore[arg-type]
    return SourceSection(**values)  # type: ignore[arg-type]


def volume(count: int = 20, *, first: int = 1, **changes: object) -> VolumeDocument:
    """A volume of `count` usual records."""
    values: dict[str, object] = {
        "reference": "R-7K2M-4Q9D",
        "created": CREATED,
        "created_text": "Monday, 2 March 2026, 09:30 CET",
        "language": "en",
        "source": section(count=count),
        "first": first,
        "records": [interaction(number) for number in range(first, first + count)],
    }
    values.update(changes)
    return VolumeDocument(**values)  # type: ignore[arg-type]


def main_document(**changes: object) -> MainDocument:
    """The whole of a usual person's main PDF."""
    profile = {
        "name": "Žofie Łukasiewicz",
        "born_on": None,
        "country": "Czechia",
        "time_zone": "Europe/Prague",
        "newsletter": True,
        "preferences": {"language": "cs", "topics": ["Gardening", "Books"], "quiet_hours": {"from": "21:00", "to": "07:00"}},
        "about": "I have been a customer since the first shop opened, and I mostly buy seeds, tools and now and then a book "
        "about bees. Please write instead of calling; I work nights and sleep during the day.",
        "scripts": list(SCRIPTS.values()),
        "name_in_arabic": SCRIPTS["Arabic"],
    }
    names = ("name", "born_on", "country", "time_zone", "newsletter", "preferences", "about", "scripts", "name_in_arabic")
    labels = [Field(name, name.replace("_", " ").capitalize(), "contact" if name == "name" else "") for name in names]
    values: dict[str, object] = {
        "reference": "R-7K2M-4Q9D",
        "created": CREATED,
        "created_text": "Monday, 2 March 2026, 09:30 CET",
        "language": "en",
        "kind": "access",
        "controller": Controller("Synorex s.r.o.", "privacy@synorex.example", ["Na Příkopě 12", "110 00 Praha 1"], "Czechia"),
        "subject": Person("Žofie Łukasiewicz", [Identifier("E-mail", "zofie@mail.example"), Identifier("Customer number", "C-20418")]),
        "sources": [
            section(key="accounts.profile", title="Your profile", category="Account", fields=labels, records=[profile]),
            section(records=[interaction(number) for number in range(1, 31)], problems=[RecordProblem("4711", "unreadable")]),
            section(
                key="shop.invoices",
                title="Invoices",
                category="Purchases",
                count=10_000,
                volumes=[VolumeRef(f"pdf/shop.invoices-{n:03d}.pdf", n * 500 - 499, n * 500) for n in range(1, 21)],
            ),
            section(key="support.recordings", title="Call recordings", status="withheld", reason="They hold the voice of another person."),
            section(key="ads.audiences", title="Advertising audiences", status="nothing_held", category="Marketing", portable=False),
            section(key="crm.notes", title="Sales notes", status="failed", reason="The system did not answer in five attempts."),
            section(
                key="records.forms",
                title="Forms you sent",
                records=[{"form": "Warranty", "sent_at": "2025-11-03T18:02:11.25+01:00", "serial": "0007-AX", "price": "19.90"}],
                fields=[Field("form", "Form"), Field("sent_at", "Sent"), Field("serial", "Serial number"), Field("price", "Price")],
                files=[FileRef("files/0001.pdf", "rechnung märz.pdf", "application/pdf", 182_004)],
            ),
        ],
        "consents": Listing(
            [Field("when", "When"), Field("topic", "What for"), Field("choice", "Choice")],
            [
                {"when": "2025-01-04T10:00:00+01:00", "topic": "Newsletter by e-mail", "choice": "given"},
                {"when": "2025-06-11T21:40:05+02:00", "topic": "Newsletter by e-mail", "choice": "withdrawn"},
            ],
        ),
        "disclosures": Listing(
            [Field("when", "When"), Field("recipient", "Who"), Field("what", "What")],
            [{"when": "2025-11-04T08:00:00+01:00", "recipient": "Parcel Post Ltd", "what": "Name, address"}],
        ),
        "rights": [
            Right("Correction", "Tell us what is wrong, and we put it right within a month."),
            Right("Erasure", "You can ask us to delete what we hold, unless a law obliges us to keep it."),
            Right("Objection", "You can object to any use that rests on our legitimate interest, and to advertising at any time."),
            Right("Restriction", "You can ask that data is kept but not used while a question about it is open."),
        ],
        "authority": Authority("Úřad pro ochranu osobních údajů", "https://uoou.gov.cz", "Use the form on its page, or write to it."),
        "how_to_check": "The file manifest.json lists every file with its SHA-256, and manifest.sig is its Ed25519 signature.",
    }
    values.update(changes)
    return MainDocument(**values)  # type: ignore[arg-type]
