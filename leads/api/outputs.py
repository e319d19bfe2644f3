"""How leads, definitions and deals look to programs. Shapes only: what goes in comes from selectors."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from rest_framework import serializers

from leads.models import Criterion, Deal, DefinitionVersion, Lead, Verdict
from leads.rules.conditions import parse
from leads.rules.fields import Vocabulary
from leads.rules.sentences import say
from leads.rules.stages import Stage
from leads.rules.versions import VersionStatus
from leads.selectors import verdicts


class ReferenceOutput(serializers.Serializer[Any]):
    """Something by its id and name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class LeadOutput(serializers.Serializer[Any]):
    """A lead with its facts."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="the person's, else the company's, else the foreign id")
    full_name = serializers.CharField()
    full_name_kana = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    job_title = serializers.CharField()
    department = serializers.CharField()
    company_name = serializers.CharField()
    account = ReferenceOutput(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    landing_page = serializers.CharField()
    campaign = ReferenceOutput(allow_null=True)
    note = serializers.CharField()
    source_system = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    custom = serializers.DictField(
        help_text="values of the custom fields by key, each in the form of its kind, and what else a source brought"
    )
    stage = serializers.ChoiceField(choices=Stage.choices)
    owner = ReferenceOutput(allow_null=True)
    points = serializers.IntegerField(allow_null=True, help_text="of the last verdict; null: not judged")
    threshold = serializers.IntegerField(allow_null=True)
    captured_at = serializers.DateTimeField()
    qualified_at = serializers.DateTimeField(allow_null=True)
    first_contacted_at = serializers.DateTimeField(allow_null=True)
    recycle_on = serializers.DateField(allow_null=True)
    next_step_on = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    merged_into = serializers.IntegerField(
        allow_null=True, help_text="the lead that this one became part of; such a lead is in no list and is not changed"
    )


class LeadTouchOutput(serializers.Serializer[Any]):
    kind = serializers.CharField(source="kind_id", help_text="key of the kind of touch")
    at = serializers.DateTimeField()
    detail = serializers.CharField()


class CriterionAnswerOutput(serializers.Serializer[Any]):
    """One criterion's answer, as it was given."""

    sentence = serializers.CharField(help_text="in the caller's language")
    met = serializers.BooleanField()
    points = serializers.IntegerField(help_text="what it gave")
    worth = serializers.IntegerField(help_text="what it would have given")
    is_disqualifier = serializers.BooleanField()
    why = serializers.CharField()
    seen = serializers.ListField(child=serializers.CharField(), help_text="the values looked at")


class VerdictOutput(serializers.Serializer[Any]):
    """A lead judged by one version of the definition."""

    version = serializers.IntegerField()
    is_qualified = serializers.BooleanField()
    is_disqualified = serializers.BooleanField()
    points = serializers.IntegerField()
    threshold = serializers.IntegerField()
    judged_at = serializers.DateTimeField()
    criteria = CriterionAnswerOutput(many=True)


class LeadDetailOutput(LeadOutput):
    """A lead with what it did and what the definition says of it."""

    touches = LeadTouchOutput(many=True)
    verdict = VerdictOutput(allow_null=True)


class CriterionSentenceOutput(serializers.Serializer[Any]):
    """One line of a version: as a sentence and as a tree of the condition language."""

    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Criterion.Kind.choices)
    points = serializers.IntegerField()
    sentence = serializers.CharField(help_text="in the caller's language")
    condition = serializers.DictField()
    why = serializers.CharField()


class SignatureOutput(serializers.Serializer[Any]):
    side = serializers.CharField()
    signed_by = serializers.CharField(source="signed_by.full_name")
    signed_at = serializers.DateTimeField()


class DefinitionVersionOutput(serializers.Serializer[Any]):
    """One version of the joint contract."""

    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=VersionStatus.choices)
    threshold = serializers.IntegerField()
    reason = serializers.CharField()
    takes_effect_at = serializers.DateTimeField(allow_null=True)
    in_force_from = serializers.DateTimeField(allow_null=True)
    in_force_until = serializers.DateTimeField(allow_null=True)
    criteria = CriterionSentenceOutput(many=True)
    signatures = SignatureOutput(many=True)


class DealOutput(serializers.Serializer[Any]):
    """An opportunity; amounts are in the organisation's currency."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    lead = ReferenceOutput(allow_null=True)
    account = ReferenceOutput(allow_null=True)
    owner = ReferenceOutput(allow_null=True)
    amount = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    product = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "won", "lost"])
    opened_at = serializers.DateTimeField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    won_at = serializers.DateTimeField(allow_null=True)
    lost_at = serializers.DateTimeField(allow_null=True)
    win_reason = serializers.ChoiceField(choices=Deal.WinReason.choices, allow_blank=True)
    loss_reason = serializers.ChoiceField(choices=Deal.LossReason.choices, allow_blank=True)
    comment = serializers.CharField()
    source_system = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)


LEAD_COLUMNS = (
    "id",
    "full_name",
    "full_name_kana",
    "email",
    "phone",
    "job_title",
    "department",
    "company_name",
    "source",
    "landing_page",
    "note",
    "source_system",
    "external_id",
    "custom",
    "stage",
    "captured_at",
    "qualified_at",
    "first_contacted_at",
    "recycle_on",
    "next_step_on",
    "created_at",
    "updated_at",
)
DEAL_COLUMNS = (
    "id",
    "name",
    "amount",
    "product",
    "opened_at",
    "expected_on",
    "won_at",
    "lost_at",
    "win_reason",
    "loss_reason",
    "comment",
    "source_system",
    "external_id",
)


def lead_facts(lead: Lead) -> dict[str, Any]:
    """A lead as ``LeadOutput`` takes it; reads nothing more where it came from ``selectors.leads.listed``."""
    verdict = lead.verdict
    return {name: getattr(lead, name) for name in LEAD_COLUMNS} | {
        "name": lead.display_name,
        "merged_into": lead.merged_into_id,
        "account": _reference(lead.account, "name"),
        "campaign": _reference(lead.campaign, "name"),
        "owner": _reference(lead.owner, "full_name"),
        "points": verdict.points if verdict else None,
        "threshold": verdict.threshold if verdict else None,
    }


def lead_details(lead: Lead) -> dict[str, Any]:
    """A lead as ``LeadDetailOutput`` takes it."""
    touches = list(lead.touches.order_by("-at", "-pk"))
    return lead_facts(lead) | {"touches": touches, "verdict": verdict_facts(lead.verdict)}


def verdict_facts(verdict: Verdict | None, *, vocabulary: Vocabulary | None = None) -> dict[str, Any] | None:
    """A verdict as ``VerdictOutput`` takes it, in sentences of the caller's language; None stays None.

    ``vocabulary``: see ``verdicts.explain``.
    """
    if verdict is None:
        return None
    view = verdicts.explain(verdict, vocabulary=vocabulary)
    return {
        "version": view.version_number,
        "is_qualified": view.is_qualified,
        "is_disqualified": view.is_disqualified,
        "points": view.points,
        "threshold": view.threshold,
        "judged_at": verdict.judged_at,
        "criteria": view.lines,
    }


def version_facts(version: DefinitionVersion, vocabulary: Vocabulary) -> dict[str, Any]:
    """A version as ``DefinitionVersionOutput`` takes it, from what ``selectors.definitions`` brought."""
    names = ("number", "status", "threshold", "reason", "takes_effect_at", "in_force_from", "in_force_until")
    return {name: getattr(version, name) for name in names} | {
        "criteria": [
            {
                "position": line.position,
                "kind": line.kind,
                "points": line.points,
                "sentence": say(parse(line.condition, vocabulary)),
                "condition": line.condition,
                "why": line.why,
            }
            for line in version.criteria.all()
        ],
        "signatures": [one for one in version.signatures.all() if one.voided_at is None],
    }


def deal_facts(deal: Deal) -> dict[str, Any]:
    """A deal as ``DealOutput`` takes it; reads nothing more where it came from ``selectors.deals.listed``."""
    return {name: getattr(deal, name) for name in DEAL_COLUMNS} | {
        "lead": _reference(deal.lead, "display_name"),
        "account": _reference(deal.account, "name"),
        "owner": _reference(deal.owner, "full_name"),
        "state": "open" if deal.is_open else "won" if deal.won_at else "lost",
    }


def _reference(thing: Model | None, name: str) -> dict[str, Any] | None:
    return None if thing is None else {"id": thing.pk, "name": getattr(thing, name)}
