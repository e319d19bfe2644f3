"""What is brought in: the file, how it is to be read, how far it got, and what came of every row."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

KINDS = ("leads", "deals", "accounts", "campaigns", "touches", "activities")


class ImportJob(models.Model):
    """One file on its way in. ``done_rows`` counts the rows of the file that are dealt with, in this state.

    ``examples``: by outcome the first few rows. ``remark_counts``: by code the remarks on rows that are taken, of which
    only some are kept.

    ``notes_effects``: whatever its rows change of records that are here is noted, so that it can be taken back. What
    was taken before undo knew every kind has noted it of leads alone.

    Progress is written in the transaction of the rows it counts. A job that is checked or taken belongs to the worker
    whose claim runs; when it ends, the next one goes on after ``done_rows``.
    """

    LEASE = timedelta(minutes=2)
    MAX_ATTEMPTS = 20
    """Claims without any progress in between, after which the file itself must be what kills the workers."""

    class State(models.TextChoices):
        DRAFT = "draft", _("being set up")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")

    class Kind(models.TextChoices):
        LEADS = "leads", _("Leads")
        DEALS = "deals", _("Deals")
        ACCOUNTS = "accounts", _("Companies")
        CAMPAIGNS = "campaigns", _("Campaigns")
        TOUCHES = "touches", _("Touches")
        ACTIVITIES = "activities", _("Activities")

    AT_WORK = (State.CHECKING, State.RUNNING, State.UNDOING)
    ENDED = (State.DONE, State.CANCELLED, State.FAILED, State.UNDONE)
    UNDO_FOR = timedelta(days=7)

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    file_name = models.CharField(_("file"), max_length=300)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    source_system = models.CharField(_("source system"), max_length=50, blank=True)
    mapping = models.JSONField(default=dict)
    headers = models.JSONField(default=list)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    at = models.DateTimeField(_("brought"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    done_rows = models.PositiveIntegerField(default=0)
    done_bytes = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    examples = models.JSONField(default=dict)
    remark_counts = models.JSONField(default=dict)
    fault = models.TextField(blank=True)
    is_cancel_asked = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    notes_effects = models.BooleanField(default=True, db_default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=(
                        "draft",
                        "checking",
                        "checked",
                        "running",
                        "done",
                        "cancelled",
                        "failed",
                        "undoing",
                        "undone",
                    )
                ),
                name="import_job_state_known",
            ),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="import_job_kind_known"),
        ]
        indexes = [
            models.Index(
                fields=["at"],
                condition=Q(state__in=("checking", "running", "undoing")),
                name="import_job_at_work_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.file_name}"

    @property
    def is_noted(self) -> bool:
        """Whether enough is known of what it did to take it back."""
        return self.notes_effects or self.kind == self.Kind.LEADS

    @property
    def is_gone(self) -> bool:
        """Whether it left nothing that could be taken back: it brought nothing new, or all of it went."""
        if self.state == self.State.UNDONE:
            return self.counts.get("kept") == 0
        return not (self.counts.get("created") or self.counts.get("updated"))

    def is_undoable(self, *, now: datetime) -> bool:
        """Whether what it brought may still be taken back."""
        if self.state not in self.ENDED or self.finished_at is None or not self.is_noted or self.is_gone:
            return False
        return now <= self.finished_at + self.UNDO_FOR


class ImportPiece(models.Model):
    """A piece of the file of a job, kept until it is no longer needed: any worker of any machine may read it."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="import_piece_once")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.number}"


class ImportRemark(models.Model):
    """What is to be said of one row of a job's file; ``cells`` only of one that was refused, as they stood."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="remarks")
    row = models.PositiveIntegerField()
    is_refusal = models.BooleanField()
    code = models.CharField(max_length=40)
    message = models.TextField()
    cells = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["job", "is_refusal", "row"], name="import_remark_idx")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.row} {self.code}"


class ImportedRow(models.Model):
    """What the files of a system have said of a record so far, and what was written for it.

    A later file writes only what it says otherwise; where the record no longer holds what was written, somebody
    changed it here since. ``made_by`` is the job whose file made the record.
    """

    kind = models.CharField(max_length=20)
    source_system = models.CharField(max_length=50)
    external_id = models.CharField(max_length=200)
    facts = models.JSONField()
    made_by = models.ForeignKey(ImportJob, on_delete=models.PROTECT, null=True, blank=True, related_name="made_rows")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "source_system", "external_id"], name="imported_row_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.source_system} {self.external_id}"


class ImportChange(models.Model):
    """What a job changed of one record that was here before it, and what was remembered of the row till then, if
    anything.

    ``before`` and ``after``: the columns that it changed, as they were and as it left them. ``external_id`` is that of
    the row that says so; it is empty where the change followed from rows of other records (a lead that bought).
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="changes")
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, null=True, related_name="+")
    account = models.ForeignKey("leads.Account", on_delete=models.CASCADE, null=True, related_name="+")
    campaign = models.ForeignKey("leads.Campaign", on_delete=models.CASCADE, null=True, related_name="+")
    deal = models.ForeignKey("leads.Deal", on_delete=models.CASCADE, null=True, related_name="+")
    external_id = models.CharField(max_length=200, blank=True)
    before = models.JSONField()
    after = models.JSONField()
    remembered = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, account=None, campaign=None, deal=None)
                | Q(lead=None, account__isnull=False, campaign=None, deal=None)
                | Q(lead=None, account=None, campaign__isnull=False, deal=None)
                | Q(lead=None, account=None, campaign=None, deal__isnull=False),
                name="import_change_of_one_record",
            ),
        ]
        indexes = [models.Index(fields=["job", "id"], name="import_change_job_idx")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.job_id}"


class SavedMapping(models.Model):
    """How somebody set up the columns of a file, under a name; ``shape`` finds it again for a file with these columns.

    Everybody who imports shares them. ``mapping`` as the job had it, without how its file was read.
    """

    kind = models.CharField(_("kind"), max_length=20, choices=ImportJob.Kind.choices)
    name = models.CharField(_("name"), max_length=100)
    headers = models.JSONField(default=list)
    shape = models.CharField(max_length=64)
    mapping = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("saved"))
    used_at = models.DateTimeField(_("used"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="saved_mapping_once")]
        indexes = [models.Index(fields=["kind", "shape"], name="saved_mapping_shape_idx")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.name}"
