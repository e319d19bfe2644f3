"""Two records that may be one, side by side: what is the same of leads and of companies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst

from alignment.kernel import formats
from leads.models import Account, AccountMerge, Lead, LeadMerge, SuspectedCompanies, SuspectedDuplicate
from leads.rules.custom import PREFIX, held
from leads.rules.fields import Field, Fields
from leads.rules.matching import WORDS
from leads.rules.sentences import say_fact
from leads.selectors.leads import phone_words

MOST = 20
Record = TypeVar("Record", Lead, Account)
Chosen = Mapping[str, int]
"""Whose value is taken: the id of a record by name of the fact."""


@dataclass(frozen=True)
class Row:
    """One fact of both records, as text. ``is_choice``: both know it and differ, so one of them has to be chosen.

    ``is_other_chosen``: the value of the one that joins was chosen, and not that of the survivor.
    """

    name: str
    label: str
    stays: str
    joins: str
    is_choice: bool = False
    is_other_chosen: bool = False


@dataclass(frozen=True)
class Comparison(Generic[Record]):
    """Two records, the one that survives first. ``suspicion``: what nobody decided on yet.

    ``refusal``: why they cannot be merged now.
    """

    survivor: Record
    other: Record
    evidence: str
    facts: list[Row]
    standing: list[Row]
    suspicion: SuspectedDuplicate | SuspectedCompanies | None
    refusal: str

    @property
    def is_open(self) -> bool:
        """Whether somebody may still say that the two are different."""
        return self.suspicion is not None and self.survivor.stands and self.other.stands


def evidence_words(evidence: Iterable[Any], words: Mapping[str, Promise] = WORDS) -> str:
    """What speaks for and against, in words with the points of each."""
    return " · ".join(
        f"{words[signal]} ({'+' if points > 0 else ''}{formats.number(points)})" for signal, points in evidence
    )


def facts(
    names: Iterable[str], survivor: Record, other: Record, *, chosen: Chosen, own: Fields | None = None
) -> list[Row]:
    """The facts of these names that at least one of the two knows; ``own``: the fields that admins made."""
    rows = []
    for name in names:
        field = (own or {}).get(name)
        stays, joins = (_shown(name, held(record, name), field) for record in (survivor, other))
        is_choice = bool(stays and joins and stays != joins)
        is_other_chosen = is_choice and chosen.get(name) == other.pk
        label = str(field.label) if field else _label(survivor, name)
        rows.append(Row(name, label, stays, joins, is_choice, is_other_chosen))
    return [row for row in rows if row.stays or row.joins]


def standing(
    told: Mapping[str, tuple[str | None, Callable[[Record], str]]], survivor: Record, other: Record
) -> list[Row]:
    """Where the two stand and what they bring, for reading: by name the label (None: that of the field) and the words
    of either."""
    return [
        Row(name, label or _label(survivor, name), words(survivor), words(other))
        for name, (label, words) in told.items()
    ]


def merges_of(record: Lead | Account) -> QuerySet[LeadMerge] | QuerySet[AccountMerge]:
    """What became part of a record, or of which it became a part: what can be undone, the latest first."""
    merges = LeadMerge.objects if isinstance(record, Lead) else AccountMerge.objects
    side = "survivor" if record.merged_into_id is None else "merged"
    found = merges.filter(**{side: record}, undone_at=None)
    return found.select_related("survivor", "merged", "actor").order_by("-at", "-pk")


def _shown(name: str, value: Any, field: Field | None) -> str:
    if value in (None, ""):
        return ""
    if field:
        return say_fact(field, value)
    if name == "phone":
        return phone_words(value)
    return formats.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _label(record: Lead | Account, name: str) -> str:
    if name.startswith(PREFIX):
        return name.removeprefix(PREFIX)
    return capfirst(str(record._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
