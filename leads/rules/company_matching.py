"""Whether two accounts are one company: what speaks for it and against it, added up as for leads. Pure.

The same 法人番号 is sure. All else, a domain that a group shares or a name that only resembles, has to be looked at;
two different numbers outweigh it. Accounts of one tree, a company and its subsidiaries, are never asked about.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.rules.matching import Evidence


class Signal(StrEnum):
    """Something that two accounts have in common, or that sets them apart."""

    NUMBER = "number"
    NAME = "name"
    DOMAIN = "domain"
    OTHER_NUMBER = "other_number"


POINTS: dict[Signal, int] = {Signal.NUMBER: 100, Signal.NAME: 60, Signal.DOMAIN: 50, Signal.OTHER_NUMBER: -80}

WORDS: dict[str, Promise] = {
    Signal.NUMBER: _("same corporate number"),
    Signal.NAME: _("nearly the same name"),
    Signal.DOMAIN: _("same e-mail domain"),
    Signal.OTHER_NUMBER: _("corporate numbers differ"),
}


def weigh(signals: Collection[str]) -> Evidence:
    """What speaks for the two being one company, and against it."""
    return Evidence(tuple((signal, POINTS[signal]) for signal in Signal if signal in signals))
