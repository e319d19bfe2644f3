"""What a person says of a file that is brought in: what it holds, and which column is what."""

from __future__ import annotations

from datetime import UTC
from typing import Any, BinaryIO

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from alignment.accounts.models import User
from alignment.kernel import formats, tables
from alignment.kernel.forms import Form
from leads.forms import readings
from leads.models import ImportJob, SavedMapping
from leads.rules import columns
from leads.rules.columns import Proposal, Reading
from leads.rules.fields import Field
from leads.rules.mappings import FIELDS, KEEPING, LONGEST_OTHERWISE, OTHERWISE
from leads.rules.matching import Rule
from leads.rules.presets import Preset
from leads.selectors.mappings import NOTHING, Likeness, key_of
from leads.services.importing.engine import may_bring

KINDS = [
    ("leads", gettext_lazy("Leads: people who showed interest")),
    ("deals", gettext_lazy("Deals")),
    ("accounts", gettext_lazy("Companies")),
    ("campaigns", gettext_lazy("Campaigns, with what they cost by month")),
    ("touches", gettext_lazy("Touches: what leads did")),
    ("activities", gettext_lazy("Activities: what sales did")),
]
PASTED = "pasted.txt"
OWN = "own"
"""The columns as this file was set up before."""


class BringForm(Form):
    """A file, or rows pasted from a spreadsheet."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is in it?"), choices=KINDS, initial="leads", widget=forms.RadioSelect
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy(
            "XLSX, XLS, ODS, CSV or text with tabs, in UTF-8, UTF-16, Shift_JIS or EUC-JP. Up to 256 MB."
        ),
        error_messages={
            "empty": gettext_lazy("The file is empty. Choose the one that holds the table, or paste its rows below.")
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.tsv,.txt,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste rows from a spreadsheet, with the row of headings"),
        required=False,
        max_length=500_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "pasted"}),
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind, label) for kind, label in KINDS if may_bring(actor=actor, kind=kind)
        ]

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("file")) == bool((cleaned.get("text") or "").strip()):
            self.add_error("file", _("Choose a file or paste rows: one of the two."))
        return cleaned

    def content(self) -> tuple[BinaryIO, str]:
        """What was brought, and its name."""
        file = self.cleaned_data["file"]
        if file:
            return file.file, file.name
        return tables.pasted(self.cleaned_data["text"]), PASTED


class ColumnsForm(Form):
    """Which column is which field, and how its dates are written; opened with what the names and values suggest."""

    system = forms.CharField(
        label=gettext_lazy("Where do the rows come from?"),
        max_length=50,
        help_text=gettext_lazy(
            "A tool or an event, such as “Salesforce” or “Measuring fair 2026”. A later file from the same place "
            "updates the records of this one instead of making them twice."
        ),
    )
    known_leads = forms.ChoiceField(
        label=gettext_lazy("When a row is somebody who is here already"),
        choices=Rule.choices,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("As their e-mail address or their number tells."),
    )
    keep = forms.BooleanField(
        label=gettext_lazy("Keep the other columns beside each record"), required=False, initial=True
    )

    save_as = forms.CharField(
        label=gettext_lazy("Save this mapping as"),
        required=False,
        max_length=100,
        help_text=gettext_lazy(
            "It is proposed to everybody for later files with the same columns. One with this name is replaced."
        ),
    )

    def __init__(
        self,
        data: Any,
        *,
        job: ImportJob,
        proposals: list[Proposal],
        understanding: tables.Understanding,
        custom: list[Field],
        likeness: Likeness,
        before: ImportJob | None = None,
        begin_anew: bool = False,
    ) -> None:
        own = {} if begin_anew else job.mapping
        begun = own or likeness.mapping
        known = begun.get("columns", {})
        of_tool = likeness.preset.name if likeness.preset else ""
        system = own.get("system", "") or (before.source_system if before else begun.get("system", "") or of_tool)
        initial = readings.initial(understanding) | {"system": system, "like": OWN if own else likeness.key}
        initial["keep"] = begun.get("unmapped", "keep") == "keep"
        initial["known_leads"] = begun.get("known_leads", Rule.FILL.value)
        super().__init__(data, initial=initial)
        self.fields |= readings.fields(understanding)
        if job.kind not in KEEPING:
            del self.fields["keep"]
        if job.kind != ImportJob.Kind.LEADS:
            del self.fields["known_leads"]
        self.job = job
        self.before = before
        self.understanding = understanding
        for name in OTHERWISE.get(job.kind, ()):
            self.fields[f"otherwise_{name}"] = forms.CharField(
                label=capfirst(str(columns.LABELS[name])),
                required=False,
                max_length=LONGEST_OTHERWISE,
                initial=begun.get("otherwise", {}).get(name, ""),
            )
        self.fields["like"] = forms.ChoiceField(
            label=_("Set the columns as"),
            choices=_likenesses(likeness, has_own=bool(job.mapping)),
            required=False,
        )
        self.proposals = proposals
        self.custom = custom
        names = [proposal.header for proposal in proposals]
        self.usable = [(i, p) for i, p in enumerate(proposals) if p.header and names.count(p.header) == 1]
        choices: list[Any] = [("", _("– not used –")), *((field, columns.LABELS[field]) for field in FIELDS[job.kind])]
        if custom:
            choices.append((_("Custom fields"), [(field.key, field.label) for field in custom]))
        for index, proposal in self.usable:
            proposed = {"field": proposal.field, "format": proposal.form}
            spec = _spec(known.get(proposal.header)) if known else proposed
            self.fields[f"field_{index}"] = forms.ChoiceField(
                label=_("Field of “%(column)s”") % {"column": proposal.header},
                choices=choices,
                required=False,
                initial=spec.get("field", ""),
            )
            if proposal.readings:
                self.fields[f"form_{index}"] = forms.ChoiceField(
                    label=_("How “%(column)s” writes dates") % {"column": proposal.header},
                    choices=[
                        ("", _("Please choose")),
                        *((reading.form, _words(reading)) for reading in proposal.readings),
                    ],
                    required=False,
                    initial=spec.get("format", "") or proposal.form,
                )

    def reading(self) -> list[dict[str, Any]]:
        """How the file was read, for the page."""
        return readings.facts(self.understanding, columns=len(self.proposals))

    def otherwise(self) -> list[forms.BoundField]:
        """What rows say where they say nothing themselves."""
        return [self[f"otherwise_{name}"] for name in OTHERWISE.get(self.job.kind, ())]

    def has_doubt(self) -> bool:
        """Whether somebody should look at how the file was read."""
        return readings.has_doubt(self.understanding)

    def lines(self) -> list[dict[str, Any]]:
        """The columns as the page lists them; one without a name of its own can't be used."""
        fields = {f"{kind}_{index}" for kind in ("field", "form") for index, _proposal in self.usable} & set(
            self.fields
        )
        return [
            {
                "header": proposal.header,
                "samples": proposal.samples,
                "field": self[f"field_{index}"] if f"field_{index}" in fields else None,
                "form": self[f"form_{index}"] if f"form_{index}" in fields else None,
            }
            for index, proposal in enumerate(self.proposals)
        ]

    def clean(self) -> dict[str, Any]:
        """Each field once, at least one of them, and dates that can be read in one way."""
        cleaned = super().clean() or {}
        chosen: dict[str, str] = {}
        for index, proposal in self.usable:
            field = cleaned.get(f"field_{index}", "")
            if not field:
                continue
            if field in chosen:
                message = _("“%(column)s” is this field already.") % {"column": chosen[field]}
                self.add_error(f"field_{index}", message)
            chosen.setdefault(field, proposal.header)
            if columns.is_date(self.job.kind, field, self.custom) and not cleaned.get(f"form_{index}"):
                self._ask_for_a_form(index, proposal)
        if not chosen and not self.errors:
            self.add_error(None, self._nothing_chosen())
        return cleaned

    def _nothing_chosen(self) -> str:
        others = [sheet for sheet in self.understanding.sheets if sheet != self.understanding.reading.sheet]
        if not others:
            return _("Choose a field for at least one column.")
        words = {"sheets": pgettext("list separator", ", ").join(others)}
        return _("Choose a field for at least one column, or another sheet: %(sheets)s.") % words

    def _ask_for_a_form(self, index: int, proposal: Proposal) -> None:
        if proposal.readings:
            message = _("Say how the dates of “%(column)s” are written.") % {"column": proposal.header}
            self.add_error(f"form_{index}", message)
        elif proposal.samples:
            message = _("“%(column)s” has values that are no dates, or dates in several forms, such as %(value)s.")
            values = {"column": proposal.header, "value": ", ".join(proposal.samples)}
            self.add_error(f"field_{index}", message % values)

    def mapping(self) -> dict[str, Any]:
        """The mapping of the file, as ``leads.rules.mappings`` reads it."""
        cleaned = self.cleaned_data
        chosen = {
            proposal.header: {"field": cleaned[f"field_{index}"], "format": cleaned.get(f"form_{index}", "")}
            for index, proposal in self.usable
            if cleaned.get(f"field_{index}")
        }
        otherwise = {name: said for name in OTHERWISE.get(self.job.kind, ()) if (said := cleaned[f"otherwise_{name}"])}
        for spec in chosen.values():
            if not (spec["format"] and columns.is_date(self.job.kind, spec["field"], self.custom)):
                del spec["format"]
        return {
            "system": cleaned["system"],
            "columns": chosen,
            "unmapped": "keep" if cleaned.get("keep") else "drop",
            **({"known_leads": cleaned["known_leads"]} if cleaned.get("known_leads") else {}),
            **({"otherwise": otherwise} if otherwise else {}),
            **readings.chosen(cleaned),
        }


def _likenesses(likeness: Likeness, *, has_own: bool) -> list[tuple[str, Any]]:
    """What the columns can be set up like: as before, as somebody saved it, or as a tool names them."""
    kept = [(key_of(one), one.name) for one in likeness.choices if isinstance(one, SavedMapping)]
    tools = [(key_of(one), one.name) for one in likeness.choices if isinstance(one, Preset)]
    groups: list[tuple[str, Any]] = [(OWN, _("as set up before"))] if has_own else []
    groups.append((NOTHING, _("names and values suggest")))
    groups += [(_("Saved mappings"), kept)] if kept else []
    return groups + ([(_("Exports of"), tools)] if tools else [])


def _spec(spec: Any) -> dict[str, str]:
    """What a mapping says of a column, as far as this form can say it."""
    return spec if isinstance(spec, dict) else {"field": spec} if isinstance(spec, str) else {}


def _words(reading: Reading) -> str:
    """What a value means in this form: 03-02-2026 is February 3, 2026."""
    words = {"value": reading.value, "day": formats.date(reading.moment.replace(tzinfo=UTC), zone=UTC)}
    return _("%(value)s is %(day)s") % words
