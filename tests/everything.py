"""One of everything that the product keeps, for tests that look at all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

from alignment.accounts.models import Absence, CompanyDay, Invitation, User
from alignment.outbox.models import Notice
from handoff.models import Handoff, RoutingRule
from handoff.services.decisions import accept
from handoff.services.form_submissions import submit_form
from handoff.services.submission import submit_lead
from leads.models import (
    Account,
    AccountMerge,
    Activity,
    ActivityReversal,
    Campaign,
    CampaignCost,
    CaptureForm,
    Deal,
    DefinitionVersion,
    FormSubmission,
    Lead,
    LeadMerge,
    SavedMapping,
    SuspectedCompanies,
    SuspectedDuplicate,
)
from leads.rules.capture_forms import Asked
from leads.services import capture_forms, company_merging, definitions, merging
from leads.services.accounts import update_account
from leads.services.capture import LeadData, capture_lead
from leads.services.capture_forms import FormData, FormTexts
from leads.services.deals import open_deal
from leads.services.definitions import CriterionData
from leads.services.form_submissions import Sent
from leads.services.importing import jobs
from reviews.models import Action, AgendaItem, Review, ReviewSeries
from reviews.services.reviews import build_review
from tests import factories

MARKETER, REP, OUTSIDER = "marketer", "rep", "outsider"
MARKETING_MANAGER, SALES_MANAGER, ADMIN = "marketing manager", "sales manager", "admin"
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
WEB = {"field": "source", "op": "is", "value": "web"}


@dataclass
class World:
    """One of everything, for the addresses of the rows."""

    people: dict[str, User] = field(default_factory=dict)
    lead: Lead = None  # type: ignore[assignment]
    sold: Lead = None  # type: ignore[assignment]
    qualified: Lead = None  # type: ignore[assignment]
    handoff: Handoff = None  # type: ignore[assignment]
    deal: Deal = None  # type: ignore[assignment]
    draft: DefinitionVersion = None  # type: ignore[assignment]
    proposed: DefinitionVersion = None  # type: ignore[assignment]
    campaign: Campaign = None  # type: ignore[assignment]
    account: Account = None  # type: ignore[assignment]
    rule: RoutingRule = None  # type: ignore[assignment]
    review: Review = None  # type: ignore[assignment]
    action: Action = None  # type: ignore[assignment]
    invitation: Invitation = None  # type: ignore[assignment]
    absence: Any = None
    company_day: Any = None
    notice: Any = None
    job: Any = None
    saved: Any = None
    pair: SuspectedDuplicate = None  # type: ignore[assignment]
    merge: LeadMerge = None  # type: ignore[assignment]
    custom_field: Any = None
    form: CaptureForm = None  # type: ignore[assignment]
    form_submission: FormSubmission = None  # type: ignore[assignment]
    companies: SuspectedCompanies = None  # type: ignore[assignment]
    company_merge: AccountMerge = None  # type: ignore[assignment]


def make(people: dict[str, User]) -> World:
    """One of everything, made through the services wherever there is one."""
    mai, ren, aoi, sora = (people[name] for name in (MARKETER, REP, MARKETING_MANAGER, SALES_MANAGER))
    world = World(people=people)
    _agree(aoi, sora)
    world.rule = RoutingRule.objects.create(position=1, name="All", condition={"all": []}, team=ren.team)
    world.handoff = _submit(mai, "One").handoff  # type: ignore[assignment]
    world.lead = world.handoff.lead
    world.sold = accept(handoff_id=_submit(mai, "Two").handoff.pk, actor=ren, now=NOW).lead  # type: ignore[union-attr]
    world.qualified = capture_lead(data=LeadData(full_name="Three", source="web"), actor=mai, now=NOW).lead
    world.pair = _suspect(mai)
    world.merge = merging.merge(pair=_twins(mai), facts={}, actor=mai, now=NOW)
    world.companies = _suspect_companies(mai)
    twins = [factories.account().pk, factories.account().pk]
    world.company_merge = company_merging.merge(pair=twins, facts={}, actor=mai, now=NOW)
    deal = {"name": "D", "amount": None, "expected_on": None, "product": ""}
    world.deal = open_deal(lead_id=world.sold.pk, actor=ren, now=NOW, **deal)
    world.campaign, world.account = factories.campaign(), factories.account()
    CampaignCost.objects.create(campaign=world.campaign, month="2026-04-01", amount=100)
    world.draft = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=NOW)
    definitions.propose(version_id=world.draft.pk, reason="Second", actor=aoi, now=NOW)
    world.job = jobs.start(kind="leads", file=BytesIO(b"name\nFour\n"), file_name="fair.csv", actor=mai, now=NOW)
    _take_back_activity(world)
    mapping = {"system": "fair", "columns": {"name": "full_name"}}
    world.saved = SavedMapping.objects.create(kind="leads", name="Fair", mapping=mapping, by=mai, at=NOW, used_at=NOW)
    _make_form(world)
    _make_review(world)
    _make_settings(world)
    return world


def _take_back_activity(world: World) -> None:
    call = {"kind": "call", "outcome": "no_answer", "is_attempt": True, "is_contact": False, "at": NOW}
    rep = world.people[REP]
    brought = Activity.objects.create(lead=world.sold, actor=rep, recorded_at=NOW, **call)
    ActivityReversal.objects.create(activity=brought, job=world.job, actor=rep, at=NOW)


def _suspect(mai: User) -> SuspectedDuplicate:
    """Two leads of one name at one company."""
    for mail in ("h1@acme.example", "h2@acme.example"):
        data = LeadData(full_name="Hanako", company_name="Acme", email=mail)
        capture_lead(data=data, actor=mai, now=NOW)
    return SuspectedDuplicate.objects.get()


def _suspect_companies(mai: User) -> SuspectedCompanies:
    """Two companies of one number."""
    for _company in range(2):
        update_account(account_id=factories.account().pk, corporate_number="4011001098993", actor=mai, now=NOW)
    return SuspectedCompanies.objects.get()


def _twins(mai: User) -> list[int]:
    return [capture_lead(data=LeadData(full_name=name), actor=mai, now=NOW).lead.pk for name in ("Five", "Six")]


def _agree(aoi: User, sora: User) -> None:
    draft = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=NOW)
    definitions.save_draft(
        version_id=draft.pk,
        threshold=10,
        criteria=[CriterionData(condition=WEB, points=10, why="Web leads buy.")],
        reason="First",
        takes_effect_at=None,
        actor=aoi,
        now=NOW,
    )
    definitions.propose(version_id=draft.pk, reason="First", actor=aoi, now=NOW)
    for manager in (aoi, sora):
        definitions.sign(version_id=draft.pk, actor=manager, now=NOW)


def _submit(mai: User, name: str):
    return submit_lead(data=LeadData(full_name=name, source="web"), actor=mai, now=NOW)


def _make_form(world: World) -> None:
    mai = world.people[MARKETER]
    data = FormData(
        name="Catalogue",
        texts={"en": FormTexts("Catalogue", "Ask for it.", "It is on its way.", "We use it to answer you.")},
        asked=[Asked("full_name", required=False), Asked("email", required=True)],
        source="web",
        campaign=world.campaign,
    )
    form = capture_forms.save_form(form_id=None, data=data, actor=mai, now=NOW)
    world.form = capture_forms.publish(form_id=form.pk, actor=mai, now=NOW)
    answers = {"full_name": "Five", "email": "five@example.com"}
    sent = Sent(answers=answers, consent=1, language="en", once="5")
    world.form_submission = submit_form(form_id=form.pk, sent=sent, now=NOW)


def _make_review(world: World) -> None:
    series = ReviewSeries.objects.get(key="monthly")
    world.review = build_review(series=series, month=date(2026, 3, 1), now=NOW)
    missed = {"side": "sales", "duty": "decide", "team": "", "count": 1, "owed": 1, "handoffs": [world.handoff.pk]}
    AgendaItem.objects.create(review=world.review, kind="breach", position=1, data=missed)
    world.action = Action.objects.create(
        review=world.review,
        title="Call sooner",
        owner=world.people[REP],
        due_on="2026-05-01",
        created_by=world.people[SALES_MANAGER],
        created_at=NOW,
    )


def _make_settings(world: World) -> None:
    guest = factories.user("guest", is_active=False)
    world.invitation = Invitation.objects.create(
        user=guest,
        token_hash="0" * 64,
        invited_by=world.people[ADMIN],
        created_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    world.absence = Absence.objects.create(user=world.people[REP], starts_on="2026-05-01", ends_on="2026-05-02")
    world.custom_field = factories.custom_field()
    world.company_day = CompanyDay.objects.create(on="2026-08-13")
    world.notice = Notice.objects.create(
        to_address="a@b.example", language="en", time_zone="UTC", template="x", created_at=NOW, next_at=NOW
    )
