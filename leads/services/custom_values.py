"""Values of the fields that admins made: by fields that stay as they are until the value is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from leads.models import CustomField
from leads.rules import custom
from leads.rules.custom import PREFIX
from leads.rules.fields import Field
from leads.selectors.custom_fields import KnownFields
from leads.selectors.vocabulary import KnownVocabulary
from leads.services.texts import check_values

LOCK = "custom fields of leads"
"""Held together by all who write values, alone by whoever changes a field."""


class HeldFields(KnownFields):
    """The fields as they are, and stay until the transaction ends; held from when one of the admins' is asked for.

    Whoever writes a value, or agrees on a condition, goes by these: meanwhile nobody retires a field or drops a choice.
    """

    def _rows(self) -> Iterator[CustomField]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [LOCK])
        return super()._rows()


def held() -> KnownVocabulary:
    """What a condition that is agreed on may name: the fields stay as they are until the transaction ends."""
    return KnownVocabulary(HeldFields())


def stored_values(values: Mapping[str, Any], known: KnownFields) -> dict[str, Any]:
    """What is kept of ``custom`` as somebody gives it: values of fields in their one form, anything else as it comes.

    Without fields of which nothing is known (None or ""). Raises ``InvalidInput`` with the path: ``custom.budget``.
    """
    kept = {key: stored_value(key, given, known) for key, given in values.items()}
    kept = {key: value for key, value in kept.items() if value is not None or f"{PREFIX}{key}" not in known.custom}
    check_values(kept, field="custom")
    return kept


def stored_value(key: str, given: Any, known: KnownFields) -> Any:
    """One of them; None where it is not known."""
    field = known.custom.get(f"{PREFIX}{key}")
    return given if field is None else custom.stored(field, given, path=f"{PREFIX}{key}")


def check_same(fields: Iterable[Field]) -> None:
    """Refuse to go on by fields that were read earlier and hold something else by now; from here on they stay."""
    held = HeldFields()
    for field in fields:
        now = held.custom[field.key]
        if (now.type, [one.value for one in now.choices]) != (field.type, [one.value for one in field.choices]):
            message = _("“%(field)s” was changed while the file was taken. Bring the file again.")
            raise InvalidInput(message % {"field": field.label})
