"""The fields that admins make: added, changed, retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import formats, history
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from leads.models import CustomField, Lead
from leads.rules import custom, mappings
from leads.rules.custom import KEY, LONGEST_KEY, Kind
from leads.rules.fields import FIELDS
from leads.selectors import custom_fields as selectors
from leads.services.custom_values import LOCK
from leads.services.texts import check_text, key_from

MOST_FIELDS = 50
"""In use at a time; a form with more is filled in by nobody."""
MOST_IN_LIST = 3
MOST_CHOICES = 100
LABEL = 60
HELP = 200
RESERVED = frozenset({*FIELDS, *mappings.FIELDS["leads"], *(field.name for field in Lead._meta.get_fields())})
"""Names of our own facts: an import keeps beside a lead what it could not read of them, under these."""


class FieldInUse(DomainError):
    """What uses the field does not allow this."""

    code = "field_in_use"


@dataclass(frozen=True)
class ChoiceData:
    """One choice. ``value`` is kept with leads and never changes; empty: made from the English words."""

    ja: str
    en: str
    value: str = ""


@dataclass(frozen=True)
class FieldData:
    """What an admin says of a field. ``position`` None: at the end."""

    label_ja: str
    label_en: str
    kind: str
    help_ja: str = ""
    help_en: str = ""
    choices: Sequence[ChoiceData] = ()
    is_required: bool = False
    is_in_list: bool = False
    position: int | None = None


@transaction.atomic
def add_field(*, data: FieldData, actor: User, now: datetime, key: str = "") -> CustomField:
    """Make a field. ``key`` empty: from the English name. Raises ``NotAllowed``, ``InvalidInput``.

    A key under which leads already hold something from a file is refused: it would be read as a value of the field.
    """
    _begin(actor)
    given = (key or key_from(data.label_en, longest=LONGEST_KEY)).strip()
    _check_key(given)
    field = CustomField(key=given, position=0)
    _set(field, data)
    field.position = data.position or (CustomField.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    _check_room(field)
    with history.written_by(actor.pk):
        field.save()
    return field


@transaction.atomic
def edit_field(*, field_id: int, data: FieldData, actor: User, now: datetime) -> CustomField:
    """Change a field. Its kind stays once anything uses it, and so does a choice that is in use.

    Raises ``NotAllowed``, ``NotFound``, ``InvalidInput``, ``FieldInUse``.
    """
    _begin(actor)
    field = _found(field_id)
    if data.kind != field.kind:
        _check_unused(field)
    lost = {row["value"] for row in field.choices} - {choice.value for choice in data.choices}
    if lost and data.kind == field.kind:
        _check_choices_unused(field, lost)
    position = field.position
    _set(field, data)
    field.position = data.position or position
    _check_room(field)
    with history.written_by(actor.pk):
        field.save()
    return field


@transaction.atomic
def retire_field(*, field_id: int, actor: User, now: datetime) -> CustomField:
    """Offer a field no longer. Its values stay and can be read; nothing is removed.

    Refused while a version of the definition that binds both sides judges by it, or a routing rule asks for it: nobody
    would fill it in any more, and leads would fail a criterion without anybody having decided that.

    Raises ``NotAllowed``, ``NotFound``, ``FieldInUse``.
    """
    _begin(actor)
    field = _found(field_id)
    use = selectors.use_of(field)
    if use.binding:
        words = {"number": use.binding[0].number, "status": use.binding[0].get_status_display()}
        message = _("Version %(number)d of the lead definition (%(status)s) judges by this field. Change it first.")
        raise FieldInUse(message % words)
    if use.rules:
        message = _("Routing rules ask for this field: %(rules)s. Change them first.")
        raise FieldInUse(message % {"rules": pgettext("list separator", ", ").join(use.rules)})
    if field.retired_at is None:
        field.retired_at, field.is_in_list = now, False
        with history.written_by(actor.pk):
            field.save(update_fields=["retired_at", "is_in_list"])
    return field


@transaction.atomic
def restore_field(*, field_id: int, actor: User, now: datetime) -> CustomField:
    """Offer a retired field again. Raises ``NotAllowed``, ``NotFound``, ``InvalidInput`` where there are too many."""
    _begin(actor)
    field = _found(field_id)
    if field.retired_at is not None:
        field.retired_at = None
        _check_room(field)
        with history.written_by(actor.pk):
            field.save(update_fields=["retired_at"])
    return field


def _begin(actor: User) -> None:
    """One admin at a time, and nobody who writes a value meanwhile."""
    actor.require(Permission.EDIT_ORGANISATION)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])


def _found(field_id: int) -> CustomField:
    field = CustomField.objects.select_for_update().filter(pk=field_id).first()
    if field is None:
        raise NotFound(_("There is no such field."))
    return field


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        message = _("A key has up to 40 of a–z, 0–9 and _, and begins with a letter, such as “budget”.")
        raise InvalidInput(message, field="key")
    if key in RESERVED:
        raise InvalidInput(_("“%(key)s” is the name of a fact that every lead has.") % {"key": key}, field="key")
    if CustomField.objects.filter(key=key).exists():
        message = _("There is a field with this key already, perhaps a retired one. A key is never given twice.")
        raise InvalidInput(message, field="key")
    if count := Lead.everything.filter(custom__has_key=key).count():
        message = ngettext(
            "%(n)s lead holds a value under this key that a file brought. Choose another key.",
            "%(n)s leads hold values under this key that files brought. Choose another key.",
            count,
        )
        raise InvalidInput(message % {"n": formats.number(count)}, field="key")


def _set(field: CustomField, data: FieldData) -> None:
    if data.kind not in Kind.values:
        raise InvalidInput(_("Choose what the field holds."), field="kind")
    for name in ("label_ja", "label_en"):
        text = getattr(data, name).strip()
        if not text:
            raise InvalidInput(_("Enter the name in both languages."), field=name)
        check_text(text, longest=LABEL, field=name)
        setattr(field, name, text)
    for name in ("help_ja", "help_en"):
        check_text(getattr(data, name), longest=HELP, field=name)
        setattr(field, name, getattr(data, name).strip())
    if data.position is not None and not 1 <= data.position <= 999:
        raise InvalidInput(_("Expected a whole number from 1 to 999."), field="position")
    _check_name_free(field)
    field.kind = data.kind
    field.choices = _choices(data)
    field.is_required, field.is_in_list = data.is_required, data.is_in_list


def _check_name_free(field: CustomField) -> None:
    """Two fields of one name could not be told apart in forms and sentences."""
    for name in ("label_ja", "label_en"):
        same = CustomField.objects.filter(retired_at=None, **{f"{name}__iexact": getattr(field, name)})
        if same.exclude(pk=field.pk).exists():
            raise InvalidInput(_("Another field has this name already."), field=name)


def _choices(data: FieldData) -> list[dict[str, str]]:
    if data.kind != Kind.CHOICE:
        return []
    if not 1 <= len(data.choices) <= MOST_CHOICES:
        raise InvalidInput(_("Enter 1 to %(max)d choices.") % {"max": MOST_CHOICES}, field="choices")
    rows: list[dict[str, str]] = []
    names: set[str] = set()
    for index, choice in enumerate(data.choices):
        row = {"value": choice.value.strip(), "ja": choice.ja.strip(), "en": choice.en.strip()}
        row["value"] = row["value"] or key_from(row["en"], longest=LONGEST_KEY) or f"choice_{index + 1}"
        _check_choice(row, f"choices[{index}]")
        folded = {custom.folded(name) for name in row.values()}
        if folded & names:
            message = _("“%(name)s”: another choice has this name or value already.") % {"name": row["en"]}
            raise InvalidInput(message, field=f"choices[{index}]")
        names |= folded
        rows.append(row)
    return rows


def _check_choice(row: dict[str, str], path: str) -> None:
    if not KEY.fullmatch(row["value"]):
        raise InvalidInput(_("The value of a choice has up to 40 of a–z, 0–9 and _."), field=f"{path}.value")
    for name in ("ja", "en"):
        if not row[name]:
            raise InvalidInput(_("Enter the name in both languages."), field=f"{path}.{name}")
        check_text(row[name], longest=LABEL, field=f"{path}.{name}")


def _check_room(field: CustomField) -> None:
    if field.retired_at is not None:
        return
    others = CustomField.objects.filter(retired_at=None).exclude(pk=field.pk)
    if others.count() >= MOST_FIELDS:
        raise InvalidInput(_("At most %(max)d fields can be in use. Retire one first.") % {"max": MOST_FIELDS})
    if field.is_in_list and others.filter(is_in_list=True).count() >= MOST_IN_LIST:
        message = _("The list of leads shows at most %(max)d of these fields.") % {"max": MOST_IN_LIST}
        raise InvalidInput(message, field="is_in_list")


def _check_unused(field: CustomField) -> None:
    use = selectors.use_of(field)
    if use.leads:
        message = ngettext(
            "%(n)s lead has a value of this kind: the kind stays. Make a new field instead.",
            "%(n)s leads have values of this kind: the kind stays. Make a new field instead.",
            use.leads,
        )
        raise FieldInUse(message % {"n": formats.number(use.leads)}, field="kind")
    if not use.is_none:
        message = _(
            "The definition, a rule, a form or an import goes by this kind: it stays. Make a new field instead."
        )
        raise FieldInUse(message, field="kind")


def _check_choices_unused(field: CustomField, lost: set[str]) -> None:
    used = selectors.choices_in_use(field)
    for row in field.choices:
        if row["value"] not in lost or row["value"] not in used:
            continue
        count, choice = used[row["value"]], field.as_field().choice(row["value"])
        if not count:
            message = _("The definition or a routing rule names the choice “%(choice)s”: it stays.")
            raise FieldInUse(message % {"choice": choice and choice.label}, field="choices")
        message = ngettext(
            "%(n)s lead has the choice “%(choice)s”: it stays.",
            "%(n)s leads have the choice “%(choice)s”: it stays.",
            count,
        )
        words = {"n": formats.number(count), "choice": choice and choice.label}
        raise FieldInUse(message % words, field="choices")
