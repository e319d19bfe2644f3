"""Facts of leads that a company defines for itself."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alignment.kernel import history
from leads.rules.custom import KEY, PREFIX, TYPES, Kind
from leads.rules.fields import Choice, Field, Words


@history.tracked("CustomFieldHistory")
class CustomField(models.Model):
    """A fact of leads that admins made; its values are in ``Lead.custom`` under its key.

    Never removed and its key never changed or given again: verdicts, events and mappings name it. One that is not
    wanted any more is retired: it is not offered, what was said by it stays readable. ``choices`` are rows of
    ``value``, ``ja`` and ``en``. ``is_required`` asks people who write down a new lead, and nobody else: a program or a
    file that does not know the fact must not lose its lead.
    """

    key = models.CharField(_("key"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    label_ja = models.CharField(_("name in Japanese"), max_length=60)
    label_en = models.CharField(_("name in English"), max_length=60)
    help_ja = models.CharField(_("help in Japanese"), max_length=200, blank=True)
    help_en = models.CharField(_("help in English"), max_length=200, blank=True)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    is_required = models.BooleanField(_("asked for with every new lead"), default=False)
    is_in_list = models.BooleanField(_("shown in the list of leads"), default=False)
    position = models.PositiveSmallIntegerField(_("order"))
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(key__regex=rf"^{KEY.pattern}$"), name="custom_field_key_is_plain"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="custom_field_kind_known"),
        ]
        triggers = [*history.kept(), history.final("key", name="key_stays")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.key}"

    @property
    def label(self) -> Words:
        """Its name in the active language."""
        return Words(self.label_ja, self.label_en)

    @property
    def help_text(self) -> Words:
        return Words(self.help_ja, self.help_en)

    def as_field(self) -> Field:
        """The field as conditions, forms and mappings know it."""
        rows: list[dict[str, Any]] = self.choices
        return Field(
            key=f"{PREFIX}{self.key}",
            type=TYPES[Kind(self.kind)],
            label=self.label,
            custom=self.key,
            choices=tuple(Choice(row["value"], Words(row["ja"], row["en"])) for row in rows),
            offered=self.retired_at is None,
        )
