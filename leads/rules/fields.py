"""What a condition may name: fields, the only keys that ever reach the ORM from one, and kinds of touch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FieldType(Enum):
    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    """A moment; tests count back from now."""
    DAY = "day"
    """A day of the organisation's calendar, written YYYY-MM-DD."""
    CHOICE = "choice"


@dataclass(frozen=True)
class Words:
    """What people wrote in both languages; read in the active one."""

    ja: str
    en: str

    def __str__(self) -> str:
        return self.ja if (translation.get_language() or "").startswith("ja") else self.en


@dataclass(frozen=True)
class Choice:
    """One of the values of a field of choices: ``value`` is kept, its words may change."""

    value: str
    label: Words


@dataclass(frozen=True)
class Field:
    """A fact about a lead that a condition may test.

    ``path`` is its ORM path from Lead; a field that admins made has its key in ``Lead.custom`` instead. One that is no
    longer ``offered`` is understood for ever, so that what was agreed by it stays readable.
    """

    key: str
    type: FieldType
    label: str | Promise | Words
    path: str = ""
    values_from_data: bool = False
    custom: str = ""
    choices: tuple[Choice, ...] = ()
    offered: bool = True

    def choice(self, value: str) -> Choice | None:
        """The choice of this value."""
        return next((choice for choice in self.choices if choice.value == value), None)


Fields = Mapping[str, Field]
"""The fields that are known to a reader of conditions, by key: the built-in ones, and those that admins made."""


@dataclass(frozen=True)
class TouchWord:
    """A kind of touch that a condition may count: what it is called, and whether it is offered where one is chosen."""

    key: str
    label: Words
    offered: bool = True


class Vocabulary(Protocol):
    """All that a reader of conditions knows. What is offered no longer is understood for ever."""

    @property
    def fields(self) -> Fields: ...

    @property
    def kinds(self) -> Mapping[str, TouchWord]:
        """The kinds of touch by their keys."""


FIELDS: dict[str, Field] = {
    field.key: field
    for field in (
        Field("source", FieldType.TEXT, _("source"), "source", values_from_data=True),
        Field("landing_page", FieldType.TEXT, _("landing page"), "landing_page"),
        Field("campaign", FieldType.TEXT, _("campaign"), "campaign__name", values_from_data=True),
        Field(
            "campaign_channel",
            FieldType.TEXT,
            _("campaign channel"),
            "campaign__channel",
            values_from_data=True,
        ),
        Field("job_title", FieldType.TEXT, _("job title"), "job_title"),
        Field("department", FieldType.TEXT, _("department"), "department"),
        Field("email", FieldType.TEXT, _("e-mail address"), "email"),
        Field("email_domain", FieldType.TEXT, _("e-mail domain"), "email_domain"),
        Field("is_free_mail", FieldType.FLAG, _("free e-mail address"), "is_free_mail"),
        Field("phone", FieldType.TEXT, _("phone"), "phone"),
        Field("company", FieldType.TEXT, _("company"), "company_name"),
        Field("industry", FieldType.TEXT, _("industry"), "account__industry", values_from_data=True),
        Field("employees", FieldType.NUMBER, _("number of employees"), "account__employee_count"),
        Field("prefecture", FieldType.TEXT, _("prefecture"), "account__prefecture", values_from_data=True),
        Field("is_key_account", FieldType.FLAG, _("key account"), "account__is_key_account"),
        Field("captured_at", FieldType.DATE, pgettext_lazy("field", "captured"), "captured_at"),
    )
}
