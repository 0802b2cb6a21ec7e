"""The triggers that keep versions of purposes and notices as they were written."""

from __future__ import annotations

from privacycenter.datamap.models import NoticeVersion, PurposeVersion
from privacycenter.kernel import append_only

versions = append_only.protect(
    "datamap", {PurposeVersion._meta.db_table: (), NoticeVersion._meta.db_table: ()}, refusal="versions of the data map are append-only"
)
