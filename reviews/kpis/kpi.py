"""What a figure is: one formula, one unit, one direction, and the lists of rows behind it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel.errors import InvalidInput
from reviews.kpis.rows import RowSet, Tally
from reviews.kpis.scope import Basis, GroupBy
from reviews.rules.runchart import Good


class Unit(TextChoices):
    """What a figure is counted in."""

    COUNT = "count", gettext_lazy("count")
    RATE = "rate", gettext_lazy("rate")
    HOURS = "hours", gettext_lazy("business hours")
    MONEY = "money", gettext_lazy("money")
    DAYS = "days", gettext_lazy("days")


class Part(TextChoices):
    """Which rows of a figure."""

    NUMERATOR = "numerator", gettext_lazy("counted")
    DENOMINATOR = "denominator", gettext_lazy("out of")


@dataclass(frozen=True)
class Figure:
    """A value with the sizes of its two lists; None where there is no such list, or nothing to divide by."""

    value: float | int | None
    numerator: int | None
    denominator: int | None


NO_FIGURE = Figure(None, None, None)


@dataclass(frozen=True)
class Kpi:
    """A named figure.

    A count has only a numerator. A rate has both. A sum, mean or median (``measured``) is taken over the rows of its
    denominator. ``by_period`` replaces ``formula`` where the two bases do not count the same. ``by_definition``: a new
    version of the definition changes it by agreement, before anybody works better or worse.
    """

    key: str
    label: Promise
    unit: Unit
    good: Good
    formula: Promise
    numerator: RowSet | None = None
    denominator: RowSet | None = None
    measured: str = ""
    side: str = ""
    by_period: Promise | None = None
    by_definition: bool = False

    @property
    def parts(self) -> dict[Part, RowSet]:
        """Its lists of rows, the one that opens first in front."""
        both = {Part.NUMERATOR: self.numerator, Part.DENOMINATOR: self.denominator}
        return {part: rows for part, rows in both.items() if rows is not None}

    @property
    def span(self) -> tuple[float | None, float | None]:
        """The lowest and highest value it can take, None where there is no end."""
        lowest = None if self.unit is Unit.DAYS else 0.0  # won before qualified counts as it is
        highest = 1.0 if self.unit is Unit.RATE else None
        return lowest, highest

    def shown_on(self, basis: Basis) -> Basis:
        """The basis on which it is shown where this one is asked for: a share of other rows is none to be compared."""
        return Basis.COHORT if self.by_period else basis

    @property
    def is_rate(self) -> bool:
        return self.unit is Unit.RATE

    def is_share(self, basis: Basis) -> bool:
        """Whether its numerator is a part of its denominator, so that an interval can be given."""
        return self.unit is Unit.RATE and not (self.by_period and basis is Basis.PERIOD)

    def formula_for(self, basis: Basis) -> str:
        """The sentence that says how it is counted on this basis."""
        return str(self.by_period if self.by_period and basis is Basis.PERIOD else self.formula)

    def rows(self, part: Part | None = None) -> RowSet:
        """The rows of a part, by default those of the first. Raise ``InvalidInput`` where it has no such part."""
        parts = self.parts
        part = part or next(iter(parts))
        if part not in parts:
            raise InvalidInput(_("“%(kpi)s” has no such part.") % {"kpi": self.label}, field="part")
        return parts[part]

    def knows(self, group_by: GroupBy) -> bool:
        """Whether it can be broken down like this; where not, it has no value in any group."""
        return all(rows.knows(group_by) for rows in self.parts.values())

    def measure(self, tallies: dict[str, Tally]) -> Figure:
        """The figure, from the tallies of its sets of rows by name; a set without a tally is empty."""
        counts = {part: int(tallies.get(rows.name, {}).get("count") or 0) for part, rows in self.parts.items()}
        upper, lower = counts.get(Part.NUMERATOR), counts.get(Part.DENOMINATOR)
        if self.measured and self.denominator is not None:
            value = tallies.get(self.denominator.name, {}).get(self.measured)
            return Figure(0 if value is None and self.measured == "sum" else value, None, lower)
        if lower is None:
            return Figure(upper, upper, None)
        return Figure((upper or 0) / lower if lower else None, upper, lower)
