"""The portal owns no data; the tables that Django itself brings are answered for here."""

from __future__ import annotations

from privacycenter.kernel.classification import holds_nothing

holds_nothing("contenttypes.contenttype", because="names of models")
holds_nothing("auth.permission", because="names of permissions")
