"""The fixed words of the PDF, and their translation in the calling process.

The child knows no Django: it gets the words with the document. Keys are stable; the English text is the
message id. Placeholders are named; whoever fills them formats the numbers.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext, override


def gettext_noop(text: str) -> str:
    """Marks a text for makemessages. Django's own needs settings, which a plain caller of this package hasn't."""
    return text


TEXTS: dict[str, str] = {
    "title_access": gettext_noop("Your personal data"),
    "title_portability": gettext_noop("Your data to take with you"),
    "lead_access": gettext_noop(
        "This is the copy you asked for of the data held about you: what it is, where it comes from, what it is used for and how long "
        "it is kept."
    ),
    "lead_portability": gettext_noop(
        "This is a copy of the data you gave us under your consent or a contract. The same data for machines is in personal-data.json."
    ),
    "about": gettext_noop("Data about"),
    "from": gettext_noop("From"),
    "reference": gettext_noop("Reference"),
    "created": gettext_noop("Made on"),
    "contact": gettext_noop("Contact"),
    "known_by": gettext_noop("Known by"),
    "at_a_glance": gettext_noop("At a glance"),
    "contents": gettext_noop("Contents"),
    "sources_total": gettext_noop("Places searched"),
    "records_total": gettext_noop("Records found"),
    "withheld_total": gettext_noop("Places and details not given"),
    "source": gettext_noop("Source"),
    "category": gettext_noop("Category"),
    "result": gettext_noop("Result"),
    "records": gettext_noop("Records"),
    "where": gettext_noop("Where to read it"),
    "page": gettext_noop("page"),
    "found": gettext_noop("Found"),
    "nothing_held": gettext_noop("Nothing held"),
    "withheld": gettext_noop("Withheld"),
    "failed": gettext_noop("Could not be read"),
    "why_missing": gettext_noop("What is not in here, and why"),
    "nothing_missing": gettext_noop("Nothing was withheld, and every place could be searched."),
    "no_reason": gettext_noop("No reason was recorded. Ask the contact on the first page."),
    "searched_empty": gettext_noop("Searched; nothing is held about you here."),
    "origin": gettext_noop("Where it comes from"),
    "purposes": gettext_noop("What it is used for"),
    "recipients": gettext_noop("Who receives it"),
    "no_recipients": gettext_noop("Nobody outside"),
    "retention": gettext_noop("How long it is kept"),
    "until": gettext_noop("until {date}"),
    "portable": gettext_noop("To take with you"),
    "portable_yes": gettext_noop("Yes: you gave it, under your consent or a contract"),
    "portable_no": gettext_noop("No"),
    "not_stated": gettext_noop("Not stated"),
    "sensitive": gettext_noop("Sensitive fields"),
    "record_list": gettext_noop("The records"),
    "records_in_volumes": gettext_noop("These records fill volumes of their own. They lie beside this file in the bundle:"),
    "volume_range": gettext_noop("records {first} to {last}"),
    "volume_of": gettext_noop("Volume {number} of {total}"),
    "empty_mark": gettext_noop("A dash (—) means that no value is stored."),
    "problems": gettext_noop("Records that could not be read"),
    "record": gettext_noop("Record"),
    "reason": gettext_noop("Reason"),
    "files": gettext_noop("Files"),
    "file_name": gettext_noop("Name it had"),
    "file_path": gettext_noop("Where it is in the bundle"),
    "file_kind": gettext_noop("Kind and size"),
    "bytes": gettext_noop("bytes"),
    "yes": gettext_noop("Yes"),
    "no": gettext_noop("No"),
    "cut": gettext_noop("… The rest is too long to print. All of it is in personal-data.json."),
    "unprintable": gettext_noop("This record could not be printed. It is in personal-data.json."),
    "consents": gettext_noop("Your consents"),
    "disclosures": gettext_noop("Who received your data"),
    "access_log": gettext_noop("Who looked at your data"),
    "automated_decisions": gettext_noop("Automated decisions"),
    "transfers": gettext_noop("Transfers to other countries"),
    "consents_empty": gettext_noop("No consent of yours is recorded."),
    "disclosures_empty": gettext_noop("No disclosure of your data is recorded."),
    "access_log_note": gettext_noop("As of {created}. Later looks stand under “Activity” in the privacy center."),
    "access_log_empty": gettext_noop("No look at your data is recorded."),
    "automated_decisions_empty": gettext_noop("No decision about you is made by a machine alone."),
    "transfers_empty": gettext_noop("No transfer to another country is recorded."),
    "rights": gettext_noop("Your rights"),
    "authority": gettext_noop("Where you can complain"),
    "how_to_check": gettext_noop("How to check this copy"),
    "page_of": gettext_noop("Page {page} of {pages}"),
}


def labels_for(language: str) -> dict[str, str]:
    """Every fixed word in `language` (BCP 47), English where there is no translation or Django isn't set up."""
    if not settings.configured:
        return dict(TEXTS)
    with override(language):
        return {key: gettext(text) for key, text in TEXTS.items()}
