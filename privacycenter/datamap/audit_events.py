from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.audit.events import register

register("datamap.purpose_saved", label=_("Purpose changed"), severity="notice", parameters=("key",))
register("datamap.recipient_saved", label=_("Recipient changed"), severity="notice", parameters=("key",))
register("datamap.retention_rule_saved", label=_("Retention rule changed"), severity="notice", parameters=("key",))
register("datamap.connector_saved", label=_("Connector changed"), severity="warning", parameters=("key",))
register("datamap.connector_deleted", label=_("Connector removed"), severity="warning", parameters=("key",))
register("datamap.connector_tested", label=_("Connection tested"), parameters=("key", "outcome"))
register("datamap.source_saved", label=_("Connected source changed"), severity="warning", parameters=("key",))
register("datamap.source_deleted", label=_("Connected source removed"), severity="warning", parameters=("key",))
register("datamap.source_counted", label=_("Records in a connected source counted"), parameters=("key",), is_look=True)
register(
    "datamap.source_previewed",
    label=_("Staff looked at a sample from a connected source"),
    severity="notice",
    parameters=("key", "reason"),
    is_look=True,
)
register("datamap.handling_saved", label=_("Corrections and erasure of a connected source set up"), severity="warning", parameters=("key",))
register(
    "datamap.erasure_rehearsed",
    label=_("Erasure in a connected source tried out and undone"),
    severity="notice",
    parameters=("key", "reason"),
    is_look=True,
)
register("datamap.notice_saved", label=_("Words of a notice at collection changed"), severity="notice", parameters=("key",))
