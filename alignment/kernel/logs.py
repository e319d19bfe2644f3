"""Logs as JSON, and what must never be read in them: addresses of people, passwords, tokens, links that open doors."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

HIDDEN = "***"

_SECRET_NAMES = re.compile(r"passw|secret|token|authorization|cookie|csrf|session|api_?key", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+%-]+@([\w-]+(?:\.[\w-]+)+)")
_API_TOKEN = re.compile(r"algn_[0-9a-f]{8,}", re.IGNORECASE)
_DOOR = re.compile(r"(/(?:invitations|password/reset/key|confirm-email)/)[^/\s\"'?]+")
_CREDENTIALS = re.compile(r"(\w+://)[^/\s:@]*:[^/\s@]+@")


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: mask secrets by the name of their key and by their look."""
    for name in list(event):
        event[name] = HIDDEN if _SECRET_NAMES.search(name) else _masked(event[name])
    return event


def masked(text: str) -> str:
    """Mask what must not be read in a log; an address keeps its domain, which helps to find a mail fault."""
    for pattern, instead in (
        (_CREDENTIALS, rf"\1{HIDDEN}@"),
        (_ADDRESS, rf"{HIDDEN}@\1"),
        (_API_TOKEN, HIDDEN),
        (_DOOR, rf"\1{HIDDEN}"),
    ):
        text = pattern.sub(instead, text)
    return text


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: HIDDEN if _SECRET_NAMES.search(str(key)) else _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(item) for item in value]
    return value if isinstance(value, int | float | bool | None) else masked(repr(value))


_SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configured(*, level: str) -> dict[str, Any]:
    """Set structlog up and return what Django's own ``LOGGING`` has to be."""
    structlog.configure(
        processors=[
            *_SHARED_PROCESSORS,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    hide_secrets,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                "foreign_pre_chain": _SHARED_PROCESSORS,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {"django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
    }
