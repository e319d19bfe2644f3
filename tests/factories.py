"""One factory per model: valid by default, no randomness that matters."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from alignment.accounts.models import Team, User
from handoff.models import Clock, Handoff, RejectionReason, RoutingRule
from leads.models import (
    Account,
    Campaign,
    CaptureForm,
    CustomField,
    Deal,
    Definition,
    DefinitionVersion,
    FormSubmission,
    Lead,
    SuspectedCompanies,
    SuspectedDuplicate,
    Touch,
    TouchKind,
)
from reviews.models import ReviewSeries

_numbers = count(1)
A_MOMENT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def team(*, name: str = "Field sales", side: str = "sales", **fields: Any) -> Team:
    return Team.objects.get_or_create(name=name, defaults={"side": side} | fields)[0]


def user(name: str = "", *, role: str = "marketer", side: str = "marketing", **fields: Any) -> User:
    name = name or f"person{next(_numbers)}"
    defaults = {"full_name": name.title(), "language": "en"} | fields
    return User.objects.create_user(f"{name}@example.com", "correct-horse-battery", role=role, side=side, **defaults)


def name_only(name: str) -> User:
    """A person of whom an import brought the name alone."""
    return User.objects.create(full_name=name, role="sales_rep", side="sales", is_active=False, password="!")


def creator() -> User:
    return User.objects.filter(role="marketer").first() or user()


def account(name: str = "", **fields: Any) -> Account:
    name = name or f"Company {next(_numbers)}"
    return Account.objects.create(**({"name": name, "name_key": name.lower(), "created_at": A_MOMENT} | fields))


def campaign(name: str = "", **fields: Any) -> Campaign:
    return Campaign.objects.create(**({"name": name or f"Campaign {next(_numbers)}", "channel": "web"} | fields))


def lead(**fields: Any) -> Lead:
    """A captured lead, straight into the table (the service of capture has its own tests)."""
    number = next(_numbers)
    made_by = fields.pop("created_by", None) or creator()
    at = fields.get("captured_at", A_MOMENT)
    defaults = {
        "full_name": f"Lead {number}",
        "email": f"lead{number}@company{number}.example",
        "email_domain": f"company{number}.example",
        "is_free_mail": False,
        "captured_at": at,
        "created_at": at,
        "updated_at": at,
        "created_by": made_by,
    }
    return Lead.objects.create(**(defaults | fields))


def qualified_lead(*, employees: int = 250, **fields: Any) -> Lead:
    """A lead that marketing may hand over: an MQL of a company of that size."""
    at = fields.get("captured_at", A_MOMENT)
    name = fields.get("company_name") or f"Company {next(_numbers)}"
    if "account" not in fields:
        fields["account"] = Account.objects.filter(name=name).first() or account(name, employee_count=employees)
    return lead(**({"company_name": name, "stage": "qualified", "qualified_at": at} | fields))


def suspected_pair() -> SuspectedDuplicate:
    """Two leads that somebody has to look at."""
    first, second = sorted((lead().pk, lead().pk))
    evidence = [["name", 45], ["company", 20]]
    return SuspectedDuplicate.objects.create(
        first_id=first, second_id=second, score=65, evidence=evidence, found_at=A_MOMENT
    )


def suspected_companies() -> SuspectedCompanies:
    """Two companies that somebody has to look at."""
    first, second = sorted((account().pk, account().pk))
    return SuspectedCompanies.objects.create(
        first_id=first, second_id=second, score=50, evidence=[["domain", 50]], found_at=A_MOMENT
    )


def routing_rule(team: Team, **fields: Any) -> RoutingRule:
    """A rule for every lead."""
    number = next(_numbers)
    return RoutingRule.objects.create(**({"team": team, "position": number, "name": f"Rule {number}"} | fields))


def handoff(lead: Lead | None = None, **fields: Any) -> Handoff:
    """An offer straight into the table; with ``status`` accepted or rejected also its decision."""
    lead = lead or qualified_lead()
    by = fields.pop("submitted_by", None) or creator()
    at = fields.get("offered_at", A_MOMENT)
    defaults = {"attempt": lead.handoffs.count() + 1, "stamp": {}, "routing": {}, "offered_at": at, "submitted_by": by}
    if fields.get("status") in ("accepted", "rejected"):
        defaults |= {"decided_at": at, "decided_by": fields.get("offered_to") or by}
    if fields.get("status") == "rejected" and "reason" not in fields:
        fields["reason"] = rejection_reason()
    return Handoff.objects.create(lead=lead, **(defaults | fields))


def touch_kind(key: str = "download", **fields: Any) -> TouchKind:
    """One of the kinds of touches, also where a test has emptied the tables."""
    return TouchKind.objects.get_or_create(key=key, defaults={"label_en": key, "label_ja": key} | fields)[0]


def touch(lead: Lead, *, kind: str = "download", **fields: Any) -> Touch:
    return Touch.objects.create(**({"lead": lead, "kind": touch_kind(kind), "at": A_MOMENT} | fields))


def capture_form(**fields: Any) -> CaptureForm:
    """A form in English that is open, with what is agreed to."""
    number, by = next(_numbers), fields.pop("created_by", None) or creator()
    questions = [{"name": "full_name", "required": False}, {"name": "email", "required": True}]
    defaults = {
        "key": f"form{number}",
        "name": f"Form {number}",
        "title_en": f"Form {number}",
        "source": "web",
        "touch_kind": touch_kind("inquiry"),
        "fields": questions,
        "published_at": A_MOMENT,
        "published_by": by,
        "created_at": A_MOMENT,
        "updated_at": A_MOMENT,
        "created_by": by,
    }
    made = CaptureForm.objects.create(**(defaults | fields))
    made.consent_texts.create(number=1, text_en="We use it to answer you.", created_by=by, created_at=A_MOMENT)
    return made


def form_submission(form: CaptureForm | None = None, **fields: Any) -> FormSubmission:
    """One filled-in form of a lead of its own."""
    form, number = form or capture_form(), next(_numbers)
    sender = lead()
    defaults = {
        "form_version": form.version,
        "once": str(number),
        "at": A_MOMENT,
        "language": "en",
        "answers": {"email": sender.email},
        "email": sender.email,
        "consent_text": form.consent_texts.get(number=1),
        "outcome": "new_lead",
        "lead": sender,
        "touch": touch(sender),
    }
    return form.submissions.create(**(defaults | fields))


def deal(**fields: Any) -> Deal:
    made_by = fields.pop("created_by", None) or creator()
    at = fields.get("opened_at", A_MOMENT)
    return Deal.objects.create(**({"created_by": made_by, "created_at": at, "opened_at": at} | fields))


def rejection_reason(code: str = "timing", **fields: Any) -> RejectionReason:
    """One of the agreed reasons, also where a test has emptied the tables."""
    labels = {"timing": ("Too early", "時期尚早")}.get(code, (code, code))
    defaults = {"label_en": labels[0], "label_ja": labels[1]}
    return RejectionReason.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def clock(handoff_: Handoff | None = None, **fields: Any) -> Clock:
    """A deadline of sales to decide, on an offer of its own unless told."""
    defaults = {"duty": "decide", "side": "sales", "started_at": A_MOMENT, "due_at": A_MOMENT}
    return Clock.objects.create(handoff=handoff_ or handoff(), **(defaults | fields))


def review_series(**fields: Any) -> ReviewSeries:
    """The monthly series, also where a test has emptied the tables."""
    names = {"name_en": "Monthly review", "name_ja": "月次レビュー", "first_month": A_MOMENT.date().replace(day=1)}
    return ReviewSeries.objects.update_or_create(key="monthly", defaults=fields, create_defaults=names | fields)[0]


def definition() -> Definition:
    return Definition.objects.get_or_create(
        key="inbound", defaults={"name_en": "Qualified lead", "name_ja": "有効リード"}
    )[0]


def version_in_force(
    *criteria: dict[str, Any], threshold: int = 10, since: datetime = A_MOMENT, number: int = 1
) -> DefinitionVersion:
    """A version in force with criteria such as ``{"condition": ..., "points": 10}``."""
    version = DefinitionVersion.objects.create(
        definition=definition(),
        number=number,
        threshold=threshold,
        created_by=creator(),
        created_at=since,
    )
    for position, fields in enumerate(criteria):
        version.criteria.create(position=position, **fields)
    version.status, version.in_force_from = "in_force", since
    version.save()
    return version


def custom_field(key: str = "budget", kind: str = "number", **fields: Any) -> CustomField:
    """A field of the admins; ``choices`` as pairs of a value and its words, the same in both languages."""
    choices = [{"value": value, "ja": words, "en": words} for value, words in fields.pop("choices", ())]
    words = key.replace("_", " ").capitalize()
    defaults = {"label_ja": words, "label_en": words, "position": CustomField.objects.count() + 1, "choices": choices}
    return CustomField.objects.create(key=key, kind=kind, **(defaults | fields))
