"""What this room holds about people: nothing. It says what others hold, and where."""

from __future__ import annotations

from privacycenter.kernel.classification import holds_nothing

holds_nothing("datamap.Purpose", because="says what data is used for, not whose it is")
holds_nothing("datamap.Recipient", because="names organisations and groups of people at work, no person")
holds_nothing("datamap.RetentionRule", because="says how long data is kept, not whose it is")
holds_nothing("datamap.Connector", because="holds the address of a database, encrypted, and nothing that lies in it")
holds_nothing("datamap.ConnectorSource", because="names tables and columns, not what stands in them")
