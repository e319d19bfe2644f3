"""A cache that is only ever a convenience: without Redis everything still answers, more slowly."""

from __future__ import annotations

from typing import Any

import redis.exceptions
import structlog
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)
_FAULTS = (redis.exceptions.RedisError, OSError)


class ForgivingRedisCache(RedisCache):
    """Redis as cache; a dead or frozen server reads as a miss and writes are dropped."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except _FAULTS as error:
            log.warning("cache_unavailable", error=repr(error))
            return default

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(key, value, *args, **kwargs)
        except _FAULTS as error:
            log.warning("cache_unavailable", error=repr(error))

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().add(key, value, *args, **kwargs)
        except _FAULTS as error:
            log.warning("cache_unavailable", error=repr(error))
            return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        try:
            return super().delete(key, version)
        except _FAULTS as error:
            log.warning("cache_unavailable", error=repr(error))
            return False

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        try:
            return super().incr(key, delta, version)
        except _FAULTS as error:
            log.warning("cache_unavailable", error=repr(error))
            return delta
