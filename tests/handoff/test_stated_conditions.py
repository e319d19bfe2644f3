"""What a routing rule asks for is in use: it stays until the rule says otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from handoff.models import RoutingRule
from leads.models import CustomField, SavedMapping, TouchKind
from leads.selectors import custom_fields as selectors
from leads.selectors import touch_kinds as kind_selectors
from leads.services import custom_fields, touch_kinds
from leads.services.custom_fields import ChoiceData, FieldData, FieldInUse
from tests import factories

pytestmark = pytest.mark.django_db
SEMINARS = {"touches": {"at_least": 2, "kind": "seminar"}}


@pytest.fixture
def rule(ren: User) -> RoutingRule:
    made = factories.routing_rule(ren.team)  # type: ignore[arg-type]
    made.name = "Keen ones"
    made.save()
    return made


def ask(rule: RoutingRule, condition: object) -> None:
    rule.condition = condition
    rule.save()


def retire_kind(kei: User) -> TouchKind:
    return touch_kinds.edit_kind(
        key="seminar", label_en="Seminar", label_ja="セミナー", position=1, is_active=False, actor=kei
    )


def test_a_kind_of_touch_that_a_rule_asks_for_stays_in_use(
    rule: RoutingRule, kei: User, signed_in: Callable[[User], Client]
) -> None:
    ask(rule, {"any": [SEMINARS, {"field": "email", "op": "is_present"}]})

    with pytest.raises(InvalidInput, match="Keen ones"):
        retire_kind(kei)

    assert kind_selectors.use_of(TouchKind.objects.get(key="seminar")).rules == ["Keen ones"]
    assert "Keen ones" in signed_in(kei).get("/touch-kinds/seminar/").text


def test_a_rule_out_of_use_and_one_that_cannot_be_read_hold_nothing(rule: RoutingRule, kei: User, ren: User) -> None:
    ask(rule, SEMINARS)
    rule.is_active = False
    rule.save()
    ask(factories.routing_rule(ren.team), {"field": "gone", "op": "is", "value": 1})  # type: ignore[arg-type]

    assert not retire_kind(kei).is_active


def test_a_field_that_a_rule_asks_for_is_not_retired(rule: RoutingRule, kei: User, now) -> None:
    field = factories.custom_field("budget")
    ask(rule, {"field": "custom.budget", "op": "at_least", "value": 5})

    with pytest.raises(FieldInUse, match="Keen ones"):
        custom_fields.retire_field(field_id=field.pk, actor=kei, now=now)

    ask(rule, {"all": []})
    assert custom_fields.retire_field(field_id=field.pk, actor=kei, now=now).retired_at


def test_a_choice_that_a_rule_names_stays(rule: RoutingRule, kei: User, now) -> None:
    field = factories.custom_field("warmth", "choice", choices=[("hot", "hot"), ("cold", "cold")])
    ask(rule, {"field": "custom.warmth", "op": "is", "value": "hot"})

    def keep(*values: str) -> CustomField:
        kept = [ChoiceData(ja=value, en=value, value=value) for value in values]
        data = FieldData(label_ja="熱量", label_en="Warmth", kind="choice", choices=kept)
        return custom_fields.edit_field(field_id=field.pk, data=data, actor=kei, now=now)

    with pytest.raises(FieldInUse, match="hot"):
        keep("cold")
    assert [choice["value"] for choice in keep("hot").choices] == ["hot"]


def test_a_field_that_a_saved_mapping_fills_keeps_its_kind_and_names_the_mapping(
    kei: User, now, signed_in: Callable[[User], Client]
) -> None:
    field = factories.custom_field("budget")
    mapping = {"system": "fair", "columns": {"予算": {"field": "custom.budget"}}}
    SavedMapping.objects.create(kind="leads", name="Fair", shape="x", mapping=mapping, by=kei, at=now, used_at=now)

    data = FieldData(label_ja="予算", label_en="Budget", kind="text")
    with pytest.raises(FieldInUse):
        custom_fields.edit_field(field_id=field.pk, data=data, actor=kei, now=now)

    assert selectors.use_of(field).mappings == ["Fair"]
    assert "“Fair” fills it" in signed_in(kei).get(f"/settings/fields/{field.pk}/").text
