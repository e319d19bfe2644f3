"""Is the installation that answers at an address this one?"""

from __future__ import annotations

from django.conf import settings
from django.utils.crypto import salted_hmac

_database = settings.DATABASES["default"]
ID = salted_hmac(
    "alignment.health.instance", f"{_database.get('HOST')}:{_database.get('PORT')}/{_database.get('NAME')}"
).hexdigest()[:16]
"""The same in every process of one installation; says nothing about secret or database."""
