"""What is worth talking about: which repetitions become an agenda item. Pure."""

from __future__ import annotations

OFTEN = 3
SHARE = 0.2


def is_repeated(count: int, total: int) -> bool:
    """Whether a rejection reason came often enough: three times, or at least twice and in a fifth of all rejections."""
    return count >= OFTEN or (count > 1 and count >= SHARE * total)
