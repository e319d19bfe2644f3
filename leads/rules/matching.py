"""Whether two leads are one person: what speaks for it and against it, added up. Pure.

Evidence is a list of signals, each worth points. From ``SURE`` on two records are one person, without asking; from
``SUSPECTED`` on somebody has to look. The points are chosen so that a signal is sure alone only where it names a person
(an address that no other name contradicts), and that what people share, a switchboard or a name, is never enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SURE = 80
SUSPECTED = 40


class Signal(StrEnum):
    """Something that two records have in common, or that sets them apart."""

    EMAIL = "email"
    PHONE = "phone"
    NAME = "name"
    KANA = "kana"
    COMPANY = "company"
    OTHER_NAME = "other_name"
    OTHER_EMAIL = "other_email"


POINTS: dict[Signal, int] = {
    Signal.EMAIL: 80,
    Signal.PHONE: 40,
    Signal.NAME: 45,
    Signal.KANA: 10,
    Signal.COMPANY: 20,
    Signal.OTHER_NAME: -40,
    Signal.OTHER_EMAIL: -20,
}
KANA_ALONE = 35
"""The same reading where the names themselves cannot be compared: one of the records has none."""

WORDS: dict[str, Promise] = {
    Signal.EMAIL: _("same e-mail address"),
    Signal.PHONE: _("same phone number"),
    Signal.NAME: _("same name"),
    Signal.KANA: _("same reading of the name"),
    Signal.COMPANY: _("same company"),
    Signal.OTHER_NAME: _("names differ"),
    Signal.OTHER_EMAIL: _("e-mail addresses differ"),
}


class Rule(TextChoices):
    """What a record that somebody brings does to the lead that it surely is."""

    FILL = "fill", _("Fill what is blank here")
    NEWER = "newer", _("The newer one wins")
    NEVER = "never", _("Never change what is here")


@dataclass(frozen=True)
class Compared:
    """What two records have in common. ``names``: True where both have one and it is the same, None where one lacks."""

    email: bool | None
    phone: bool | None
    names: bool | None
    kana: bool | None
    company: bool | None


@dataclass(frozen=True)
class Evidence:
    """The signals found, each with its points."""

    signals: tuple[tuple[StrEnum, int], ...]

    @property
    def score(self) -> int:
        """All points together, none below zero."""
        return max(sum(points for _signal, points in self.signals), 0)

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE

    @property
    def is_suspected(self) -> bool:
        return SUSPECTED <= self.score < SURE

    def as_json(self) -> list[list[str | int]]:
        return [[signal.value, points] for signal, points in self.signals]


def weigh(pair: Compared) -> Evidence:
    """What speaks for the two being one person, and against it."""
    found: list[tuple[StrEnum, int]] = []
    for signal, same in ((Signal.EMAIL, pair.email), (Signal.PHONE, pair.phone), (Signal.NAME, pair.names)):
        if same:
            found.append((signal, POINTS[signal]))
    if pair.kana:
        found.append((Signal.KANA, KANA_ALONE if pair.names is None else POINTS[Signal.KANA]))
    if pair.company:
        found.append((Signal.COMPANY, POINTS[Signal.COMPANY]))
    if pair.names is False and not pair.kana:
        found.append((Signal.OTHER_NAME, POINTS[Signal.OTHER_NAME]))
    if pair.email is False:
        found.append((Signal.OTHER_EMAIL, POINTS[Signal.OTHER_EMAIL]))
    return Evidence(tuple(found))
