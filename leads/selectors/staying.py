"""What taking an import back would do and what it left here, as the pages tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.utils.translation import gettext as _

from leads.models import ImportChange, ImportJob
from leads.selectors.undoing import KINDS, Reasons, changed_rows, changes_of, happened, made_by


@dataclass(frozen=True)
class Staying:
    """A record that stays, with the name of its page, its id there, and why."""

    name: str
    page: str
    pk: int
    why: str


@dataclass(frozen=True)
class Stayed:
    """What stays: the first records, each with why; ``more`` stay too."""

    stay: list[Staying]
    more: int

    @property
    def stay_count(self) -> int:
        """All records that stay."""
        return len(self.stay) + self.more


@dataclass(frozen=True)
class Undo(Stayed):
    """What taking an import back would do, in figures and as a sentence."""

    records: int
    changes: int
    promise: str


def undo_of(job: ImportJob, *, examples: int = 25) -> Undo:
    """What taking an import back would do as it stands now."""
    made = made_by(job.kind, job.pk)
    stay = happened(made, job)
    count = stay.count()
    return Undo(
        stay=_staying(stay, job, examples),
        more=max(count - examples, 0),
        records=made.count() - count,
        changes=changes_of(job).exclude(external_id="").count(),
        promise=_promise(job.kind),
    )


def stayed(job: ImportJob, *, examples: int = 25) -> Stayed:
    """What of an import that was taken back is here all the same: of what it made, and of what it changed."""
    made = happened(made_by(job.kind, job.pk), job)
    changes = changed_rows(job).select_related("lead", "deal__account", "account", "campaign").order_by("pk")
    found = _staying(made, job, examples)
    why = _("what the file wrote was changed since")
    found += [_changed_record(change, why) for change in changes[: examples - len(found)]]
    return Stayed(found, made.count() + changes.count() - len(found))


def _promise(kind: str) -> str:
    return {
        "leads": _(
            "Leads that this file made count no more, and facts that it changed are as they were. Companies and "
            "campaigns stay."
        ),
        "deals": _(
            "Deals that this file made count no more, facts that it changed are as they were, and leads that it moved "
            "stand where they stood. Companies and people that it named stay."
        ),
        "accounts": _(
            "Companies that this file made and to which nothing belongs are removed, and facts that it changed are as "
            "they were. Leads are judged by them again."
        ),
        "campaigns": _(
            "Campaigns that this file made and that nothing names are removed. Facts and monthly costs that it changed "
            "are as they were."
        ),
        "touches": _(
            "Touches that this file brought are removed, and their leads are judged without them. Campaigns that it "
            "named stay."
        ),
        "activities": _(
            "Activities that this file brought count no more, and neither does a first contact of which only they told."
        ),
    }[kind]


def _changed_record(change: ImportChange, why: str) -> Staying:
    found = {"leads": change.lead, "deals": change.deal, "accounts": change.account, "campaigns": change.campaign}
    kind, record = next((kind, record) for kind, record in found.items() if record is not None)
    return Staying(KINDS[kind].name(record), KINDS[kind].page[0], record.pk, why)


def _staying(records: QuerySet[Any], job: ImportJob, examples: int) -> list[Staying]:
    kind, reasons = KINDS[job.kind], KINDS[job.kind].reasons(job)
    holds = {
        f"reason_{place}": ExpressionWrapper(reason, output_field=BooleanField())
        for place, (_why, reason) in enumerate(reasons)
    }
    page, column = kind.page
    return [
        Staying(kind.name(record), page, getattr(record, column), _first(record, reasons))
        for record in records.annotate(**holds).order_by("pk")[:examples]
    ]


def _first(record: Any, reasons: Reasons) -> str:
    return next((why for place, (why, _holds) in enumerate(reasons) if getattr(record, f"reason_{place}")), "")
