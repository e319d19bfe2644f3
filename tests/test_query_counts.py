"""A list costs the same with one row and with twenty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import CompanyDay, Invitation, User
from alignment.accounts.services.tokens import create_token
from alignment.exports.models import Export
from alignment.outbox.models import Notice, NoticeState
from leads.models import (
    Account,
    Campaign,
    CampaignCost,
    CaptureForm,
    CustomField,
    DefinitionVersion,
    ImportJob,
    Lead,
    SavedMapping,
    TouchKind,
)
from leads.services import judging
from reviews.models import Action, AgendaItem, Review
from reviews.services.reviews import build_review
from tests import factories
from tests.conftest import TOKYO


def _notice() -> None:
    now = timezone.now()
    Notice.objects.create(to_address="a@b.example", created_at=now, next_at=now, state=NoticeState.DEAD)


def _team() -> None:
    factories.team(name=f"Team {timezone.now().isoformat()}")


def _company_day() -> None:
    last = CompanyDay.objects.order_by("-on").first()
    CompanyDay.objects.create(on=last.on.replace(day=last.on.day + 1) if last else "2026-08-01")


def _invited() -> None:
    """Somebody with everything that a line of the list shows: a team, and an invitation that is open."""
    now = timezone.now()
    person = factories.user(team=factories.team(name="Web", side="marketing"), is_active=False)
    Invitation.objects.create(
        user=person,
        token_hash=f"{person.pk:064}",
        invited_by=person,
        created_at=now,
        expires_at=now + timedelta(days=7),
    )


def _token() -> None:
    kei = User.objects.get(email="kei@example.com")
    create_token(person=kei, name="Warehouse", valid_for=timedelta(days=30), now=timezone.now())


def _export() -> None:
    """A list that one more person took."""
    taken = {"at": timezone.now(), "listing": "leads:export", "kind": "csv", "row_count": 1}
    Export.objects.create(actor=factories.user(), **taken)


def _version() -> None:
    """A version that was in force once, with a line of its own and both signatures."""
    now, number = timezone.now(), DefinitionVersion.objects.count() + 1
    version = DefinitionVersion.objects.create(
        definition=factories.definition(), number=number, created_by=factories.user(), created_at=now
    )
    version.criteria.create(position=1, condition={"field": "is_free_mail", "op": "is_true"}, points=10)
    for side in ("marketing", "sales"):
        version.signatures.create(side=side, signed_by=factories.user(role="manager", side=side), signed_at=now)
    version.status, version.in_force_from, version.in_force_until = "superseded", now, now
    version.save()


def _lead_with_all() -> None:
    factories.qualified_lead(
        captured_at=datetime(2026, 3, 2, tzinfo=TOKYO), campaign=factories.campaign(), owner=factories.user()
    )


def _custom_field() -> None:
    number = CustomField.objects.count() + 1
    factories.custom_field(f"size_{number}", "choice", choices=[("small", "Small")], retired_at=None)


def _lead_of_fields() -> None:
    """A lead with a value of each field that the list shows."""
    if not CustomField.objects.exists():
        factories.custom_field("budget", is_in_list=True)
        factories.custom_field("size", "choice", choices=[("small", "Small")], is_in_list=True)
    factories.lead(custom={"budget": 5, "size": "small"})


def _judged_by_a_field() -> None:
    """An offer whose verdict names a custom field."""
    if not CustomField.objects.exists():
        factories.custom_field("budget")
        factories.version_in_force({"condition": {"field": "custom.budget", "op": "is_present"}, "points": 10})
    lead = factories.lead(custom={"budget": 5})
    verdict = judging.judge(lead_ids=[lead.pk], now=timezone.now())[lead.pk]
    factories.handoff(Lead.objects.get(pk=lead.pk), verdict=verdict)


SERIES_MONTH = date(2026, 3, 1)


def _review() -> Review:
    """A review of an earlier month each time, with an action and an exception."""
    series, end = factories.review_series(), SERIES_MONTH
    for _number in range(Review.objects.filter(starts_on__lt=SERIES_MONTH).count()):
        end = (end - timedelta(days=1)).replace(day=1)
    start, now = (end - timedelta(days=1)).replace(day=1), timezone.now()
    review = Review.objects.create(series=series, starts_on=start, ends_on=end, due_at=now, built_at=now)
    _action_in(review)
    _exception_in(review)
    return review


def _in_review() -> None:
    """One more action, one more that is carried over, and one more exception in the latest review."""
    latest = build_review(series=factories.review_series(), month=SERIES_MONTH, now=datetime(2026, 5, 1, tzinfo=TOKYO))
    _action_in(Review.objects.filter(starts_on__lt=SERIES_MONTH).first() or _review())
    _action_in(latest)
    _exception_in(latest)


def _latest() -> Review:
    return Review.objects.order_by("-starts_on")[0]


def _action_in(review: Review) -> None:
    Action.objects.create(
        review=review,
        title="Call sooner",
        owner=factories.user(),
        due_on=date(2026, 5, 1),
        created_by=factories.user(),
        created_at=review.built_at,
    )


def _exception_in(review: Review) -> None:
    asked = factories.user(role="sales_rep", side="sales", team=factories.team())
    handoff = factories.handoff(status="rejected", offered_to=asked)
    reason = {"code": "timing", "label": {"en": "Too early", "ja": "時期尚早"}, "count": 1, "rejected": 1}
    review.agenda.create(
        kind=AgendaItem.Kind.REPEATED_REASON,
        position=review.agenda.count() + 1,
        data=reason | {"handoffs": [handoff.pk]},
    )


@dataclass(frozen=True)
class Listed:
    """One list: the name of its address, and what makes one more row of it.

    ``arguments``: what the address holds, asked when there is a row.
    """

    name: str
    make: Callable[[], object]
    query: str = ""
    arguments: Callable[[], list[object]] = list


def _campaign() -> None:
    CampaignCost.objects.create(campaign=factories.campaign(), amount=100)


def _cost() -> None:
    """One more month of the same campaign."""
    campaign = Campaign.objects.first() or factories.campaign()
    number = campaign.costs.count()
    campaign.costs.create(month=date(2026 + number // 12, number % 12 + 1, 1), amount=100)


def _touch_kind() -> None:
    """One more kind, with a touch and a criterion in a draft that asks for it."""
    number = TouchKind.objects.count() + 1
    kind = factories.touch_kind(f"kind_{number}")
    factories.touch(factories.lead(), kind=kind.key)
    version = DefinitionVersion.objects.first()
    if version is None:
        version = DefinitionVersion.objects.create(
            definition=factories.definition(), number=1, created_by=factories.user(), created_at=timezone.now()
        )
    condition = {"touches": {"kind": kind.key, "at_least": 1, "within_days": None}}
    version.criteria.create(position=number, condition=condition, points=10)


def _import() -> None:
    """One more file, brought by one more person."""
    brought = {"kind": "leads", "file_name": "f", "sha256": "", "at": timezone.now(), "counts": {"rows": 3}}
    ImportJob.objects.create(actor=factories.user(), **brought)


def _mapping() -> None:
    """One more mapping, saved by one more person."""
    now = timezone.now()
    SavedMapping.objects.create(
        kind="leads",
        name=f"m{SavedMapping.objects.count()}",
        mapping={"columns": {}},
        by=factories.user(),
        at=now,
        used_at=now,
    )


def _remark() -> None:
    """One more row of the same file that was refused for a reason of its own."""
    if not ImportJob.objects.exists():
        _import()
        ImportJob.objects.update(state=ImportJob.State.DONE)
    job = ImportJob.objects.get()
    row = job.remarks.count() + 1
    job.remarks.create(row=row, is_refusal=True, code=f"reason_{row}", message="Why.", cells=["a"])


def _first_company() -> list[object]:
    return [Account.objects.earliest("pk").pk]


def _subsidiary() -> None:
    """A part of the first company."""
    first = Account.objects.order_by("pk").first()
    factories.account(parent=first)


def _alike() -> None:
    """One more lead with the number of the first."""
    factories.lead(phone="+81312345678")


def _form() -> None:
    """One more form of a campaign of its own, sent once."""
    factories.form_submission(factories.capture_form(campaign=factories.campaign()))


def _form_submission() -> None:
    """The same form sent once more, by somebody else."""
    factories.form_submission(CaptureForm.objects.first() or factories.capture_form(), utm_source="x", referrer="y")


def _leads_counted() -> list[object]:
    return ["leads"]


SPRING = "?from=2026-01-01&to=2026-06-01"


LISTS = [
    Listed("accounts:members", _invited),
    Listed("accounts:teams", _team),
    Listed("accounts:company-days", _company_day, "?year=2026"),
    Listed("exports:list", _export),
    Listed("health:operations", _notice),
    Listed("demo:mailbox", _notice),
    Listed("leads:list", factories.lead),
    Listed("leads:list", _lead_of_fields, "?custom.budget.from=1"),
    Listed("leads:custom-fields", _custom_field),
    Listed("leads:deal-list", factories.deal),
    Listed("leads:campaign-list", _campaign),
    Listed("leads:campaign-edit", _cost, arguments=lambda: [Campaign.objects.get().pk]),
    Listed("leads:touch-kind-list", _touch_kind),
    Listed("leads:duplicate-list", factories.suspected_pair),
    Listed("leads:merge-choose", _alike, "?q=Lead", arguments=lambda: [Lead.objects.earliest("pk").pk]),
    Listed("leads:import-list", _import),
    Listed("leads:mapping-list", _mapping),
    Listed("leads:import-detail", _remark, arguments=lambda: [ImportJob.objects.latest("pk").pk]),
    Listed("leads:form-list", _form),
    Listed("leads:form-submissions", _form_submission, arguments=lambda: [CaptureForm.objects.get().pk]),
    Listed("leads:account-list", factories.account),
    Listed("leads:account-detail", _subsidiary, arguments=_first_company),
    Listed("leads:company-duplicate-list", factories.suspected_companies),
    Listed("leads:company-merge-choose", factories.account, "?q=Company", arguments=_first_company),
    Listed("handoff:list", factories.handoff),
    Listed("handoff:inbox", factories.handoff),
    Listed("handoff:waiting", factories.qualified_lead),
    Listed("handoff-api:handoffs", factories.handoff),
    Listed("leads-api:deals", factories.deal),
    Listed("handoff-api:leads", factories.qualified_lead),
    Listed("handoff-api:leads", _lead_of_fields, "?custom.budget.from=1"),
    Listed("handoff:inbox", _judged_by_a_field),
    Listed("leads:definition", _version),
    Listed("leads-api:definitions", _version),
    Listed("accounts:tokens", _token),
    Listed("reviews:list", _review),
    Listed("reviews:detail", _in_review, arguments=lambda: [_latest().pk]),
    Listed("reviews:kpi-rows", _lead_with_all, SPRING, _leads_counted),
    Listed("reviews-api:kpi-rows", _lead_with_all, SPRING, _leads_counted),
]


@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: f"{listed.name}-{listed.make.__name__}")
def test_a_list_costs_the_same_for_one_row_and_for_twenty(signed_in, sora, kei, listed):
    client = signed_in(sora if listed.name == "handoff:inbox" else kei)
    listed.make()
    address = reverse(listed.name, args=listed.arguments()) + listed.query
    client.get(address)  # fills what is asked once per process
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for _number in range(19):
        listed.make()

    with CaptureQueriesContext(connection) as twenty:
        client.get(address)

    more = [query["sql"][:150] for query in twenty.captured_queries[len(one) :]]
    assert len(twenty) <= len(one), more
