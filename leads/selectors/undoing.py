"""Which records an import made, what may have happened to those since, and what it changed of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BigIntegerField, Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from leads.models import (
    Account,
    AccountMerge,
    Activity,
    Campaign,
    CampaignCost,
    CaptureForm,
    Deal,
    ImportChange,
    ImportedRow,
    ImportJob,
    Lead,
    LeadEvent,
    LeadMerge,
    Touch,
)
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.selectors import deals

Reasons = list[tuple[str, Q]]
"""Why a record stays, in words, each with whether it holds. The first that holds is told."""


@dataclass(frozen=True)
class Kind:
    """How the rows of one kind lead to the records that they made, and what may have happened to those since.

    ``key`` is the column by which a row knows its record: by the id of the row, or by a fact that is ``remembered`` of
    it. ``name``: what people call a record. ``page``: where it is shown, with the column that says which one.
    ``relation``: that of ``ImportChange`` to such records, where a file can change one.
    """

    records: Callable[[], QuerySet[Any]]
    reasons: Callable[[ImportJob], Reasons]
    name: Callable[[Any], str]
    page: tuple[str, str]
    key: str = "pk"
    remembered: str = ""
    relation: str = ""
    is_of_system: bool = False

    def key_of(self, row: ImportedRow) -> Any:
        """The value of ``key`` of the record that a row made."""
        return row.facts.get(self.remembered) if self.remembered else row.external_id


def made_by(kind: str, pk: int) -> QuerySet[Any]:
    """The records of a kind that a job has made and that were not taken back; also what became part of another."""
    of = KINDS[kind]
    rows = ImportedRow.objects.filter(made_by=pk, kind=kind)
    key = Cast(KT(f"facts__{of.remembered}"), BigIntegerField()) if of.remembered else F("external_id")
    keys = rows.values(key=key)
    records = of.records().filter(**{f"{of.key}__in": keys})
    return records.filter(source_system__in=rows.values("source_system")[:1]) if of.is_of_system else records


def untouched(records: QuerySet[Any], job: ImportJob) -> QuerySet[Any]:
    """Those of the records of a job to which nothing else has happened since."""
    return records.filter(*(~holds for _why, holds in KINDS[job.kind].reasons(job)))


def happened(records: QuerySet[Any], job: ImportJob) -> QuerySet[Any]:
    """Those of the records of a job to which something else has happened."""
    return records.filter(reduce(or_, (holds for _why, holds in KINDS[job.kind].reasons(job))))


def changes_of(job: ImportJob) -> QuerySet[ImportChange]:
    """What a job has changed of records that were here before it and still count."""
    stands = {"lead__merged_into": None, "lead__taken_back_by": None, "account__merged_into": None}
    return _noted(job).filter(deal__taken_back_by=None, **stands)


def changed_rows(job: ImportJob) -> QuerySet[ImportChange]:
    """The changes of which a row itself has said; others follow from them. Also of what became part of another, not of
    what was taken back."""
    return _noted(job).filter(lead__taken_back_by=None, deal__taken_back_by=None).exclude(external_id="")


def _noted(job: ImportJob) -> QuerySet[ImportChange]:
    """Without what a later row said of a record that the same file made: that stays as it is, or goes as a whole."""
    found = ImportChange.objects.filter(job=job)
    relation = KINDS[job.kind].relation
    return found.exclude(Exists(made_by(job.kind, job.pk).filter(pk=OuterRef(relation)))) if relation else found


def _by(model: type[Model], column: str, **of: Any) -> Q:
    """Whether there is a row of this model that names the record in this column."""
    return Q(Exists(getattr(model, "everything", model._default_manager).filter(**{column: OuterRef("pk")}, **of)))


def _undone(job: ImportJob) -> list[int]:
    """The imports whose doing is nothing that happened: those that were taken back, and the one that is asked about."""
    undone = ImportJob.objects.filter(state=ImportJob.State.UNDONE).values_list("pk", flat=True)
    return [job.pk, *undone]


def _of_leads(job: ImportJob) -> Reasons:
    """By all that hangs on a lead, and by its stage. Whatever somebody of an app above does leaves an event here."""
    by_judging = Q(kind__in=(LeadEventKind.CAPTURED, LeadEventKind.QUALIFIED)) | Q(
        kind=LeadEventKind.STAGE, new_stage__in=JUDGED_STAGES, actor=None
    )
    of_import = Q(data__has_key="job", data__job__in=_undone(job))  # a missing key is not outside, it is unknown
    by_undone_import = Q(kind=LeadEventKind.TAKEN_BACK) | of_import
    events = LeadEvent.objects.filter(lead=OuterRef("pk")).exclude(by_judging).exclude(by_undone_import)
    stands = ImportChange.objects.filter(lead=OuterRef("pk")).exclude(job=job)  # also where its undo was stopped
    changed = _("somebody has changed it or handed it over")
    return [
        (_("it became part of another lead"), Q(merged_into__isnull=False)),
        (_("it has a deal"), Q(Exists(Deal.objects.filter(lead=OuterRef("pk"))))),
        (_("sales has worked on it"), Q(Exists(Activity.objects.filter(lead=OuterRef("pk"))))),
        (_("another lead was merged into it"), _by(Lead, "merged_into")),
        (_("it has touches"), _by(Touch, "lead")),
        (changed, Q(Exists(events)) | Q(Exists(stands))),
        (changed, ~Q(stage__in=(*JUDGED_STAGES, Stage.PAST))),
    ]


def _of_deals(job: ImportJob) -> Reasons:
    return [(_("somebody has changed it"), _changed(Deal, "deal", job))]


def _of_accounts(job: ImportJob) -> Reasons:
    merges = AccountMerge.objects.filter(Q(survivor=OuterRef("pk")) | Q(merged=OuterRef("pk")))
    named = _by(Lead, "account", taken_back_by=None) | _by(Deal, "account", taken_back_by=None)
    others = ImportedRow.objects.filter(kind=job.kind).exclude(source_system=job.source_system)
    of_others = others.alias(names=Cast(KT("facts__account_id"), BigIntegerField())).filter(names=OuterRef("pk"))
    return [
        (_("leads or deals belong to it"), named | _may_return("account_id")),
        (_("it belongs to a group of companies"), Q(parent__isnull=False) | _by(Account, "parent")),
        (_("it was merged with another"), Q(merged_into__isnull=False) | Q(Exists(merges))),
        (_("another file names it"), Q(Exists(of_others))),
        (_("somebody has changed it"), _changed(Account, "account", job)),
    ]


def _of_campaigns(job: ImportJob) -> Reasons:
    named = _by(Lead, "campaign", taken_back_by=None) | _by(Touch, "campaign") | _may_return("campaign_id")
    others = ImportedRow.objects.filter(kind=job.kind, external_id=OuterRef("name"))
    costs = _versions(CampaignCost, "campaign", job)
    return [
        (_("leads or touches name it"), named),
        (_("a form belongs to it"), _by(CaptureForm, "campaign")),
        (_("another file names it"), Q(Exists(others.exclude(source_system=job.source_system)))),
        (_("somebody has changed it"), _changed(Campaign, "campaign", job) | costs),
    ]


def _of_what_happened(job: ImportJob) -> Reasons:
    """What people decide of a lead, they decide by what it did and what sales did: that is not taken from under it."""
    of_person = LeadEvent.objects.filter(Q(lead=OuterRef("lead")) | Q(lead=OuterRef("lead__merged_into")))
    moves = of_person.filter(kind=LeadEventKind.STAGE, actor__isnull=False, at__gte=job.started_at or job.at)
    decided = moves.exclude(new_stage__in=JUDGED_STAGES).exclude(data__has_key="import")
    return [(_("the lead has moved on since"), Q(Exists(decided)))]


def _changed(model: type[Model], relation: str, job: ImportJob) -> Q:
    """Whether anybody but the job has written the record since: a person, or another import that stands."""
    others = ImportChange.objects.filter(**{relation: OuterRef("pk")}).exclude(job=job)
    return Q(Exists(others)) | _versions(model, "pgh_obj", job)


def _versions(model: type[Model], column: str, job: ImportJob) -> Q:
    """Whether there is a version of the record that neither the job nor an import that was taken back has written."""
    versions: type[Model] = model._meta.get_field("history").related_model  # type: ignore[assignment]
    by_nobody_we_know = Q(pgh_context=None) | Q(pgh_context__metadata__import_job__isnull=True)
    by_others = by_nobody_we_know | ~Q(pgh_context__metadata__import_job__in=_undone(job))
    return Q(Exists(versions._default_manager.filter(by_others, **{column: OuterRef("pk")})))


def _may_return(column: str) -> Q:
    """Whether undoing a merge or another import would have leads or deals name the record again."""
    was = Cast(KT(f"before__{column}"), BigIntegerField())
    merges = LeadMerge.objects.filter(undone_at=None).alias(was=was).filter(was=OuterRef("pk"))
    changes = ImportChange.objects.filter(before__has_key=column).alias(was=was).filter(was=OuterRef("pk"))
    return Q(Exists(merges)) | Q(Exists(changes))


def _touch_name(touch: Touch) -> str:
    return f"{touch.lead.display_name} · {touch.kind.label}"


def _activity_name(activity: Activity) -> str:
    return f"{activity.lead.display_name} · {activity.get_kind_display()}"


KINDS = {
    "leads": Kind(
        Lead.everything.all,
        _of_leads,
        lambda lead: lead.display_name,
        ("leads:detail", "pk"),
        key="external_id",
        relation="lead",
        is_of_system=True,
    ),
    "deals": Kind(
        lambda: Deal.objects.select_related("account"),
        _of_deals,
        deals.name_of,
        ("leads:deal-detail", "pk"),
        key="external_id",
        relation="deal",
        is_of_system=True,
    ),
    "accounts": Kind(
        Account.everything.all,
        _of_accounts,
        str,
        ("leads:account-detail", "pk"),
        remembered="account_id",
        relation="account",
    ),
    "campaigns": Kind(
        Campaign.objects.all, _of_campaigns, str, ("leads:campaign-edit", "pk"), key="name", relation="campaign"
    ),
    "touches": Kind(
        lambda: Touch.objects.select_related("lead", "kind"),
        _of_what_happened,
        _touch_name,
        ("leads:detail", "lead_id"),
        remembered="touch_id",
    ),
    "activities": Kind(
        lambda: Activity.objects.select_related("lead"),
        _of_what_happened,
        _activity_name,
        ("leads:detail", "lead_id"),
        remembered="activity_id",
    ),
}
