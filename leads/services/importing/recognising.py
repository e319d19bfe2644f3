"""Which rows are leads that are here already, by id or by what they say, and which may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from leads.models import ExternalId, Lead, LeadEvent
from leads.rules.matching import Rule
from leads.rules.stages import CHANGES
from leads.selectors import identity
from leads.selectors.duplicates import evidence_words
from leads.selectors.matching import Match, Person, like_one_before, matches
from leads.services import duplicates
from leads.services.importing import memory
from leads.services.importing.context import BATCH, Context, Row
from leads.services.importing.lead_rows import beside
from leads.services.importing.memory import Change

_DATES = frozenset({"captured_at", "qualified_at"})
"""When somebody came first does not change because they come again."""
_ORIGIN = frozenset({"source", "landing_page", "campaign"})
"""How somebody came first: filled where it is not known, and never replaced by how they came again."""


@dataclass(frozen=True)
class Recognised:
    """What ``rows`` are; ``later`` may be the same person as one of them and is looked at when those are stored.

    By the id of the row: ``leads`` that it stands for, ``matched`` of those that are known by something else than this
    id, ``suspected`` of new ones whom they resemble. ``changed_at``: when a matched lead was last changed by somebody.
    """

    rows: list[Row]
    later: list[Row]
    leads: dict[str, int]
    matched: dict[str, Match]
    suspected: dict[str, list[Match]]
    changed_at: dict[int, datetime]


def recognise(rows: Sequence[Row], context: Context, *, is_last: bool) -> Recognised:
    """Find who the rows are. At least the first of them is dealt with now, and no two of the same lead.

    The ``is_last`` time nobody waits any more: a file may hold one person in thousands of rows.
    """
    leads, matched, suspected = _by_id(rows, context), {}, {}
    strangers = [row for row in rows if row.external_id not in leads]
    persons = [row.person for row in strangers]
    later = set[str]() if is_last else _second_rows(rows, leads) | _like_one_before(strangers, persons)
    taken = set(leads.values())
    looked_at = [(row, person) for row, person in zip(strangers, persons, strict=True) if row.external_id not in later]
    for (row, _said), found in zip(looked_at, matches([person for _row, person in looked_at]), strict=True):
        if found and found[0].evidence.is_sure:
            if found[0].lead_id in taken and not is_last:
                later.add(row.external_id)
                continue
            taken.add(found[0].lead_id)
            matched[row.external_id] = found[0]
        elif found:
            suspected[row.external_id] = found
    return Recognised(
        rows=[row for row in rows if row.external_id not in later],
        later=[row for row in rows if row.external_id in later],
        leads={key: pk for key, pk in leads.items() if key not in later}
        | {key: match.lead_id for key, match in matched.items()},
        matched=matched,
        suspected=suspected,
        changed_at=_changed_at(matched.values()) if context.mapping.rule is Rule.NEWER else {},
    )


def _second_rows(rows: Iterable[Row], leads: Mapping[str, int]) -> set[str]:
    """The ids of rows whose lead a row before them stands for too."""
    met: set[int] = set()
    found = set()
    for row in rows:
        pk = leads.get(row.external_id)
        if pk in met:
            found.add(row.external_id)
        elif pk is not None:
            met.add(pk)
    return found


def _like_one_before(rows: Sequence[Row], persons: Sequence[Person]) -> set[str]:
    """The ids of rows that may be the same person as a row before them."""
    return {row.external_id for row, is_alike in zip(rows, like_one_before(persons), strict=True) if is_alike}


def compared(row: Row, lead: Lead, whose: Recognised, context: Context) -> Change:
    """What a row writes of a lead that it was not known to be before: by the rule of the mapping."""
    said = {name: value for name, value in row.said.items() if name not in _DATES}
    after = {name: memory.plain(value) for name, value in said.items()} | beside(row)
    rule = context.mapping.rule
    is_newer = rule is Rule.NEWER and (row.said.get("captured_at") or context.now) > whose.changed_at[lead.pk]
    write = {} if rule is Rule.NEVER else {k: v for k, v in said.items() if _is_written(k, v, lead, is_newer=is_newer)}
    return Change(row, lead, write, {}, after, evidence=whose.matched[row.external_id].evidence)


def keep(whose: Recognised, context: Context) -> None:
    """Remember under which ids leads are known by now, and which new ones have to be looked at; tell of both."""
    system, result = context.mapping.system, context.result
    ids = [
        ExternalId(source_system=system, external_id=key, lead_id=match.lead_id, at=context.now)
        for key, match in whose.matched.items()
    ]
    ExternalId.objects.bulk_create(ids, batch_size=BATCH, ignore_conflicts=True)
    result.matched += len(whose.matched)
    result.suspected += len(whose.suspected)
    if not whose.suspected:
        return
    made = identity.leads_known_as([(system, key) for key in whose.suspected])
    found = {made[system, key]: found for key, found in whose.suspected.items()}
    duplicates.suspect(found, now=context.now)
    names = Lead.objects.in_bulk({match.lead_id for found in whose.suspected.values() for match in found[:1]})
    for row in whose.rows:
        if like := whose.suspected.get(row.external_id):
            words = {
                "name": names[like[0].lead_id].display_name,
                "number": like[0].lead_id,
                "why": evidence_words(like[0].evidence.as_json()),
            }
            message = _("May be the same person as “%(name)s” (#%(number)d): %(why)s.") % words
            result.warn(row.number, "suspected_duplicate", message)
            like_whom = {"lead": like[0].lead_id, "like": words["name"], "evidence": like[0].evidence.as_json()}
            result.show("suspected", row.number, name=row.display_name, **like_whom)


def _by_id(rows: Iterable[Row], context: Context) -> dict[str, int]:
    system = context.mapping.system
    known = identity.leads_known_as([(system, row.external_id) for row in rows])
    return {key: pk for (_system, key), pk in known.items()}


def _changed_at(found: Iterable[Match]) -> dict[int, datetime]:
    """When each lead was captured or, later, when a fact of it was last changed."""
    leads = {match.lead_id for match in found}
    captured = Lead.objects.filter(pk__in=leads).values_list("pk", "captured_at")
    changes = LeadEvent.objects.filter(lead__in=leads, kind__in=CHANGES, data__has_key="changes")
    return dict(captured) | dict(changes.order_by().values_list("lead").annotate(Max("at")))


def _is_written(name: str, value: Any, lead: Lead, *, is_newer: bool) -> bool:
    stands = memory.standing(lead, name)
    if stands in (None, ""):
        return True
    return is_newer and name not in _ORIGIN and memory.plain(stands) != memory.plain(value)
