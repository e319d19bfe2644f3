"""Figures in words: the same on pages, in charts and in mails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_skeleton
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from alignment.kernel import formats
from alignment.kernel.periods import Period
from reviews.kpis.kpi import Figure, Unit
from reviews.rules.runchart import Change, RunChart, Signal
from reviews.rules.statistics import SMALL, Interval, is_small, wilson

Value = float | int | None


def value_text(value: Value, unit: Unit, *, currency: str) -> str:
    """A value as it stands on a tile, without its unit: 10.5%, 3.5, ¥12.3M; – where there is none."""
    if unit is Unit.RATE:
        return formats.percent(value)
    if unit is Unit.MONEY:
        return formats.money(value, currency=currency)
    return formats.number(value, decimals=1)


def unit_text(unit: Unit, value: Value = 0) -> str:
    """What stands behind the value: nothing where the value says it itself, or where there is none."""
    if value is None:
        return ""
    number = 1 if abs(round(value, 1)) == 1 else 2  # as it is shown
    if unit is Unit.HOURS:
        return ngettext("business hour", "business hours", number)
    return npgettext("unit", "day", "days", number) if unit is Unit.DAYS else ""


def full_text(value: Value, unit: Unit, *, currency: str) -> str:
    """A value with its unit: 3.5 business hours."""
    text = value_text(value, unit, currency=currency)
    unit_said = unit_text(unit, value)
    return _("%(value)s %(unit)s") % {"value": text, "unit": unit_said} if unit_said else text


def sizes_text(figure: Figure, unit: Unit) -> str:
    """What a value rests on: 842 / 8,000, or the number of records; nothing for a count, or of no records."""
    if unit is Unit.RATE:
        return f"{formats.number(figure.numerator)} / {formats.number(figure.denominator)}"
    if not figure.denominator:
        return ""
    return ngettext("%(n)s record", "%(n)s records", figure.denominator) % {"n": formats.number(figure.denominator)}


def interval(figure: Figure, *, is_share: bool) -> Interval | None:
    """The 95% interval of a share; None of other figures, of nothing, and of a part that is more than its whole."""
    if not is_share or not figure.denominator or figure.numerator is None or figure.numerator > figure.denominator:
        return None
    return wilson(figure.numerator, figure.denominator)


def interval_text(figure: Figure, *, is_share: bool) -> str:
    """The interval in words, empty where there is none."""
    found = interval(figure, is_share=is_share)
    if found is None:
        return ""
    return _("95%% interval %(interval)s") % {"interval": formats.interval(found.low, found.high)}


def rests_on_few(figure: Figure) -> bool:
    """Whether it has a value that too few cases stand behind to conclude anything from it."""
    return bool(figure.denominator) and is_small(figure.denominator or 0)


def change_text(now: Value, before: Value, unit: Unit, *, currency: str) -> str:
    """The difference to the value before, with its sign; – where one of them is missing."""
    if now is None or before is None:
        return formats.NOTHING
    change = Decimal(str(now)) - Decimal(str(before))
    if unit is Unit.RATE:
        return formats.points(change)
    sign = "+" if change > 0 else "±" if not change else ""
    return sign + value_text(float(change), unit, currency=currency)


def compared_text(now: Value, before: Value, unit: Unit, *, currency: str) -> str:
    """The difference with both values: +3 (14 after 11); – where one of them is missing."""
    change = change_text(now, before, unit, currency=currency)
    if change == formats.NOTHING:
        return change
    values = {"now": value_text(now, unit, currency=currency), "before": value_text(before, unit, currency=currency)}
    return _("%(change)s (%(now)s after %(before)s)") % (values | {"change": change})


def direction_text(chart: RunChart) -> str:
    """Which way the signal of a run chart points, in words; nothing where its rules say nothing."""
    if chart.change is Change.TOO_FEW:
        return ""
    signal = chart.strongest
    if signal is None:
        return _("○ no change")
    return _("▲ higher than before") if signal.up else _("▼ lower than before")


def trend_name(weeks: int) -> str:
    """What the signal of a run chart is about."""
    return ngettext("Over %(n)s week:", "Over %(n)s weeks:", weeks) % {"n": weeks}


def judged_text(change: Change) -> str:
    """Whether that is good, where the rules of the chart say so."""
    return str(change.label) if change in (Change.BETTER, Change.WORSE) else ""


def mark_text(number: int) -> str:
    """A version that took effect, as it stands at its line in a chart."""
    return _("version %(number)s in force") % {"number": number}


def since_text(number: int, on: date) -> str:
    """What a figure that the definition changes by agreement says about it."""
    return _("since version %(number)s is in force (%(on)s)") % {"number": number, "on": day_mark(on)}


def marks_sentence(marks: Sequence[tuple[int, date]]) -> str:
    """What a chart says about the versions that took effect in its weeks."""
    return " ".join(
        _("Version %(number)s is in force since %(on)s: limits are reckoned anew from there.")
        % {"number": number, "on": day_mark(on)}
        for number, on in marks
    )


def verdict_sentence(
    name: str,
    chart: RunChart,
    unit: Unit,
    *,
    currency: str,
    weeks: int,
    marks: Sequence[tuple[int, date]] = (),
) -> str:
    """What a run chart shows, in a sentence; a verdict only where its rules give one."""
    sentence = _verdict(name, chart, unit, currency=currency, weeks=weeks)
    return f"{sentence}{_gap()}{marks_sentence(marks)}" if marks else sentence


def _gap() -> str:
    """What stands between two sentences."""
    return "" if (translation.get_language() or "").startswith("ja") else " "


def _verdict(name: str, chart: RunChart, unit: Unit, *, currency: str, weeks: int) -> str:

    def said(value: Value) -> str:
        return full_text(value, unit, currency=currency)

    if chart.change is Change.TOO_FEW:
        text = ngettext(
            "%(name)s: %(n)s week so far, too few to tell a change from ordinary spread.",
            "%(name)s: %(n)s weeks so far, too few to tell a change from ordinary spread.",
            weeks,
        )
        return text % {"name": name, "n": weeks}
    values = {"name": name, "n": weeks, "mean": said(chart.centre), "low": said(chart.lower), "high": said(chart.upper)}
    if chart.change is Change.NO_CHANGE:
        return _(
            "%(name)s: no change. The last %(n)s weeks vary around %(mean)s, ordinarily from %(low)s to %(high)s."
        ) % (values)
    values["why"] = latest_signal(chart).rule.label
    sentences: dict[Change, Callable[[], str]] = {
        Change.BETTER: lambda: _("%(name)s: better. The latest week is a signal (%(why)s); the mean is %(mean)s."),
        Change.WORSE: lambda: _("%(name)s: worse. The latest week is a signal (%(why)s); the mean is %(mean)s."),
        Change.CHANGED: lambda: _("%(name)s: changed. The latest week is a signal (%(why)s); the mean is %(mean)s."),
    }
    return sentences[chart.change]() % values


def week_mark(week: Period) -> str:
    """A week under an axis: the day on which it begins."""
    return day_mark(week.start)


def day_mark(day: date) -> str:
    """A day of which the year is known: Jun 29."""
    language = (translation.get_language() or "en")[:2]
    return format_skeleton("Md" if language == "ja" else "MMMd", day, locale=language)


def mean_text(chart: RunChart, unit: Unit, *, currency: str) -> str:
    """The words at the middle line of a run chart."""
    if chart.centre is None:
        return ""
    return _("mean %(value)s") % {"value": value_text(chart.centre, unit, currency=currency)}


def latest_signal(chart: RunChart) -> Signal:
    """The strongest signal of the latest point that has one."""
    return next(signals for signals in reversed(chart.signals) if signals)[0]


def remarks(signals: Sequence[Signal], events: Sequence[str]) -> str:
    """What a table says beside one point: what took effect, and what the rules of the chart found."""
    return ", ".join([*events, *(str(one.rule.label) for one in signals)])


def times_sentence(
    name: str,
    times: Sequence[tuple[str, Value]],
    unit: Unit,
    *,
    currency: str,
    by_year: bool = False,
    left_out: bool = False,
) -> str:
    """What a chart by month or by year shows: its lowest, its highest and its latest value."""
    sentence = _times(name, times, unit, currency=currency, by_year=by_year)
    return sentence + _gap() + _("Cohorts that are not mature are left out.") if left_out else sentence


def _times(name: str, times: Sequence[tuple[str, Value]], unit: Unit, *, currency: str, by_year: bool) -> str:
    known = [(label, value) for label, value in times if value is not None]
    if not known:
        text = _("%(name)s by year: no values yet.") if by_year else _("%(name)s by month: no values yet.")
        return text % {"name": name}
    low, high = min(known, key=lambda time: time[1] or 0), max(known, key=lambda time: time[1] or 0)
    said = {
        f"{which}_{part}": text
        for which, (label, value) in {"low": low, "high": high, "last": known[-1]}.items()
        for part, text in (
            ("month", label),
            ("year", label),
            ("value", value_text(value, unit, currency=currency)),
        )
    }
    return _over_time(len(known), by_year) % {"name": name, **said}


def _over_time(count: int, by_year: bool) -> str:
    if by_year:
        return (
            _("%(name)s by year: %(last_value)s in %(last_year)s.")
            if count == 1
            else _(
                "%(name)s by year: lowest %(low_value)s (%(low_year)s), highest %(high_value)s (%(high_year)s), "
                "latest %(last_value)s (%(last_year)s)."
            )
        )
    return (
        _("%(name)s by month: %(last_value)s in %(last_month)s.")
        if count == 1
        else _(
            "%(name)s by month: lowest %(low_value)s (%(low_month)s), highest %(high_value)s (%(high_month)s), "
            "latest %(last_value)s (%(last_month)s)."
        )
    )


def sources_sentence(name: str, sources: Sequence[tuple[str, Figure]], unit: Unit, *, currency: str) -> str:
    """What a chart by source shows, comparing only those with cases enough."""
    sure = [(label, figure.value) for label, figure in sources if figure.value is not None and not rests_on_few(figure)]
    if len(sure) < 2:
        return _("%(name)s by source: fewer than two sources have %(n)s cases, so their order may be chance.") % {
            "name": name,
            "n": SMALL,
        }
    low, high = min(sure, key=lambda source: source[1]), max(sure, key=lambda source: source[1])
    return _(
        "%(name)s by source: highest %(high_value)s (%(high)s), lowest %(low_value)s (%(low)s), "
        "among sources with at least %(n)s cases."
    ) % {
        "name": name,
        "n": SMALL,
        "high": high[0],
        "high_value": value_text(high[1], unit, currency=currency),
        "low": low[0],
        "low_value": value_text(low[1], unit, currency=currency),
    }
