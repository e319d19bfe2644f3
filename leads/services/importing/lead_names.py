"""Which lead a row is about: by its id in the file's system, else by its e-mail address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.models import Lead
from leads.rules import normalise
from leads.selectors import identity
from leads.services.capture import CLOCK_SKEW
from leads.services.importing.context import Context, Row
from leads.services.importing.reading import RowFault


def check_names_lead(row: Row) -> None:
    """Bring the address into the form in which it is found; raises ``RowFault`` where the row names no lead."""
    try:
        row.fields["email"] = normalise.email(row.fields.get("email", ""))
    except InvalidInput as fault:
        raise RowFault("unreadable_email", str(fault.message)) from fault
    if not (row.fields.get("lead_external_id") or row.fields["email"]):
        raise RowFault("nobody", _("The row names no lead: give its id or its e-mail address."))


def check_moment_of(row: Row, *, now: datetime) -> None:
    """Raises ``RowFault`` for a row that does not say when, or says that it will be."""
    at = row.fields.get("at")
    if at is None:
        raise RowFault("no_date", _("The row does not say when."))
    if at > now + CLOCK_SKEW:
        raise RowFault("in_the_future", _("A date lies in the future."))
    row.fields["at"] = min(at, now)


def found(rows: Iterable[Row], context: Context) -> dict[int, int]:
    """The id of the lead of each row, by row number, in two queries; the others are refused.

    Of a lead that became part of another it is the other. An address that several leads have names none of them.
    """
    rows = list(rows)
    system = context.mapping.system
    ids = {row.fields.get("lead_external_id", "") for row in rows} - {""}
    by_id = {one: pk for (_system, one), pk in identity.leads_known_as([(system, one) for one in ids]).items()}
    by_address: dict[str, list[int]] = defaultdict(list)
    addresses = {row.fields["email"] for row in rows} - {""}
    for address, pk in Lead.objects.filter(email__in=addresses).order_by("pk").values_list("email", "pk"):
        by_address[address].append(pk)
    leads: dict[int, int] = {}
    for row in rows:
        wanted, address = row.fields.get("lead_external_id", ""), row.fields["email"]
        candidates = [by_id[wanted]] if wanted in by_id else by_address.get(address, [])
        if len(candidates) == 1:
            leads[row.number] = candidates[0]
        else:
            context.refuse(row, *_why_none(wanted, address, len(candidates), system))
    return leads


def _why_none(wanted: str, address: str, count: int, system: str) -> tuple[str, str]:
    if count:
        message = _("%(count)d leads have the address %(address)s: give the id of the one that is meant.")
        return "several_leads", message % {"count": count, "address": address}
    if wanted:
        message = _("There is no lead “%(id)s” from %(system)s.")
        return "no_such_lead", message % {"id": wanted[:100], "system": system}
    return "no_such_lead", _("There is no lead with the address %(address)s.") % {"address": address}
