"""The context of every page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from alignment import __version__
from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.health import checks, selectors
from alignment.home.navigation import navigation
from alignment.kernel import formats

SILENCE = timedelta(minutes=3)
"""How long worker or beat may be silent before the people who can do something about it are told."""


@dataclass(frozen=True)
class Banner:
    text: str
    url: str = ""
    link_text: str = ""
    tone: str = "warning"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme, navigation, banners and version; what costs a query is asked for only by a page that shows it."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {"theme": _theme(request), "app_version": __version__, "navigation": [], "banners": []}
    if user is not None and user.is_authenticated:
        context["navigation"] = SimpleLazyObject(lambda: navigation(request, user))
        context["banners"] = SimpleLazyObject(lambda: _banners(user))
    return context


def _theme(request: HttpRequest) -> str:
    wanted = request.COOKIES.get("theme", "")
    return wanted if wanted in ("light", "dark") else "auto"


def _banners(user: User) -> list[Banner]:
    if not user.may(Permission.SEE_OPERATIONS):
        return []
    silent = checks.silences(now=timezone.now())
    too_long = {name: length for name, length in silent.items() if length is None or length > SILENCE}
    url, link = reverse("health:operations"), _("Operations")
    return [Banner(text, url, link) for text in _complaints(too_long)]


def _complaints(silent: dict[str, timedelta | None]) -> Iterator[str]:
    queues = {queue: silent[name] for queue in checks.QUEUES if (name := checks.heartbeat_of(queue)) in silent}
    if len(queues) == len(checks.QUEUES):
        yield _silence(_("The worker"), _longest(queues.values()))
    elif queues:
        yield _without_worker(selectors.work_of(queues), _longest(queues.values()))
    if checks.BEAT in silent:
        yield _silence(_("The scheduler"), silent[checks.BEAT])


def _longest(lengths: Iterable[timedelta | None]) -> timedelta | None:
    known = list(lengths)
    return None if None in known else max(length for length in known if length is not None)


def _silence(part: str, length: timedelta | None) -> str:
    if length is None:
        return _("%(part)s has never run: mails and reviews wait. “manage.py doctor” says more.") % {"part": part}
    words = {"part": part, "length": formats.duration(length)}
    return _("%(part)s has been silent for %(length)s: mails and reviews wait. “manage.py doctor” says more.") % words


def _without_worker(work: str, length: timedelta | None) -> str:
    if length is None:
        return _("No worker has ever run for this: %(work)s. “manage.py doctor” says more.") % {"work": work}
    words = {"work": work, "length": formats.duration(length)}
    return _("For %(length)s there has been no worker for this: %(work)s. “manage.py doctor” says more.") % words
