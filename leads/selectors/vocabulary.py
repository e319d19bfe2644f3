"""What conditions are read by: the fields and the kinds of touch as they are."""

from __future__ import annotations

from functools import cached_property

from leads.models import TouchKind
from leads.rules.fields import TouchWord
from leads.selectors.custom_fields import KnownFields


class KnownVocabulary:
    """Every field and every kind of touch, those that are offered no longer too.

    The fields of the admins and the kinds are read once each, and only where one is asked for. Make one for each piece
    of work, not for the process.
    """

    def __init__(self, fields: KnownFields) -> None:
        self.fields = fields

    @cached_property
    def kinds(self) -> dict[str, TouchWord]:
        """The kinds of touch by key, in their order. None is ever removed, so none has to be held."""
        return {kind.key: kind.as_word() for kind in TouchKind.objects.order_by("position", "key")}


def known() -> KnownVocabulary:
    """The vocabulary as it is: at most one query for the fields of the admins, and one for the kinds."""
    return KnownVocabulary(KnownFields())
