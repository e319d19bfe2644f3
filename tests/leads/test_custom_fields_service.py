"""Fields are made, changed, retired; values of leads are taken in one form per kind or refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.utils import translation

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from leads.models import CustomField, ImportJob, Lead
from leads.services import custom_fields as services
from leads.services.capture import LeadData, capture_lead
from leads.services.custom_fields import ChoiceData, FieldData, FieldInUse
from leads.services.definitions import CriterionData, propose, save_draft, start_draft
from leads.services.leads import ChangedMeanwhile, update_lead
from tests import factories
from tests.leads import definition_steps as steps
from tests.racing import while_uncommitted

BUDGET = FieldData(label_ja="予算", label_en="Budget (JPY)", kind="number")
SIZE = FieldData(
    label_ja="規模",
    label_en="Size",
    kind="choice",
    choices=(ChoiceData("小", "Small"), ChoiceData("大", "Large", "big")),
)


@pytest.fixture
def add(kei: User, now: datetime) -> Any:
    return lambda data=BUDGET, **options: services.add_field(data=data, actor=kei, now=now, **options)


@pytest.fixture
def edit(kei: User, now: datetime) -> Any:
    return lambda field, data: services.edit_field(field_id=field.pk, data=data, actor=kei, now=now)


@pytest.fixture
def retire(kei: User, now: datetime) -> Any:
    return lambda field: services.retire_field(field_id=field.pk, actor=kei, now=now)


def _on(field: str) -> CriterionData:
    return CriterionData(condition={"field": field, "op": "is_present"}, points=10, why="Sales asks for it first")


def test_a_field_is_made_with_a_key_from_its_english_name_and_kept_in_the_history(add: Any, kei: User) -> None:
    field = add()

    assert (field.key, field.position, field.label_ja) == ("budget_jpy", 1, "予算")
    row = field.history.get()
    assert (row.key, row.pgh_context.metadata["user"]) == ("budget_jpy", kei.pk)


def test_choices_get_values_that_stay(add: Any, edit: Any) -> None:
    field = add(SIZE)
    assert [row["value"] for row in field.choices] == ["small", "big"]

    renamed = [
        ChoiceData("大企業", "Enterprise", "big"),
        ChoiceData("小", "Small", "small"),
        ChoiceData("中", "中", ""),
    ]
    changed = edit(field, replace(SIZE, choices=renamed))

    assert [(row["value"], row["en"]) for row in changed.choices] == [
        ("big", "Enterprise"),
        ("small", "Small"),
        ("choice_3", "中"),
    ]


@pytest.mark.parametrize("who", ["mai", "aoi", "ren"])
def test_only_admins_make_fields(who: str, now: datetime, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed):
        services.add_field(data=BUDGET, actor=request.getfixturevalue(who), now=now)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("Budget", "A key has"),
        ("2nd", "A key has"),
        ("a b", "A key has"),
        ("x" * 41, "A key has"),
        ("a'--", "A key has"),
        ("予算", "A key has"),
        ("email", "is the name of a fact"),
        ("employees", "is the name of a fact"),
        ("company", "is the name of a fact"),
        ("custom", "is the name of a fact"),
    ],
)
def test_a_hostile_or_taken_key_is_refused(add: Any, key: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as refusal:
        add(key=key)

    assert refusal.value.field == "key"


def test_a_key_is_never_given_twice_also_not_that_of_a_retired_field(add: Any, retire: Any) -> None:
    retire(add())

    with pytest.raises(InvalidInput, match="never given twice"):
        add(replace(BUDGET, label_ja="別", label_en="Other"), key="budget_jpy")


def test_a_key_under_which_a_file_left_something_is_refused_with_the_count(add: Any) -> None:
    factories.lead(custom={"budget_jpy": "about 3M"})

    with pytest.raises(InvalidInput, match="1 lead holds a value under this key"):
        add()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (replace(BUDGET, label_ja=" "), "label_ja"),
        (replace(BUDGET, label_en="x" * 61), "label_en"),
        (replace(BUDGET, label_en="\u202eevil"), "label_en"),
        (replace(BUDGET, help_en="\x00"), "help_en"),
        (replace(BUDGET, kind="money"), "kind"),
        (replace(BUDGET, position=0), "position"),
        (replace(SIZE, choices=()), "choices"),
        (replace(SIZE, choices=[ChoiceData("小", "")]), "choices[0].en"),
        (replace(SIZE, choices=[ChoiceData("小", "S", "A b")]), "choices[0].value"),
        (replace(SIZE, choices=[ChoiceData("小", "Small"), ChoiceData("大", "ＳＭＡＬＬ", "big")]), "choices[1]"),
        (replace(SIZE, choices=[ChoiceData("小", "Small", "x"), ChoiceData("大", "Big", "x")]), "choices[1]"),
    ],
)
def test_what_cannot_be_a_field_is_refused_by_its_input(add: Any, data: FieldData, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add(data, key="some_field")

    assert refusal.value.field == field
    assert not CustomField.objects.exists()


def test_two_fields_of_one_name_are_refused_unless_one_is_retired(add: Any, retire: Any) -> None:
    first = add()
    with pytest.raises(InvalidInput, match="has this name already"):
        add(key="other")

    retire(first)

    assert add(key="other").label_en == "Budget (JPY)"


def test_there_is_room_for_fifty_in_use_and_three_in_the_list(add: Any, now: datetime, kei: User) -> None:
    for number in range(50):
        factories.custom_field(f"field_{number}", "text", is_in_list=number < 3)
    with pytest.raises(InvalidInput, match="At most 50 fields"):
        add()

    services.retire_field(field_id=CustomField.objects.get(key="field_9").pk, actor=kei, now=now)
    with pytest.raises(InvalidInput, match="at most 3"):
        add(replace(BUDGET, is_in_list=True))
    add()
    with pytest.raises(InvalidInput, match="At most 50 fields"):
        services.restore_field(field_id=CustomField.objects.get(key="field_9").pk, actor=kei, now=now)


def test_the_kind_changes_only_while_nothing_uses_the_field(add: Any, edit: Any) -> None:
    field = edit(add(), replace(BUDGET, kind="text"))
    assert field.kind == "text"

    factories.lead(custom={"budget_jpy": "x"})
    with pytest.raises(FieldInUse, match="1 lead has a value"):
        edit(field, BUDGET)


def test_the_kind_stays_where_a_version_or_an_import_goes_by_it(add: Any, edit: Any, aoi: User, now: datetime) -> None:
    field, other = add(), add(SIZE)
    ImportJob.objects.create(
        kind="leads", file_name="f", sha256="", actor=aoi, at=now, mapping={"columns": {"A": {"field": "custom.size"}}}
    )
    steps.draft(aoi, now, criteria=[_on("custom.budget_jpy")])

    for used, data in ((field, replace(BUDGET, kind="text")), (other, replace(SIZE, kind="text"))):
        with pytest.raises(FieldInUse, match="it stays"):
            edit(used, data)


def test_a_choice_in_use_stays_and_the_refusal_says_how_often(add: Any, edit: Any, aoi: User, now: datetime) -> None:
    field = add(replace(SIZE, choices=[*SIZE.choices, ChoiceData("中", "Middle"), ChoiceData("他", "Other")]))
    factories.lead(custom={"size": "small"})
    factories.lead(custom={"size": "small"})
    condition = {"not": {"field": "custom.size", "op": "in", "value": ["big"]}}
    steps.draft(aoi, now, criteria=[CriterionData(condition=condition, points=1, why="x")])
    kept = [ChoiceData(row["ja"], row["en"], row["value"]) for row in field.choices]

    with pytest.raises(FieldInUse, match="2 leads have the choice “Small”"), translation.override("en"):
        edit(field, replace(SIZE, choices=kept[1:]))
    with (
        pytest.raises(FieldInUse, match="The definition or a routing rule names the choice “Large”"),
        translation.override("en"),
    ):
        edit(field, replace(SIZE, choices=[kept[0], *kept[2:]]))
    assert len(edit(field, replace(SIZE, choices=[*kept[:2], kept[3]])).choices) == 3


def test_a_field_that_a_binding_version_judges_by_is_not_retired_a_draft_is_no_bar(
    add: Any, retire: Any, kei: User, aoi: User, sora: User, now: datetime
) -> None:
    field = add()
    version = steps.draft(aoi, now, criteria=[_on("custom.budget_jpy")])
    retire(field)
    services.restore_field(field_id=field.pk, actor=kei, now=now)

    propose(version_id=version.pk, reason="x", actor=aoi, now=now)
    with pytest.raises(FieldInUse, match="judges by this field"):
        retire(field)

    steps.signed_by(version, aoi, sora, now=now)
    with pytest.raises(FieldInUse, match="in force"):
        retire(field)


def test_nothing_is_agreed_anew_by_a_retired_field(add: Any, retire: Any, aoi: User, now: datetime) -> None:
    field = add()
    version = steps.draft(aoi, now, criteria=[_on("custom.budget_jpy")])
    retire(field)

    with pytest.raises(InvalidInput, match="retired") as refusal:
        propose(version_id=version.pk, reason="x", actor=aoi, now=now)

    assert refusal.value.field == "criteria[0].condition"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_retiring_waits_for_a_proposal_that_is_being_made(add: Any, retire: Any, aoi: User, now: datetime) -> None:
    field = add()
    version = steps.draft(aoi, now, criteria=[_on("custom.budget_jpy")])

    refused = while_uncommitted(
        lambda: propose(version_id=version.pk, reason="x", actor=aoi, now=now), lambda: retire(field)
    )

    assert isinstance(refused, FieldInUse)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_proposal_waits_for_a_field_that_is_being_retired(add: Any, retire: Any, aoi: User, now: datetime) -> None:
    field = add()
    version = steps.draft(aoi, now, criteria=[_on("custom.budget_jpy")])

    refused = while_uncommitted(
        lambda: retire(field), lambda: propose(version_id=version.pk, reason="x", actor=aoi, now=now)
    )

    assert isinstance(refused, InvalidInput)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_choice_is_not_dropped_under_a_lead_that_comes_in(add: Any, edit: Any, mai: User, now: datetime) -> None:
    field = add(SIZE)
    data = LeadData(full_name="A", custom={"size": "small"})

    refused = while_uncommitted(
        lambda: capture_lead(data=data, actor=mai, now=now),
        lambda: edit(field, replace(SIZE, choices=[ChoiceData("大", "Large", "big")])),
    )

    assert isinstance(refused, FieldInUse)


def test_the_database_keeps_the_row_and_its_key(add: Any) -> None:
    field = add()

    for change in (
        lambda: CustomField.objects.filter(pk=field.pk).delete(),
        lambda: CustomField.objects.update(key="other"),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.custom_field("A B")


# -- values of leads ------------------------------------------------------------------------------------


@pytest.fixture
def fields(db: None) -> None:
    factories.custom_field("memo", "text")
    factories.custom_field("budget", "number")
    factories.custom_field("ends_on", "date")
    factories.custom_field("size", "choice", choices=[("small", "Small"), ("large", "Large")])
    factories.custom_field("opted_in", "yes_no")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"memo": "  山田 様 "}, {"memo": "山田 様"}),
        ({"memo": "   "}, {}),
        ({"budget": 100.0}, {"budget": 100}),
        ({"budget": 0}, {"budget": 0}),
        ({"budget": 1 / 3}, {"budget": 0.333333}),
        ({"budget": None}, {}),
        ({"ends_on": "2026-12-31"}, {"ends_on": "2026-12-31"}),
        ({"size": "large", "opted_in": False}, {"size": "large", "opted_in": False}),
        ({"size": ""}, {}),
        ({"Old CRM id": 7, "nested": {"a": [1]}, "empty": ""}, {"Old CRM id": 7, "nested": {"a": [1]}, "empty": ""}),
    ],
)
def test_a_value_is_kept_in_the_one_form_of_its_kind(
    fields: None, mai: User, now: datetime, given: dict[str, Any], kept: dict[str, Any]
) -> None:
    lead = capture_lead(data=LeadData(full_name="A", custom=given), actor=mai, now=now).lead

    lead.refresh_from_db()
    assert lead.custom == kept
    assert all(type(lead.custom[key]) is type(value) for key, value in kept.items())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memo", 5),
        ("memo", "x" * 501),
        ("memo", "a\x00b"),
        ("budget", "100"),
        ("budget", True),
        ("budget", float("nan")),
        ("budget", 10**13),
        ("ends_on", "2026-02-30"),
        ("ends_on", "20260228"),
        ("ends_on", "0001-01-01"),
        ("ends_on", 20260228),
        ("size", "Large"),
        ("size", ["large"]),
        ("opted_in", "yes"),
        ("opted_in", 1),
    ],
)
def test_a_value_of_another_form_is_refused_with_its_path(
    fields: None, mai: User, now: datetime, key: str, value: Any
) -> None:
    lead = factories.lead()
    for write in (
        lambda: capture_lead(data=LeadData(full_name="A", custom={key: value}), actor=mai, now=now),
        lambda: update_lead(lead_id=lead.pk, facts={"custom": {key: value}}, seen=None, actor=mai, now=now),
    ):
        with pytest.raises(InvalidInput) as refusal:
            write()
        assert refusal.value.field == f"custom.{key}"


def test_a_change_touches_what_it_names_and_is_told_in_the_story(fields: None, mai: User, now: datetime) -> None:
    lead = factories.lead(custom={"size": "small", "memo": "x", "Old CRM id": "7"})
    change = {"size": "large", "memo": None, "budget": 5}

    update_lead(lead_id=lead.pk, facts={"custom": change}, seen=None, actor=mai, now=now)

    lead.refresh_from_db()
    assert lead.custom == {"size": "large", "Old CRM id": "7", "budget": 5}
    assert lead.events.get(kind="updated").data["changes"] == {
        "custom.size": ["small", "large"],
        "custom.memo": ["x", None],
        "custom.budget": [None, 5],
    }


def test_two_people_who_change_one_field_are_told_and_those_of_other_fields_are_not(
    fields: None, mai: User, aoi: User, now: datetime
) -> None:
    lead = factories.lead(custom={"size": "small"}, updated_at=factories.A_MOMENT)
    seen = lead.updated_at
    update_lead(lead_id=lead.pk, facts={"custom": {"size": "large"}}, seen=seen, actor=mai, now=now)

    update_lead(lead_id=lead.pk, facts={"custom": {"size": "small", "budget": 5}}, seen=seen, actor=aoi, now=now)
    assert Lead.objects.get(pk=lead.pk).custom == {"size": "large", "budget": 5}

    with pytest.raises(ChangedMeanwhile) as clash:
        update_lead(lead_id=lead.pk, facts={"custom": {"budget": 6, "size": None}}, seen=seen, actor=aoi, now=now)
    assert clash.value.conflicts.keys() == {"custom.budget", "custom.size"}


def test_what_a_file_left_is_not_looked_at_again_while_nobody_touches_it(
    fields: None, mai: User, now: datetime
) -> None:
    lead = factories.lead(custom={"budget": "about 3M"})

    update_lead(
        lead_id=lead.pk, facts={"custom": {"budget": "about 3M", "size": "small"}}, seen=None, actor=mai, now=now
    )

    assert Lead.objects.get(pk=lead.pk).custom == {"budget": "about 3M", "size": "small"}


def test_a_retired_field_still_takes_values_of_its_kind_alone(fields: None, mai: User, now: datetime) -> None:
    CustomField.objects.update(retired_at=now)

    assert capture_lead(data=LeadData(full_name="A", custom={"budget": 5}), actor=mai, now=now).lead.custom
    with pytest.raises(InvalidInput):
        capture_lead(data=LeadData(full_name="A", custom={"budget": "5"}), actor=mai, now=now)


def test_a_lead_qualifies_by_a_field_the_moment_it_is_filled_in(
    fields: None, mai: User, aoi: User, sora: User, now: datetime
) -> None:
    steps.in_force(aoi, aoi, sora, now=now, criteria=[_on("custom.budget")])
    lead = capture_lead(data=LeadData(full_name="A"), actor=mai, now=now).lead
    assert lead.stage == "captured"

    assert (
        update_lead(lead_id=lead.pk, facts={"custom": {"budget": 0}}, seen=None, actor=mai, now=now).stage
        == "qualified"
    )


def test_a_draft_names_only_fields_that_there_are(aoi: User, now: datetime) -> None:
    version = start_draft(definition_id=factories.definition().pk, actor=aoi, now=now)

    with pytest.raises(DomainError) as refusal:
        save_draft(
            version_id=version.pk,
            threshold=1,
            criteria=[_on("custom.nobody")],
            reason="",
            takes_effect_at=None,
            actor=aoi,
            now=now,
        )

    assert refusal.value.field == "criteria[0].condition.field"
