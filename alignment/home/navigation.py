"""The ways through the portal, by the steps of the loop."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from handoff.selectors.handoffs import waiting_count


@dataclass(frozen=True)
class Way:
    """A place to go. ``step``: the verb of the loop; ``needs``: only for people who hold this permission."""

    name: str
    label: str | Promise
    icon: str
    step: str | Promise = ""
    needs: Permission | None = None
    below: tuple[str, ...] = ()
    """Further namespaced URL names (or their beginnings) that belong to this place."""


@dataclass(frozen=True)
class Item:
    """A way as this person sees it on this page."""

    label: str
    url: str
    icon: str
    step: str
    active: bool
    count: int | None


WAYS = (
    Way("home", _("Home"), "home"),
    Way("leads:definition", _("Lead definition"), "file-check", _("Agree"), below=("leads:definition",)),
    Way(
        "leads:list",
        _("Leads"),
        "users",
        _("Capture"),
        below=("leads:", "handoff:submit", "handoff:waiting", "handoff:activity"),
    ),
    Way(
        "handoff:list", _("Handoffs"), "arrows-exchange", _("Hand off"), below=("handoff:detail", "handoff:agreements")
    ),
    Way(
        "handoff:inbox", _("Inbox"), "inbox", pgettext_lazy("step of the loop", "Act"), needs=Permission.DECIDE_HANDOFF
    ),
    Way("leads:deal-list", _("Deals"), "briefcase", pgettext_lazy("step of the loop", "Act"), below=("leads:deal",)),
    Way("reviews:kpis", _("Figures"), "chart-line", _("Measure"), below=("reviews:kpi",)),
    Way(
        "reviews:list",
        _("Reviews"),
        "report-analytics",
        _("Review together"),
        below=("reviews:detail", "reviews:exception", "reviews:action", "reviews:minutes"),
    ),
    Way("leads:campaign-list", _("Campaigns"), "speakerphone", below=("leads:campaign",)),
    Way("leads:form-list", _("Capture forms"), "clipboard-list", below=("leads:form",)),
    Way("leads:account-list", _("Companies"), "building", below=("leads:account", "leads:company")),
    Way(
        "handoff:agreements",
        _("Rules and promises"),
        "route",
        below=("handoff:rule", "handoff:reason", "handoff:policy"),
    ),
    Way(
        "accounts:members",
        _("People"),
        "users-group",
        below=("accounts:member", "accounts:invitation", "accounts:team"),
    ),
    Way(
        "accounts:profile",
        _("Settings"),
        "settings",
        below=("accounts:", "exports:", "health:operations", "leads:custom-field", "leads:touch-kind"),
    ),
)
MAILBOX = Way("demo:mailbox", _("Mailbox"), "mailbox", below=("demo:mail",))


def navigation(request: HttpRequest, user: User) -> list[Item]:
    """The ways open to this person; the one that holds the page is active (one query, for the inbox's count)."""
    here = request.resolver_match.view_name if request.resolver_match else ""
    ways = [way for way in _ways() if way.needs is None or user.may(way.needs)]
    active = _closest(ways, here)
    return [
        Item(
            label=str(way.label),
            url=reverse(way.name),
            icon=way.icon,
            step=str(way.step),
            active=way is active,
            count=waiting_count(user) if way.name == "handoff:inbox" else None,
        )
        for way in ways
    ]


def _ways() -> tuple[Way, ...]:
    return (*WAYS, MAILBOX) if settings.DEMO else WAYS


def _closest(ways: list[Way], here: str) -> Way | None:
    """The way that names this page most exactly."""
    exact = next((way for way in ways if way.name == here), None)
    if exact is not None:
        return exact
    found = [
        (max(len(start) for start in way.below if here.startswith(start)), way) for way in ways if _holds(way, here)
    ]
    return max(found, key=lambda match: match[0])[1] if found else None


def _holds(way: Way, here: str) -> bool:
    return any(here.startswith(start) for start in way.below)
