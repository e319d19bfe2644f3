"""Each person's language and time zone, and how long a session may last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from alignment.accounts.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]

NOTE_USE_EVERY = timedelta(minutes=5)
STARTED, SEEN = "session_started", "session_seen"


def activate_for(user: User, *, keep_language: bool = False) -> None:
    """Show texts and times as ``user`` wants them, until the request ends."""
    if not keep_language:
        translation.activate(user.language)
    timezone.activate(ZoneInfo(user.time_zone))


class PersonalSettingsMiddleware:
    """Activate the signed-in person's language and zone; a visitor's language comes from cookie or browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(None):  # puts back what an API token's person activates, too
            if isinstance(user := request.user, User) and user.is_authenticated:
                activate_for(user)
                request.LANGUAGE_CODE = user.language
            response = self.get_response(request)
        response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        return response


class PrivateAnswersMiddleware:
    """Keeps what a signed-in person or program gets out of every cache: Back after signing out shows nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:  # a token's person, too: the API notes them on the request
            response.headers["Cache-Control"] = "no-store"
        return response


class SessionLimitsMiddleware:
    """Ends a session that was not used for ``SESSION_IDLE_LIMIT`` or is older than ``SESSION_ABSOLUTE_LIMIT``."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            _keep_limits(request, timezone.now())
        return self.get_response(request)


def _keep_limits(request: HttpRequest, now: datetime) -> None:
    session = request.session
    started, seen = _time(session.get(STARTED)), _time(session.get(SEEN))
    if started is None or seen is None:
        session[STARTED] = session[SEEN] = now.timestamp()
    elif now - started > settings.SESSION_ABSOLUTE_LIMIT or now - seen > settings.SESSION_IDLE_LIMIT:
        logout(request)
    elif now - seen > NOTE_USE_EVERY:
        session[SEEN] = now.timestamp()


def _time(stamp: float | None) -> datetime | None:
    return None if stamp is None else datetime.fromtimestamp(stamp, tz=timezone.get_default_timezone())
