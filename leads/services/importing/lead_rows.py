"""What one row says of a lead, as far as the row alone tells. Reads nothing, so it can run ahead of what stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.rules import normalise
from leads.selectors.matching import Person
from leads.services.capture import CLOCK_SKEW
from leads.services.facts import LIMITS
from leads.services.importing import memory, newcomers, parties
from leads.services.importing.context import Row
from leads.services.importing.memory import Facts
from leads.services.importing.reading import RowFault
from leads.services.importing.result import Remark
from leads.services.texts import LONG_TEXT

_TEXTS = ("full_name", "full_name_kana", "job_title", "department", "source", "landing_page", "note")
_AS_GIVEN = (*_TEXTS, "email", "phone", "campaign", "captured_at", "qualified_at")
_LONGEST = {
    name: LIMITS.get(name, LONG_TEXT)
    for name in (*_TEXTS, "external_id", "campaign", "industry", "prefecture", "address")
} | {"company": LIMITS["company_name"]}
_PARTS = ("last_name", "first_name", "last_name_kana", "first_name_kana")
_LONGEST |= dict.fromkeys(_PARTS, LIMITS["full_name"] // 2 - 1)
WHO = ("full_name", "last_name", "first_name", "email", "company")
OF_COMPANY = "company."
CAPTURE_IS_GIVEN = "captured_at is given"
"""Remembered of a lead whose moment of capture a file has said; else it follows from the qualification."""


def prepare(row: Row, *, now: datetime, region: str) -> Iterable[Remark]:
    """Bring what the row says of the lead into the form in which it is kept; return what is odd about it.

    ``region``: that of phone numbers without the code of a country.

    Raises ``RowFault`` for a row that cannot be taken. What it says of a company that it does not name, and an address
    or a number that cannot be read, is kept beside the lead.
    """
    _check(row, now)
    fields, custom = row.fields, dict(row.custom)
    remarks = _clean(row, custom, region)
    said = {name: fields.get(name) for name in _AS_GIVEN} | {"company_name": fields.get("company")}
    for name in ("full_name", "full_name_kana"):
        said[name] = said[name] or _from_parts(fields, name)
    of_company = {name: fields[name] for name in parties.COMPANY_FACTS if fields.get(name)}
    company = normalise.company_key(fields.get("company", ""))
    if company:
        row.company = {parties.COMPANY_FACTS[name]: value for name, value in of_company.items()}
    else:
        custom |= {name: str(value) for name, value in of_company.items()}
    said |= {name: value for name, value in fields.items() if name.startswith(memory.CUSTOM)}
    row.said = {name: value for name, value in (said | memory.custom_facts(custom)).items() if value not in (None, "")}
    row.person = _person(row.said, company)
    row.new = newcomers.line(said=row.said, beside=beside(row), now=now)
    row.fields, row.custom, row.cells = {}, {}, []  # all is said: what travels between processes is little
    return remarks


def _clean(row: Row, custom: dict[str, str], region: str) -> list[Remark]:
    """Bring addresses and numbers into the form that is kept; one that cannot be read goes into ``custom``."""
    cleaners: dict[str, Callable[[str], str]] = {
        "email": normalise.email,
        "phone": partial(normalise.phone, region=region),
        "corporate_number": normalise.corporate_number,
        "postal_code": normalise.postal_code,
    }
    fields, remarks = row.fields, []
    for name, cleaned in cleaners.items():
        if given := fields.get(name):
            try:
                fields[name] = cleaned(given)
            except InvalidInput as fault:
                custom[name], fields[name] = given, ""
                remarks.append(Remark(row.number, f"unreadable_{name}", str(fault.message)))
    return remarks


def _person(said: Facts, company: str) -> Person:
    texts = ("email", "phone", "full_name", "full_name_kana")
    person = Person(company=company, **{name: said.get(name, "") for name in texts})
    _ = person.shared  # worked out here, once
    return person


def beside(row: Row) -> Facts:
    """What is remembered of the row beside the facts of the lead: of its company, and whether it says when."""
    facts: Facts = {OF_COMPANY + column: value for column, value in row.company.items()}
    if "captured_at" in row.said:
        facts[CAPTURE_IS_GIVEN] = True
    return facts


def _from_parts(fields: Facts, name: str) -> str:
    kana = name.removeprefix("full_name")
    return normalise.full_name(last=fields.get(f"last_name{kana}", ""), first=fields.get(f"first_name{kana}", ""))


def _check(row: Row, now: datetime) -> None:
    for name, limit in _LONGEST.items():
        value = row.external_id if name == "external_id" else row.fields.get(name, "")
        if len(value) > limit:
            message = _("“%(field)s” has more than %(max)d characters.") % {"field": name, "max": limit}
            raise RowFault("too_long", message)
    if not row.has_id and not any(map(row.fields.get, WHO)):
        raise RowFault("nobody", _("The row has no id, name, e-mail address or company: give at least one."))
    if any(at and at > now + CLOCK_SKEW for at in map(row.fields.get, ("captured_at", "qualified_at"))):
        raise RowFault("in_the_future", _("A date lies in the future."))
