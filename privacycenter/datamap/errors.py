from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class UnknownDataMapKey(PrivacyCenterError):
    code = "unknown_data_map_key"
    message = _("A source names a purpose, recipient or retention rule that the data map does not hold.")
