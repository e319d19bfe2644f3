"""The glue to Django REST framework: one error shape, one pagination."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from drf_standardized_errors.formatter import flatten_errors
from drf_standardized_errors.handler import exception_handler as standardized_handler
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.exceptions import NotFound as NoSuchPage
from rest_framework.pagination import BasePagination, Cursor, CursorPagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from alignment.kernel import outages
from alignment.kernel.errors import DomainError, InvalidInput
from alignment.kernel.inputs import whole_number

log = structlog.get_logger(__name__)


class _AskedSize(BasePagination):
    """Pages of 50; the caller may ask for up to 200 with ``page_size``."""

    page_size: int | None = 50
    page_size_query_param: str | None = "page_size"
    max_page_size: int | None = 200

    def get_page_size(self, request: Request) -> int:
        """The size asked for; refuse what is no number instead of guessing one."""
        asked = request.query_params.get("page_size")
        size = whole_number(asked) if asked else 50
        if not size:
            raise InvalidInput(_("Give a number of records from 1 to 200."), field="page_size")
        return min(size, 200)


class Pages(_AskedSize, PageNumberPagination):
    """Numbered pages, with the count of all records."""


class NewestFirst(_AskedSize, CursorPagination):
    """Pages that follow one another by primary key: what comes in meanwhile moves nothing; nothing is counted."""

    ordering = "-pk"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place to go on from; one that we never gave out is not found."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and whole_number(str(cursor.position)) is None:
            raise NoSuchPage(self.invalid_cursor_message)
        return cursor


class Busy(APIException):
    """The database could not answer in time; nothing was changed."""

    status_code = 503
    default_code = "busy"
    default_detail = outages.BUSY
    wait = outages.RETRY_AFTER  # becomes the header Retry-After


class Unavailable(Busy):
    """The database did not answer: a change that was asked for may have been made."""

    default_code = "unavailable"
    default_detail = outages.LOST


class _Refusal(APIException):
    def __init__(self, error: DomainError) -> None:
        super().__init__(detail=str(error.message), code=error.code)
        self.status_code = error.http_status


def exception_handler(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """Answer a ``DomainError`` or a busy database in the same shape as every other API error.

    ``{"type": "client_error" | "validation_error" | "server_error", "errors": [{"code", "detail", "attr"}]}``;
    ``code`` is stable, ``detail`` is in the caller's language, ``attr`` is the path of the input at fault. What can be
    asked instead is the header Link, as ``rel="canonical"``.
    """
    instead = None
    if isinstance(exc, DomainError):
        instead, exc = exc.instead, _as_api_exception(exc)
    elif isinstance(exc, outages.FAULTS):
        log.warning("database_fault", error=repr(exc))
        exc = Busy() if outages.is_undone(exc) else Unavailable()
    response = standardized_handler(exc, context)
    if response is not None and instead is not None:
        name, pk = instead
        response["Link"] = f'<{reverse(name, args=[pk], request=context["request"])}>; rel="canonical"'
    return response


def told(error: DomainError | ValidationError) -> list[dict[str, Any]]:
    """What is wrong with one thing among several: the ``errors`` that it would be refused with if it came alone."""
    found = _as_api_exception(error) if isinstance(error, DomainError) else error
    at = getattr(error, "field", "") or None
    return [asdict(each) | {"attr": each.attr or at} for each in flatten_errors(found.detail)]


def _as_api_exception(error: DomainError) -> APIException:
    if error.http_status == 400:
        field = error.field or "non_field_errors"
        message: str | Promise = error.message
        return ValidationError({field: [str(message)]}, code=error.code)
    return _Refusal(error)
