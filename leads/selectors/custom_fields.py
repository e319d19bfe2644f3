"""The fields that admins made: what is known of them, and where they are used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q
from django.db.models.fields.json import KeyTransform

from leads.models import CaptureForm, Criterion, CustomField, DefinitionVersion, ImportJob, Lead, SavedMapping
from leads.rules.custom import PREFIX
from leads.rules.fields import FIELDS, Field
from leads.rules.versions import VersionStatus
from leads.selectors.stated import Stated
from leads.selectors.stated import conditions as stated_conditions

BINDING = (VersionStatus.PROPOSED, VersionStatus.SIGNED, VersionStatus.IN_FORCE)
"""Versions that both sides go by, or are about to."""


class KnownFields(Mapping[str, Field]):
    """Every field by its key, the built-in ones and those that admins made, retired ones too.

    The latter are read once, and only where one is asked for. Make one for each piece of work, not for the process.
    """

    def __getitem__(self, key: str) -> Field:
        return self.custom[key] if key.startswith(PREFIX) else FIELDS[key]

    def __iter__(self) -> Iterator[str]:
        yield from FIELDS
        yield from self.custom

    def __len__(self) -> int:
        return len(FIELDS) + len(self.custom)

    @cached_property
    def custom(self) -> dict[str, Field]:
        """Those that admins made, in their order."""
        return {field.key: field for field in map(CustomField.as_field, self._rows())}

    @property
    def offered(self) -> list[Field]:
        """Those of them that are not retired."""
        return [field for field in self.custom.values() if field.offered]

    def _rows(self) -> Iterator[CustomField]:
        return CustomField.objects.order_by("position", "pk").iterator()


@dataclass(frozen=True)
class Use:
    """Where a field is used: leads with a value, versions of the definition that name it, imports that fed it, the
    names of saved mappings that feed it, conditions of other things, and forms for
    visitors that ask it."""

    leads: int
    versions: list[DefinitionVersion]
    imports: int
    mappings: list[str]
    conditions: list[Stated]
    forms: list[CaptureForm]

    @property
    def binding(self) -> list[DefinitionVersion]:
        """The versions that leads are judged by, or soon will be."""
        return [version for version in self.versions if version.status in BINDING]

    @property
    def rules(self) -> list[str]:
        """The names of what goes by a condition on the field now."""
        return [stated.name for stated in self.conditions if stated.is_binding]

    @property
    def is_none(self) -> bool:
        used = (self.leads, self.versions, self.imports, self.mappings, self.conditions, self.forms)
        return not any(used)


def known() -> KnownFields:
    """The fields as they are; one query where one of the admins' fields is asked for, else none."""
    return KnownFields()


def all_fields() -> list[CustomField]:
    """Every field of the admins, in their order."""
    return list(CustomField.objects.order_by("position", "pk"))


def in_use() -> list[CustomField]:
    """Those that are offered in forms, mappings and conditions."""
    return list(CustomField.objects.filter(retired_at=None).order_by("position", "pk"))


def listed_fields() -> list[Field]:
    """Those that the list of leads shows."""
    return [field.as_field() for field in in_use() if field.is_in_list]


def use_of(field: CustomField) -> Use:
    """Where a field is used (a look at every lead, so for pages of one field only)."""
    key = f"{PREFIX}{field.key}"
    saved = SavedMapping.objects.filter(kind="leads").order_by("name", "pk")
    versions = sorted({line.version for line in _criteria_on(field)}, key=lambda version: -version.number)
    return Use(
        leads=Lead.everything.filter(custom__has_key=field.key).count(),
        versions=versions,
        imports=sum(1 for mapping in _mappings() if _names(mapping, key)),
        mappings=[mapping.name for mapping in saved if _names(mapping.mapping, key)],
        conditions=[stated for stated in stated_conditions() if _names(stated.condition, key)],
        forms=list(CaptureForm.objects.filter(fields__contains=[{"name": key}]).order_by("pk")),
    )


def choices_in_use(field: CustomField) -> dict[str, int]:
    """How many leads have each choice; 0 for one that only conditions name."""
    rows = (
        Lead.everything.filter(custom__has_key=field.key).annotate(choice=KeyTransform(field.key, "custom")).order_by()
    )
    counted = rows.values_list("choice").annotate(n=Count("pk"))
    found = {value: count for value, count in counted if isinstance(value, str)}
    named = [line.condition for line in _criteria_on(field)] + [stated.condition for stated in stated_conditions()]
    for condition in named:
        for value in _values_of(condition, f"{PREFIX}{field.key}"):
            found.setdefault(value, 0)
    return found


def _criteria_on(field: CustomField) -> list[Criterion]:
    lines = Criterion.objects.select_related("version").order_by("pk")
    return [line for line in lines if _names(line.condition, f"{PREFIX}{field.key}")]


def _mappings() -> Iterator[Any]:
    jobs = ImportJob.objects.filter(Q(kind="leads") & ~Q(mapping={}))
    return jobs.values_list("mapping", flat=True).order_by("pk").iterator()


def _names(tree: Any, key: str) -> bool:
    """Whether this text stands as a value anywhere in a tree of JSON."""
    if isinstance(tree, dict):
        return any(_names(part, key) for part in tree.values())
    return any(_names(part, key) for part in tree) if isinstance(tree, list) else tree == key


def _values_of(tree: Any, key: str) -> Iterator[str]:
    """The values that tests on this field compare with, in a condition as JSON."""
    if isinstance(tree, dict) and tree.get("field") == key:
        value = tree.get("value")
        yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _values_of(part, key)
