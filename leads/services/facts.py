"""The facts of a lead, each brought into the form in which it is kept, or refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation
from alignment.kernel.errors import InvalidInput
from leads.models import Account, Lead
from leads.rules import normalise
from leads.services.texts import LONG_TEXT, check_text

LIMITS = {
    **{field.name: field.max_length for field in Account._meta.concrete_fields if field.max_length},
    **{field.name: field.max_length for field in Lead._meta.concrete_fields if field.max_length},
    "campaign": 200,
}
"""The longest text that each field of a lead (or its company) holds, in characters."""
TOUCH_DETAIL = 300
TEXT_FACTS = (
    "full_name",
    "full_name_kana",
    "email",
    "phone",
    "company_name",
    "job_title",
    "department",
    "source",
    "landing_page",
    "note",
)
FACTS = (*TEXT_FACTS, "campaign")
_OF_COMPANY: dict[str, Callable[[str], str]] = {
    "corporate_number": normalise.corporate_number,
    "postal_code": normalise.postal_code,
    "prefecture": normalise.prefecture,
}


def stored(name: str, value: str, *, region: str = "") -> str:
    """The text of a fact as it is kept; raises ``InvalidInput`` with its name where it cannot be.

    ``region``: that of phone numbers without the code of a country; without it, the organisation is asked.
    """
    if name == "email":
        return normalise.email(value)
    if name == "phone":
        return normalise.phone(value, region=region or Organisation.get().phone_region) if value.strip() else ""
    check_text(value, longest=LIMITS.get(name, LONG_TEXT), field=name)
    return value.strip()


def stored_of_company(name: str, value: str) -> str:
    """The text of a company's fact as it is kept; raises ``InvalidInput`` with its name where it cannot be."""
    check_text(value, longest=LONG_TEXT, field=name)
    kept = _OF_COMPANY.get(name, str.strip)(value)
    check_text(kept, longest=LIMITS[name], field=name)
    return kept


def check_somebody(*, full_name: str, email: str, company_name: str) -> None:
    """Refuse a lead of which nobody could say who it is."""
    if not (full_name.strip() or email.strip() or company_name.strip()):
        raise InvalidInput(_("Enter at least a name, an e-mail address or a company."), field="full_name")


def email_facts(address: str) -> dict[str, Any]:
    """The columns that follow from a checked address."""
    return {
        "email": address,
        "email_domain": normalise.email_domain(address),
        "is_free_mail": normalise.is_free_mail(address) if address else None,
    }
