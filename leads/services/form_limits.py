"""How often a form may be sent: from one place, and from all together."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.utils.crypto import salted_hmac

from alignment.programs.services import spend

FROM_ONE_ADDRESS = 20
"""A minute. A room full of people behind one address gets through; a script is slowed down."""
OF_ONE_FORM = 300
"""A minute."""


def wait_before_sending(*, form_id: int, address: str, now: datetime) -> timedelta:
    """Count one sending of this form; how long to wait where it is one too many (nothing is counted then), else zero.

    ``address`` is that of the sender, "" where nobody knows it; it is kept only as a digest, and for a minute.
    """
    if address:
        subject = f"form:{form_id}:{_digest(address)}"
        wait = spend(subject=subject, per_minute=FROM_ONE_ADDRESS, weight=1, now=now)
        if wait:
            return wait
    return spend(subject=f"form:{form_id}", per_minute=OF_ONE_FORM, weight=1, now=now)


def _digest(address: str) -> str:
    """One household or company: with IPv6 everybody has a network of addresses of their own."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return salted_hmac("leads.form_limits", address).hexdigest()
    place = ip_network((parsed, 64), strict=False) if isinstance(parsed, IPv6Address) else parsed
    return salted_hmac("leads.form_limits", str(place)).hexdigest()
