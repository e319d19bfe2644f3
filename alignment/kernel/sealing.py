"""Values that a table may hold for a while but nobody may read there: links that open a door, on their way out."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def seal(values: dict[str, Any]) -> str:
    """Encrypt plain JSON values under the secret key; nothing for nothing."""
    return _box().encrypt(json.dumps(values).encode()).decode() if values else ""


def unseal(text: str) -> dict[str, Any]:
    """Read what ``seal`` made, also under an earlier secret key."""
    return json.loads(_box().decrypt(text.encode())) if text else {}


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (salted_hmac("alignment.kernel.sealing", "", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
