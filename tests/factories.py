"""One factory per model: valid by default, no randomness that matters."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from alignment.accounts.models import Team, User
from leads.models import Account, Campaign, Deal, Definition, DefinitionVersion, Lead, Touch

_numbers = count(1)
A_MOMENT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def team(*, name: str = "Field sales", side: str = "sales", **fields: Any) -> Team:
    return Team.objects.get_or_create(name=name, defaults={"side": side} | fields)[0]


def user(name: str = "", *, role: str = "marketer", side: str = "marketing", **fields: Any) -> User:
    name = name or f"person{next(_numbers)}"
    defaults = {"full_name": name.title(), "language": "en"} | fields
    return User.objects.create_user(f"{name}@example.com", "correct-horse-battery", role=role, side=side, **defaults)


def creator() -> User:
    return User.objects.filter(role="marketer").first() or user()


def account(name: str = "", **fields: Any) -> Account:
    name = name or f"Company {next(_numbers)}"
    return Account.objects.create(**({"name": name, "name_key": name.lower(), "created_at": A_MOMENT} | fields))


def campaign(name: str = "", **fields: Any) -> Campaign:
    return Campaign.objects.create(**({"name": name or f"Campaign {next(_numbers)}", "channel": "web"} | fields))


def lead(**fields: Any) -> Lead:
    """A captured lead, straight into the table (the service of capture has its own tests)."""
    number = next(_numbers)
    made_by = fields.pop("created_by", None) or creator()
    at = fields.get("captured_at", A_MOMENT)
    defaults = {
        "full_name": f"Lead {number}",
        "email": f"lead{number}@company{number}.example",
        "email_domain": f"company{number}.example",
        "is_free_mail": False,
        "captured_at": at,
        "created_at": at,
        "updated_at": at,
        "created_by": made_by,
    }
    return Lead.objects.create(**(defaults | fields))


def touch(lead: Lead, **fields: Any) -> Touch:
    return Touch.objects.create(**({"lead": lead, "kind": "download", "at": A_MOMENT} | fields))


def deal(**fields: Any) -> Deal:
    made_by = fields.pop("created_by", None) or creator()
    at = fields.get("opened_at", A_MOMENT)
    return Deal.objects.create(**({"created_by": made_by, "created_at": at, "opened_at": at} | fields))


def definition() -> Definition:
    return Definition.objects.get_or_create(
        key="inbound", defaults={"name_en": "Qualified lead", "name_ja": "有効リード"}
    )[0]


def version_in_force(
    *criteria: dict[str, Any], threshold: int = 10, since: datetime = A_MOMENT, number: int = 1
) -> DefinitionVersion:
    """A version in force with these criteria: ``{"condition": ..., "points": 10}`` or ``{"kind": "disqualifier", ...}``."""
    version = DefinitionVersion.objects.create(
        definition=definition(),
        number=number,
        status="in_force",
        threshold=threshold,
        in_force_from=since,
        created_by=creator(),
        created_at=since,
    )
    for position, fields in enumerate(criteria):
        version.criteria.create(position=position, **fields)
    return version
