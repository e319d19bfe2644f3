"""``Idempotency-Key``: a program that did not hear the answer sends the same again, and it is done once.

After draft-ietf-httpapi-idempotency-key-header. The claim on a key is a row that is inserted in the transaction of the
change itself and carries the answer when that is committed. So the answer is there exactly when the change is, and
nothing has to be cleaned up after a refusal, a fault or a killed process: the row is gone with what it was to do.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from alignment.accounts.requests import person
from alignment.programs.models import KeptAnswer
from alignment.programs.services import KEPT_FOR

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255
Post = Callable[..., Response]
_KEY = re.compile(rf"[ -~]{{1,{LONGEST_KEY}}}")
_LOCK_NOT_AVAILABLE = "55P03"
_CLAIM = """
    INSERT INTO programs_keptanswer AS kept (user_id, route, key, body_hash, body, created_at)
    VALUES (%(user_id)s, %(route)s, %(key)s, %(body_hash)s, '', %(now)s)
    ON CONFLICT ON CONSTRAINT kept_answer_once
    DO UPDATE SET body_hash = EXCLUDED.body_hash, status = NULL, body = '', created_at = EXCLUDED.created_at
    WHERE kept.created_at <= %(expired)s
    RETURNING id
"""


class StillRunning(APIException):
    """The first request with this key has not been answered yet."""

    status_code = 409
    default_code = "still_running"
    default_detail = gettext_lazy("The first request with this Idempotency-Key is still running.")
    wait = 1  # becomes the header Retry-After


class OtherBody(APIException):
    """The key stands for another request."""

    status_code = 422
    default_code = "key_used_otherwise"
    default_detail = gettext_lazy("This Idempotency-Key was used with another body. Send a new key.")


def once(post: Post) -> Callable[..., HttpResponse]:
    """Let a POST of the API be sent again with the same ``Idempotency-Key`` without being done again.

    For a day the same key of the same person at the same address gets the same answer. A refusal changed nothing and
    is not kept: the same key may be used with what was wanting.
    """

    @wraps(post)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if HEADER not in request.headers:
            return post(view, request, *args, **kwargs)
        key, body_hash, now = _key(request.headers[HEADER]), _hash(request.data), timezone.now()
        with transaction.atomic():
            place = {"user_id": person(request).pk, "route": f"POST {request.path}", "key": key}
            mine = KeptAnswer.objects.filter(**place)
            if not _claim(place, body_hash, now):
                return _again(mine.first(), body_hash)
            response = post(view, request, *args, **kwargs)
            body = JSONRenderer().render(response.data).decode()
            mine.update(status=response.status_code, body=body)
        return response

    answered.is_once = True  # type: ignore[attr-defined]  # for the test that no POST was forgotten
    return answered


def _key(given: str) -> str:
    """The key as text; a structured string (in quotes) and the bare characters are the same key."""
    text = given.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    if not _KEY.fullmatch(text):
        message = _("An Idempotency-Key has 1 to %(max)d printable ASCII characters.") % {"max": LONGEST_KEY}
        raise ValidationError({HEADER: [message]}, code="invalid")
    return text


def _hash(body: Any) -> str:
    try:
        said = json.dumps(body, sort_keys=True)
    except RecursionError as error:
        raise ParseError(_("The body is nested too deep to be read. Send it flatter.")) from error
    return hashlib.sha256(said.encode()).hexdigest()


def _claim(place: dict[str, Any], body_hash: str, now: datetime) -> bool:
    """Take the key; False where it was answered already. Raises ``StillRunning`` while another request holds it."""
    values = place | {"body_hash": body_hash, "now": now, "expired": now - KEPT_FOR}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '10ms'")
            cursor.execute(_CLAIM, values)
            is_claimed = cursor.fetchone() is not None
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == _LOCK_NOT_AVAILABLE:
            raise StillRunning from error
        raise
    return is_claimed


def _again(kept: KeptAnswer | None, body_hash: str) -> HttpResponse:
    if kept is None:  # its day ended between the two statements
        raise StillRunning
    if kept.body_hash != body_hash:
        raise OtherBody
    return HttpResponse(kept.body, status=kept.status, content_type="application/json", headers={REPLAYED: "true"})
