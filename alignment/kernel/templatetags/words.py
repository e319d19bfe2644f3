"""Words and numbers in the reader's language and zone: part of the ``ui`` tags. None reads as a dash."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import budoux
from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from alignment.kernel import formats
from alignment.kernel.formats import Number as Amount

register = template.Library()


_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@lru_cache(maxsize=1)
def _phrase_parser() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _whole_numbers(parts: list[str]) -> list[str]:
    """The phrases again, none of which ends within a number: the parser knows words, not figures."""
    whole: list[str] = []
    for part in parts:
        if whole and whole[-1][-1:].isdigit() and part[:1].isdigit():
            whole[-1] += part
        else:
            whole.append(part)
    return whole


@register.filter
def phrase(text: Any) -> SafeString:
    """Let Japanese break between phrases only. Text is escaped; safe text with markup in it stays as it is."""
    text = text or ""
    if not _JAPANESE.search(str(text)) or (isinstance(text, SafeString) and re.search("[<&]", text)):
        return conditional_escape(text)
    parts = ((part,) for part in _whole_numbers(_phrase_parser().parse(str(text))))
    return format_html('<span class="phrase">{}</span>', format_html_join(mark_safe("<wbr>"), "{}", parts))


@register.filter
def local_date(value: date | None, length: str = "") -> str:
    """2026/04/01(水); with "long" 2026年4月1日(水)."""
    return formats.date(value, long=length == "long")


@register.filter
def short_date(value: date | None) -> str:
    """12/24; in another year the whole date."""
    return formats.short_date(value, today=timezone.localdate())


@register.filter
def local_time(value: datetime | None) -> str:
    """09:05 in the reader's zone."""
    return formats.time(value)


@register.filter
def local_datetime(value: datetime | None) -> str:
    """2026/04/01(水) 09:05 in the reader's zone."""
    return formats.datetime(value)


@register.filter
def duration(value: timedelta | None) -> str:
    """3時間20分."""
    return formats.duration(value)


@register.filter
def days(count: Amount | None) -> str:
    """48.4日."""
    return formats.days(count)


@register.filter
def number(value: Amount | None) -> str:
    """12,345.5."""
    return formats.number(value)


@register.filter
def percent(fraction: Amount | None) -> str:
    """0.105 as 10.5%."""
    return formats.percent(fraction)


@register.filter
def rate(numerator: int | None, denominator: int | None) -> str:
    """84|rate:800 as 10.5%(84/800件)."""
    return formats.rate(numerator, denominator)


@register.filter
def money(amount: Amount | None, currency: str = "JPY") -> str:
    """For a tile: 1,235万円."""
    return formats.money(amount, currency=currency)


@register.filter
def money_exact(amount: Amount | None, currency: str = "JPY") -> str:
    """For a table whose header names the unit: 12,345,678."""
    return formats.money_exact(amount, currency=currency)
