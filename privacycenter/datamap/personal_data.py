"""What this room holds about people: nothing. It says what others hold, and where."""

from __future__ import annotations

from privacycenter.datamap.sql.provider import connected_sources
from privacycenter.kernel.classification import holds_nothing
from privacycenter.kernel.sources import registry

registry.register_provider(connected_sources)

holds_nothing("datamap.Purpose", because="says what data is used for, not whose it is")
holds_nothing("datamap.Recipient", because="names organisations and groups of people at work, no person")
holds_nothing("datamap.RetentionRule", because="says how long data is kept, not whose it is")
holds_nothing("datamap.Connector", because="holds the address of a database, encrypted, and nothing that lies in it")
holds_nothing("datamap.ConnectorSource", because="names tables and columns, not what stands in them")
holds_nothing("datamap.PurposeVersion", because="says what data was used for, not whose it was")
holds_nothing("datamap.CollectionNotice", because="words beside a form, the same for everybody")
holds_nothing("datamap.NoticeVersion", because="words beside a form as they were, the same for everybody")
