"""The tabs above the settings pages: only those that exist and that the reader may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission


@dataclass(frozen=True)
class Section:
    """One tab."""

    label: str
    url: str
    active: bool


_SECTIONS = (
    ("accounts:profile", _("My profile"), None),
    ("accounts:tokens", _("API tokens"), None),
    ("accounts:members", _("People"), None),
    ("accounts:teams", _("Teams"), None),
    ("accounts:company-days", _("Company days"), None),
    ("accounts:organisation", _("Organisation"), Permission.EDIT_ORGANISATION),
    ("exports:list", _("Exports"), Permission.SEE_EXPORTS),
    ("leads:custom-fields", _("Custom fields"), Permission.EDIT_ORGANISATION),
    ("leads:touch-kind-list", _("Kinds of touches"), Permission.EDIT_ORGANISATION),
    ("health:operations", _("Operations"), Permission.SEE_OPERATIONS),
)


def sections(request: HttpRequest, current: str) -> list[Section]:
    """The tabs for this reader; ``current`` is the URL name of the page."""
    user = request.user
    found = []
    for name, label, permission in _SECTIONS:
        if permission is not None and not (isinstance(user, User) and user.may(permission)):
            continue
        try:
            found.append(Section(str(label), reverse(name), name == current))
        except NoReverseMatch:  # a page of an app that is not mounted here
            continue
    return found
