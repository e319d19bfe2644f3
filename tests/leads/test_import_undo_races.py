"""What an import made is taken back while somebody else writes what belongs to it: one sees what the other has done."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from leads.models import Activity, Campaign, ImportJob, Lead
from leads.rules.capture_forms import Asked
from leads.rules.stages import Stage
from leads.services import merging
from leads.services.activities import record_activity
from leads.services.capture import LeadData, capture_lead
from leads.services.capture_forms import FormData, FormTexts, save_form
from leads.services.importing import engine, jobs, work
from leads.services.importing.result import ImportResult
from leads.services.leads import update_lead
from leads.services.touches import add_touch
from tests import factories
from tests.racing import while_uncommitted

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

COLUMNS = {
    "campaigns": {"Name": "campaign"},
    "leads": {"Id": "external_id", "Name": "full_name", "Campaign": "campaign"},
    "activities": {
        "Lead": "lead_external_id",
        "What": "kind",
        "Result": "outcome",
        "When": "at",
        "Who": "done_by",
    },
    "touches": {"Lead": "lead_external_id", "What": "kind", "When": "at", "Campaign": "campaign"},
}
Name = Callable[[User, datetime], object]


def bring(kind: str, rows: str, *, actor: User, now: datetime) -> ImportResult:
    file = io.BytesIO((",".join(COLUMNS[kind]) + "\n" + rows).encode())
    mapping = {"system": "crm", "columns": COLUMNS[kind]}
    return engine.run_import(kind=kind, file=file, file_name="x.csv", mapping=mapping, actor=actor, now=now)


def capture(mai: User, now: datetime) -> object:
    return capture_lead(data=LeadData(full_name="Fumi", campaign="Mail"), actor=mai, now=now)


def touch(mai: User, now: datetime) -> object:
    lead = Lead.objects.get(external_id="L1")
    return add_touch(lead_id=lead.pk, kind="download", at=None, detail="", campaign="Mail", actor=mai, now=now)


def correct(mai: User, now: datetime) -> object:
    lead, mail = Lead.objects.get(external_id="L1"), Campaign.objects.get()
    return update_lead(lead_id=lead.pk, facts={"campaign": mail}, seen=None, actor=mai, now=now)


def write_a_form(mai: User, now: datetime) -> object:
    texts = {"en": FormTexts(title="Catalogue", consent="Yes")}
    asked = [Asked("email", required=True)]
    data = FormData(name="Catalogue", texts=texts, asked=asked, source="web", campaign=Campaign.objects.get())
    return save_form(form_id=None, data=data, actor=mai, now=now)


def leads_in_a_file(mai: User, now: datetime) -> object:
    return bring("leads", "L2,Fumi,Mail\n", actor=mai, now=now).created


def touches_in_a_file(mai: User, now: datetime) -> object:
    return bring("touches", "L1,download,2026-03-02,Mail\n", actor=mai, now=now).created


PEOPLE = [capture, touch, correct, write_a_form]
FILES = [leads_in_a_file, touches_in_a_file]


def taken_back(job: ImportJob) -> ImportJob:
    jobs.undo(job_id=job.pk, actor=job.actor, now=timezone.now())
    work.take_waiting(clock=timezone.now)
    job.refresh_from_db()
    assert job.state == ImportJob.State.UNDONE, job.fault
    return job


@pytest.fixture
def undo(mai: User) -> Callable[[], ImportJob]:
    """A file has made the campaign “Mail” beside a lead; take the file back."""
    now = timezone.now()
    factories.lead(source_system="crm", external_id="L1")
    factories.touch_kind("download")
    factories.touch_kind("inquiry")
    bring("campaigns", "Mail\n", actor=mai, now=now)
    return partial(taken_back, ImportJob.objects.get())


@pytest.mark.parametrize("name", [*PEOPLE, *FILES])
def test_a_campaign_that_is_named_at_this_moment_stays(name: Name, undo: Callable[[], ImportJob], mai: User) -> None:
    now = timezone.now()

    job = while_uncommitted(lambda: name(mai, now), undo)

    assert isinstance(job, ImportJob)
    assert (job.counts["undone"], job.counts["kept"], Campaign.objects.get().name) == (0, 1, "Mail")


@pytest.mark.parametrize("name", PEOPLE)
def test_who_names_a_campaign_that_goes_at_this_moment_is_told(
    name: Name, undo: Callable[[], ImportJob], mai: User
) -> None:
    now = timezone.now()

    refusal = while_uncommitted(undo, lambda: name(mai, now))

    assert isinstance(refusal, InvalidInput)
    assert (refusal.field, str(refusal.message)) == ("campaign", "There is no campaign “Mail”.")
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_names_a_campaign_that_goes_at_this_moment_makes_it_anew(
    name: Name, undo: Callable[[], ImportJob], mai: User
) -> None:
    now = timezone.now()

    assert while_uncommitted(undo, lambda: name(mai, now)) == 1

    (mail,) = Campaign.objects.all()
    assert mail.leads.exists() or mail.touches.exists()


def test_a_first_contact_that_is_recorded_at_this_moment_is_seen(mai: User, kei: User, ren: User) -> None:
    """Of a person who was two leads: the file told of the one that became part of the other."""
    now = timezone.now()
    factories.lead(source_system="crm", external_id="L2", captured_at=now)
    lead = factories.lead(source_system="crm", external_id="L1")
    User.objects.filter(pk=ren.pk).update(email="ren@example.com")
    bring("activities", "L2,call,spoke,2026-03-02,ren@example.com\n", actor=kei, now=now)
    job = ImportJob.objects.get()
    merging.merge(pair=list(Lead.objects.values_list("pk", flat=True)), facts={}, actor=mai, now=now)
    Lead.objects.filter(pk=lead.pk).update(stage=Stage.WITH_SALES, qualified_at=now, owner=ren)
    spoke: dict[str, Any] = {"kind": "call", "outcome": "spoke", "note": "", "at": None, "next_step_on": None}

    while_uncommitted(lambda: record_activity(lead_id=lead.pk, actor=ren, now=now, **spoke), lambda: taken_back(job))

    lead.refresh_from_db()
    assert lead.first_contacted_at == Activity.objects.get().at == now
