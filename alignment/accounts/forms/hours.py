"""Weekly working hours as seven lines of text: “09:00–12:00, 13:00–18:00”, or nothing for a closed day."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS as DAY_NAMES
from django.utils.translation import gettext as _

from alignment.kernel.errors import InvalidInput
from alignment.kernel.hours import WEEKDAYS, WeeklyHours

_DASHES = str.maketrans(dict.fromkeys("〜~‐‑‒–—−ー―→", "-"))
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*-\s*(\d{1,2})(?::(\d{2}))?")
EXAMPLE = "09:00–12:00, 13:00–18:00"
_BETWEEN = re.compile(r"[\s,、,;/]*")


class WeeklyHoursWidget(forms.MultiWidget):
    """One input per weekday."""

    template_name = "accounts/widgets/weekly_hours.html"
    use_fieldset = True

    def __init__(self) -> None:
        super().__init__([forms.TextInput() for _day in WEEKDAYS])

    def decompress(self, value: Any) -> list[str]:
        """From the stored form to seven lines."""
        return [", ".join(f"{start}–{end}" for start, end in (value or {}).get(day, [])) for day in WEEKDAYS]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The inputs with the names of their days, and where the weekend begins."""
        context = super().get_context(name, value, attrs)
        for index, part in enumerate(context["widget"]["subwidgets"]):
            part["attrs"] |= {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
            part["attrs"]["placeholder"] = EXAMPLE if index < 5 else ""
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
        week = {day: _spans(line, str(name)) for day, name, line in lines if line.strip()}
        try:
            hours = WeeklyHours.parse(week)
        except InvalidInput as error:
            name = DAY_NAMES[WEEKDAYS.index(error.field.split(".")[0])]
            problem = _("%(day)s: these times overlap, or end before they start.") % {"day": name}
            raise ValidationError(problem) from error
        return hours.to_json() or None


def _spans(line: str, day: str) -> list[list[str]]:
    text = unicodedata.normalize("NFKC", line).translate(_DASHES).replace("時", ":00").replace("::00", ":")
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
