from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.jobs.errors import Permanent, Retryable
from privacycenter.kernel.errors import PrivacyCenterError


class UnknownDataMapKey(PrivacyCenterError):
    code = "unknown_data_map_key"
    message = _("A source names a purpose, recipient or retention rule that the data map does not hold.")


class UnknownNotice(PrivacyCenterError):
    code = "unknown_notice"
    message = _("No form of this name says what it collects.")


class StaffOnly(PrivacyCenterError):
    code = "staff_only"
    message = _("Only staff may do this.")


class ReasonMissing(PrivacyCenterError):
    code = "reason_missing"
    message = _("Say why you need to look at this data.")


class BadAddress(PrivacyCenterError):
    """A database address that can't or must not be used. The message never repeats the address: it holds a password."""

    code = "bad_address"
    message = _("This is not a database address. Write it as dialect://user:password@host:port/database.")


class SourceMisconfigured(PrivacyCenterError):
    """A connected source whose table, columns or joins do not fit the database. `problems` are (form field, message)."""

    code = "source_misconfigured"
    message = _("The source does not fit the database.")

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(" ".join(message for _field, message in problems))
        self.problems = problems


class SourceUnavailable(Retryable):
    """A connected database can't be reached now. `code` says how it failed; the text of the driver is never kept."""

    message = _("The connected database can't be reached. Check its address, its account, and that it is running.")

    def __init__(self, code: str = "source_unavailable") -> None:
        super().__init__(code)


class SourceTimeout(SourceUnavailable):
    """A statement took longer than the connector allows."""

    message = _("The connected database took too long to answer. Raise the time-out, or index the columns that find a person.")

    def __init__(self) -> None:
        super().__init__("source_timeout")


class SourceChanged(Permanent):
    """A connected database refuses a statement: a table or column is gone, or the account may not read it."""

    message = _("The connected database no longer has a table or column that this source names, or its account may not read it.")

    def __init__(self) -> None:
        super().__init__("source_changed")
