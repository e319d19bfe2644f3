"""How handoffs look to programs; the verdict in them looks as it does on a lead."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alignment.accounts.models import User
from alignment.accounts.roles import Side
from handoff.models import Handoff
from handoff.rules.clocks import ClockState, Duty
from handoff.rules.next_steps import NextStep
from handoff.rules.routing import RoutingReason
from handoff.rules.workflow import Action, Status
from handoff.selectors.history import clocks_of
from handoff.selectors.sentences import why_here
from handoff.selectors.standing import allowed_actions
from leads.api.outputs import VerdictOutput, verdict_facts


class PersonOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    full_name = serializers.CharField()


class TeamOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class RoutingOutput(serializers.Serializer[Any]):
    """Why the offer went where it went, as of that moment."""

    reason = serializers.ChoiceField(choices=RoutingReason.choices)
    rule = serializers.CharField(allow_null=True)
    sentence = serializers.CharField(help_text="in the caller's language")


class LeadOfHandoffOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    company = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    stage = serializers.CharField()


class HandoffOutput(serializers.Serializer[Any]):
    """One handoff and what the caller may do with it now."""

    id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    lead = LeadOfHandoffOutput()
    team = TeamOutput(allow_null=True)
    offered_to = PersonOutput(allow_null=True, help_text="null: nobody in particular is asked")
    submitted_by = PersonOutput()
    offered_at = serializers.DateTimeField()
    decide_by = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonOutput(allow_null=True)
    reason = serializers.CharField(allow_null=True, help_text="the code of the reason for giving it back")
    comment = serializers.CharField(allow_blank=True)
    next_step = serializers.ChoiceField(choices=NextStep.choices, allow_blank=True)
    recycle_on = serializers.DateField(allow_null=True)
    business_seconds_to_decide = serializers.IntegerField(allow_null=True)
    definition_version = serializers.IntegerField(allow_null=True)
    routing = RoutingOutput()
    allowed_actions = serializers.ListField(child=serializers.ChoiceField(choices=Action.choices))


class ClockOutput(serializers.Serializer[Any]):
    duty = serializers.ChoiceField(choices=Duty.choices)
    side = serializers.ChoiceField(choices=Side.choices)
    owner = PersonOutput(allow_null=True)
    team = TeamOutput(allow_null=True)
    state = serializers.ChoiceField(choices=ClockState.choices)
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    met_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True)


class HandoffDetailOutput(HandoffOutput):
    """One handoff with what it was stamped with and the promises on it."""

    verdict = VerdictOutput(allow_null=True)
    stamp = serializers.DictField(help_text="the lead and its touches as they were when it was offered")
    clocks = ClockOutput(many=True)


def handoff_facts(handoff: Handoff, *, caller: User) -> dict[str, Any]:
    """One handoff that came ``with_people``; reads no other rows."""
    lead = handoff.lead
    columns = {name: getattr(handoff, name) for name in _PLAIN}
    return columns | {
        "lead": {
            "id": lead.pk,
            "name": lead.display_name,
            "company": lead.company_name,
            "source": lead.source,
            "stage": lead.stage,
        },
        "reason": handoff.reason.code if handoff.reason else None,
        "definition_version": handoff.stamp.get("version"),
        "routing": {
            "reason": handoff.routing.get("reason_code", ""),
            "rule": handoff.routing.get("rule_name") or None,
            "sentence": why_here(handoff.routing),
        },
        "allowed_actions": allowed_actions(handoff, caller),
    }


def handoff_details(handoff: Handoff, *, caller: User) -> dict[str, Any]:
    """One handoff with verdict, stamp and clocks."""
    return handoff_facts(handoff, caller=caller) | {
        "verdict": verdict_facts(handoff.verdict),
        "stamp": {"lead": handoff.stamp.get("lead", {}), "touches": handoff.stamp.get("touches", [])},
        "clocks": clocks_of(handoff),
    }


_PLAIN = (
    "id",
    "attempt",
    "status",
    "team",
    "offered_to",
    "submitted_by",
    "offered_at",
    "decide_by",
    "decided_at",
    "decided_by",
    "comment",
    "next_step",
    "recycle_on",
    "business_seconds_to_decide",
)
