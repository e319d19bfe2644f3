"""Weekly working hours as seven lines of text: “09:00–12:00, 13:00–18:00”, or nothing for a closed day.

Own hours are a choice of their own: whoever fills in one day says nothing about the others by it.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.dates import WEEKDAYS_ABBR as SHORT_NAMES
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.kernel.errors import InvalidInput
from alignment.kernel.forms import Form
from alignment.kernel.hours import WEEKDAYS, WeeklyHours

_DASHES = str.maketrans(dict.fromkeys("〜~‐‑‒–—−ー―→", "-"))
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*-\s*(\d{1,2})(?::(\d{2}))?")
_BETWEEN = re.compile(r"[\s,、,;/]*")
_OFF = frozenset({"day off", "off", "closed", "-", "休み", "休", "休業"})
_JOINED = "\u2060"  # a line must not break within a time

FEW = 2
"""So few working days a week are rather a form left half empty than a week."""

INHERITED, OWN = "inherited", "own"


class WeeklyHoursWidget(forms.MultiWidget):
    """One input per weekday."""

    template_name = "accounts/widgets/weekly_hours.html"
    use_fieldset = True

    def __init__(self) -> None:
        super().__init__([forms.TextInput() for _day in WEEKDAYS])

    def decompress(self, value: Any) -> list[str]:
        """From the stored form to seven lines."""
        return _lines(value or {})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The inputs with the names of their days, and where the weekend begins."""
        context = super().get_context(name, value, attrs)
        for index, part in enumerate(context["widget"]["subwidgets"]):
            part["attrs"] |= {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
            part["attrs"]["placeholder"] = _("day off")
            part["day"] = DAY_NAMES[index]
        return context


class WeeklyHoursField(forms.MultiValueField):
    """Gives what ``WeeklyHours.parse`` reads; None where every day is empty."""

    widget = WeeklyHoursWidget

    def __init__(self, **kwargs: Any) -> None:
        lines = tuple(forms.CharField(required=False, max_length=100) for _day in WEEKDAYS)
        super().__init__(lines, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> dict[str, list[list[str]]] | None:
        """Read the seven lines."""
        lines = zip(WEEKDAYS, DAY_NAMES.values(), data_list or [""] * len(WEEKDAYS), strict=False)
        week = {day: _spans(line, str(name)) for day, name, line in lines if not _is_off(line)}
        try:
            hours = WeeklyHours.parse(week)
        except InvalidInput as error:
            name = DAY_NAMES[WEEKDAYS.index(error.field.split(".")[0])]
            problem = _("%(day)s: these times overlap, or end before they start.") % {"day": name}
            raise ValidationError(problem) from error
        return hours.to_json() or None


class HoursForm(Form):
    """A form with working hours, which asks once whether so few working days are meant."""

    weekly_hours = WeeklyHoursField()
    hours_confirmed = forms.BooleanField(label=gettext_lazy("Yes, all other days are off"), required=False)

    asks_about_hours = False
    """Whether the tick that confirms few working days is shown."""

    def clean(self) -> dict[str, Any]:
        """Leave only what a service takes."""
        cleaned = super().clean() or self.cleaned_data
        is_meant = cleaned.pop("hours_confirmed", False) or cleaned.get("weekly_hours") == self.kept_hours()
        days = [name for day, name in zip(WEEKDAYS, DAY_NAMES.values(), strict=True) if day in _open(cleaned)]
        if 0 < len(days) <= FEW and not is_meant:
            self.asks_about_hours = True
            self.add_error("weekly_hours", _few(days))
        return cleaned

    def kept_hours(self) -> Any:
        """The hours that were kept before, about which nobody is asked again."""
        return self.initial.get("weekly_hours")


class OwnHoursForm(HoursForm):
    """Working hours that are one's own only by choice; else those of the team or of the company hold."""

    hours_from = forms.ChoiceField(label=gettext_lazy("Working hours"), widget=forms.RadioSelect)

    own: ClassVar = gettext_lazy("My own hours")
    """The name of the choice."""

    def __init__(self, *args: Any, inherited: dict[str, Any], from_team: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = self.initial.get("weekly_hours")
        self.initial["hours_from"] = OWN if self._kept else INHERITED
        self.initial["weekly_hours"] = self._kept or inherited
        theirs = _("The team's hours: %(hours)s") if from_team else _("The company's hours: %(hours)s")
        self.fields["hours_from"].choices = [  # type: ignore[attr-defined]
            (INHERITED, theirs % {"hours": in_words(inherited)}),
            (OWN, self.own),
        ]

    def kept_hours(self) -> Any:
        return self._kept

    def clean(self) -> dict[str, Any]:
        """Hours that are not one's own are none, whatever stands in the lines."""
        if self.cleaned_data.pop("hours_from", OWN) == INHERITED:
            self.errors.pop("weekly_hours", None)
            self.cleaned_data["weekly_hours"] = None
        elif self.cleaned_data.get("weekly_hours", "wrong") is None:
            self.add_error("weekly_hours", _("Give working hours for at least one weekday."))
        return super().clean()


def in_words(week: dict[str, Any]) -> str:
    """Such as “Mon–Fri 09:00–12:00, 13:00–18:00”: days in a row with the same hours are said together."""
    unbroken = (line.replace("–", f"{_JOINED}–{_JOINED}") for line in _lines(week))
    days = zip(SHORT_NAMES.values(), unbroken, strict=True)
    runs = [(line, [str(name) for name, _line in run]) for line, run in groupby(days, key=lambda day: day[1])]
    return " · ".join(
        f"{names[0]} {line}" if len(names) == 1 else f"{names[0]}–{names[-1]} {line}" for line, names in runs if line
    )


def _lines(week: dict[str, Any]) -> list[str]:
    return [", ".join(f"{start}–{end}" for start, end in week.get(day, [])) for day in WEEKDAYS]


def _open(cleaned: dict[str, Any]) -> dict[str, Any]:
    return {day: spans for day, spans in (cleaned.get("weekly_hours") or {}).items() if spans}


def _few(days: list[Any]) -> str:
    if len(days) == 1:
        return _("Only %(day)s is a working day. Is that right?") % {"day": days[0]}
    return _("Only %(first)s and %(second)s are working days. Is that right?") % {"first": days[0], "second": days[1]}


def _is_off(line: str) -> bool:
    return unicodedata.normalize("NFKC", line).strip().lower() in {"", *_OFF, _("day off")}


def _spans(line: str, day: str) -> list[list[str]]:
    text = (
        unicodedata.normalize("NFKC", line)
        .replace(_JOINED, "")
        .translate(_DASHES)
        .replace("時", ":00")
        .replace("::00", ":")
    )
    spans, rest = [], _SPAN.sub("", text)
    for start, start_minute, end, end_minute in _SPAN.findall(text):
        spans.append([_clock(start, start_minute), _clock(end, end_minute)])
    if not spans or not _BETWEEN.fullmatch(rest):
        raise ValidationError(
            _("%(day)s: write times like 09:00–12:00, 13:00–18:00, or nothing for a day off.") % {"day": day}
        )
    return spans


def _clock(hour: str, minute: str) -> str:
    return f"{int(hour):02}:{minute or '00'}"
