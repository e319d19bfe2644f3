"""Changes to the rules of the handoff: routing, reasons, times. Their history is kept by the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from alignment.accounts.models import Team, User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Side
from alignment.kernel import history
from alignment.kernel.errors import InvalidInput, NotFound
from alignment.kernel.locks import locked
from handoff.models import RejectionReason, RoutingRule, SlaPolicy
from handoff.rules.clocks import Duty
from handoff.selectors import agreements as history_of_agreements
from handoff.services import notices
from leads.rules.conditions import parse
from leads.services.custom_values import held
from leads.services.texts import check_text

LABEL = 100


@transaction.atomic
def save_rule(
    *,
    rule_id: int | None,
    name: str,
    condition: dict[str, Any],
    team: Team,
    position: int,
    actor: User,
    now: datetime,
) -> RoutingRule:
    """Add a routing rule or change one. Offers made by it keep their own stamp.

    Raises ``NotAllowed``, ``NotFound``, ``InvalidInput``, or ``ConditionFault`` with the path of the fault.
    """
    actor.require(Permission.EDIT_ROUTING)
    parse(condition, held())
    if not name.strip():
        raise InvalidInput(_("Enter a name for the rule."), field="name")
    check_text(name, longest=LABEL, field="name")
    if team.side != Side.SALES:
        raise InvalidInput(_("Leads are offered to teams of sales only."), field="team")
    rule = _locked_rule(rule_id) if rule_id else RoutingRule()
    rule.name = name.strip()
    rule.condition = condition
    rule.team = team
    rule.position = position
    with _announced(RoutingRule, actor=actor, now=now):
        rule.save()
    return rule


@transaction.atomic
def switch_rule(*, rule_id: int, on: bool, actor: User, now: datetime) -> RoutingRule:
    """Take a rule out of use or back in; nothing deletes one. Raises ``NotAllowed``, ``NotFound``."""
    actor.require(Permission.EDIT_ROUTING)
    rule = _locked_rule(rule_id)
    rule.is_active = on
    with _announced(RoutingRule, actor=actor, now=now):
        rule.save(update_fields=["is_active"])
    return rule


@transaction.atomic
def save_reason(*, code: str, values: dict[str, Any], actor: User, now: datetime) -> RejectionReason:
    """Change a reason for giving a lead back. Raises ``NotAllowed``, ``NotFound``, ``InvalidInput``."""
    actor.require(Permission.EDIT_ROUTING)
    reason = RejectionReason.objects.select_for_update().filter(code=code).first()
    if reason is None:
        raise NotFound(_("There is no such reason."))
    for name in ("label_ja", "label_en", "next_step", "recycle_days", "needs_comment", "position", "is_active"):
        if name in values:
            setattr(reason, name, values[name])
    for name in ("label_ja", "label_en"):
        check_text(getattr(reason, name), longest=LABEL, field=name)
    try:
        reason.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(messages[0], field=field) from error
    if not RejectionReason.objects.filter(is_active=True).exclude(pk=reason.pk).exists() and not reason.is_active:
        raise InvalidInput(_("One reason has to stay in use."), field="is_active")
    with _announced(RejectionReason, actor=actor, now=now):
        reason.save()
    return reason


@transaction.atomic
def save_policy(*, duty: str, business_minutes: int, actor: User, now: datetime) -> SlaPolicy:
    """Change how long a duty may take; clocks that run already keep their deadline.

    Raises ``NotAllowed``, ``InvalidInput``.
    """
    actor.require(Permission.EDIT_ROUTING)
    if duty not in Duty.values:
        raise NotFound(_("There is no such duty."))
    if business_minutes < 1:
        raise InvalidInput(_("A duty needs some time."), field="hours")
    with _announced(SlaPolicy, actor=actor, now=now):
        policy, _is_new = SlaPolicy.objects.select_for_update().update_or_create(
            duty=duty,
            defaults={"business_minutes": business_minutes},
            create_defaults={
                "business_minutes": business_minutes,
                "side": Side.SALES,
            },
        )
    return policy


@contextmanager
def _announced(model: type[Model], *, actor: User, now: datetime) -> Iterator[None]:
    """Keep in the history who makes the change, and tell the managers of both sides what it is."""
    mark = history_of_agreements.last_row(model)
    with history.written_by(actor.pk):
        yield
    notices.agreement_changed(model=model, mark=mark, actor=actor, now=now)


def _locked_rule(rule_id: int) -> RoutingRule:
    rule = locked(RoutingRule.objects.filter(pk=rule_id), "team")
    if rule is None:
        raise NotFound(_("There is no such rule."))
    return rule
