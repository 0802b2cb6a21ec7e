"""The triggers that keep what people chose, and the words they were shown, as it was written."""

from __future__ import annotations

from privacycenter.kernel import append_only
from privacycenter.preferences.models import ConsentEvent, ConsentText, DeliveryChoice

# Evidence is sealed under a key that rotates; what it says is bound by its hash in the receipt.
ledger = append_only.protect(
    "preferences",
    {ConsentText._meta.db_table: (), ConsentEvent._meta.db_table: ("evidence",), DeliveryChoice._meta.db_table: ()},
    refusal="the consent ledger is append-only",
)
