"""A campaign is taken back at the moment at which somebody names it: it stays, or they are told that it is gone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from leads.models import Campaign, ImportJob, Lead
from leads.rules.capture_forms import Asked
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


@pytest.fixture
def undo(mai: User) -> Callable[[], ImportJob]:
    """A file has made the campaign “Mail” beside a lead; take the file back."""
    now = timezone.now()
    factories.lead(source_system="crm", external_id="L1")
    factories.touch_kind("download")
    factories.touch_kind("inquiry")
    bring("campaigns", "Mail\n", actor=mai, now=now)
    job = ImportJob.objects.get()

    def take_back() -> ImportJob:
        jobs.undo(job_id=job.pk, actor=mai, now=now)
        work.take_waiting(clock=timezone.now)
        job.refresh_from_db()
        assert job.state == ImportJob.State.UNDONE, job.fault
        return job

    return take_back


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
