"""How many requests a program may send in a minute: by its token, and by its person with all tokens and sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from rest_framework.throttling import BaseThrottle

from alignment.accounts.models import ApiToken
from alignment.accounts.requests import person
from alignment.programs.services import spend

if TYPE_CHECKING:  # Django REST framework imports this while loading itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


class RequestLimits(BaseThrottle):
    """Refuses with 429 and ``Retry-After`` whoever asks too often. A view with a ``weight`` counts as so many requests.

    The token comes first, so that one program that has run wild does not use up what its person's others may ask for.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        weight, now = getattr(view, "weight", 1), timezone.now()
        self._wait = timedelta(0)
        if isinstance(request.auth, ApiToken):
            subject = f"token:{request.auth.digest}"
            self._wait = spend(subject=subject, per_minute=settings.API_REQUESTS_OF_TOKEN, weight=weight, now=now)
        if not self._wait:
            subject = f"user:{person(request).pk}"
            self._wait = spend(subject=subject, per_minute=settings.API_REQUESTS_OF_USER, weight=weight, now=now)
        return not self._wait

    def wait(self) -> float:
        return self._wait.total_seconds()
