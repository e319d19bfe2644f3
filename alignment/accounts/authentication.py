"""Programs sign in with a token; the answer is in their person's language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication

from alignment.accounts.middleware import activate_for
from alignment.accounts.models import ApiToken, User

NOTE_USE_EVERY = timedelta(minutes=5)


class TokenAuthentication(KnoxTokenAuthentication):
    """knox's, with the person's language and zone, and a note of when the token was last used."""

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        found = super().authenticate(request)
        if found is not None:
            activate_for(found[0], keep_language="HTTP_ACCEPT_LANGUAGE" in request.META)
            _note_use(found[1])
        return found


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
