"""Reading the finished file where it lies, sealed."""

from __future__ import annotations

from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader
from requests_app.fulfilment.collect import key_of
from requests_app.models import Bundle


def open_bundle(bundle: Bundle) -> SealedReader:
    """A reader of the file of a living bundle, from any place in it."""
    store = storage()
    return SealedReader(lambda start, length: store.read_range(bundle.object_name, start, length), bundle.sealed_size, key_of(bundle))
