"""Which kinds of touches there are: admins name them, order them, take them out of use. Nothing removes one."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import history
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import CaptureForm, TouchKind
from leads.selectors import touch_kinds as selectors
from leads.services.texts import check_text

LABEL = 100
LAST_POSITION = 999
_KEY = re.compile(r"[a-z][a-z0-9_]{0,19}", re.ASCII)


@transaction.atomic
def add_kind(*, key: str, label_en: str, label_ja: str, position: int, actor: User) -> TouchKind:
    """Add a kind. Its key is for programs and files, and stays. Raises ``NotAllowed``, ``InvalidInput``."""
    actor.require(Permission.EDIT_ORGANISATION)
    if not _KEY.fullmatch(key):
        message = _("Use up to 20 small letters, digits and underscores, a letter first, such as trial_start.")
        raise InvalidInput(message, field="key")
    kind = TouchKind(key=key)
    _name(kind, label_en=label_en, label_ja=label_ja, position=position)
    try:
        with transaction.atomic(), history.written_by(actor.pk):
            kind.save(force_insert=True)
    except IntegrityError as error:
        raise InvalidInput(_("There is a kind with this key already."), field="key") from error
    return kind


@transaction.atomic
def edit_kind(*, key: str, label_en: str, label_ja: str, position: int, is_active: bool, actor: User) -> TouchKind:
    """Rename a kind, move it, take it out of use or back in. Raises ``NotAllowed``, ``NotFound``, ``InvalidInput``.

    A kind that published forms count as stays in use, as visitors go on sending them, and so does one that routing
    rules ask for: leads would go elsewhere without anybody having decided that.
    """
    actor.require(Permission.EDIT_ORGANISATION)
    kind = TouchKind.objects.select_for_update(no_key=True).filter(key=key).first()  # touches go on being written
    if kind is None:
        raise NotFound(_("There is no such kind of touch."))
    _name(kind, label_en=label_en, label_ja=label_ja, position=position)
    if kind.is_active and not is_active:
        _check_no_form_counts(kind)
        _check_no_rule_asks(kind)
    kind.is_active = is_active
    with history.written_by(actor.pk):
        kind.save()
    return kind


def in_use() -> frozenset[str]:
    """The keys of the kinds that a new touch may have."""
    return frozenset(TouchKind.objects.filter(is_active=True).values_list("key", flat=True))


def check_in_use(kind: str, kinds: Collection[str], *, field: str) -> None:
    """Refuse a new touch of a kind that is not among those in use."""
    if kind not in kinds:
        words = {"kinds": ", ".join(sorted(kinds))}
        raise InvalidInput(_("There is no such kind of touch in use. Use one of: %(kinds)s.") % words, field=field)


def hold_in_use(kind: str, *, field: str) -> None:
    """Refuse a kind that is not in use; one that is stays so until the transaction ends."""
    if TouchKind.objects.select_for_update(no_key=True).filter(key=kind, is_active=True).first() is None:
        check_in_use(kind, in_use(), field=field)


def _check_no_form_counts(kind: TouchKind) -> None:
    published = CaptureForm.objects.filter(touch_kind=kind, published_at__isnull=False, closed_at=None)
    names = list(published.order_by("name", "pk").values_list("name", flat=True))
    if names:
        message = _("Published forms count as this kind: %(forms)s. Close them, or let them count as another first.")
        raise InvalidInput(message % {"forms": pgettext("list separator", ", ").join(names)}, field="is_active")


def _check_no_rule_asks(kind: TouchKind) -> None:
    if rules := selectors.use_of(kind).rules:
        message = _("Routing rules ask for this kind: %(rules)s. Change them first.")
        raise InvalidInput(message % {"rules": pgettext("list separator", ", ").join(rules)}, field="is_active")


def _name(kind: TouchKind, *, label_en: str, label_ja: str, position: int) -> None:
    """What people read of a kind, in both languages, and its place among the others."""
    for field, label in (("label_en", label_en), ("label_ja", label_ja)):
        if not label.strip():
            raise InvalidInput(_("Enter how it is called in this language."), field=field)
        check_text(label, longest=LABEL, field=field)
        setattr(kind, field, label.strip())
    if not 0 <= position <= LAST_POSITION:
        raise InvalidInput(_("Enter a whole number from 0 to %(max)d.") % {"max": LAST_POSITION}, field="position")
    kind.position = position
