"""The pages of custom fields, and custom fields on the pages and in the API of leads."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import CustomField, Lead
from leads.services.leads import update_lead
from tests import factories
from tests.leads import definition_steps as steps
from tests.leads.test_custom_fields_service import fields  # noqa: F401 - a fixture

ROWS = {"choices-TOTAL_FORMS": "3", "choices-INITIAL_FORMS": "0"}
BUDGET = {"label_ja": "予算", "label_en": "Budget", "kind": "number", "key": "", **ROWS}
HOSTILE = '"><script>alert(1)</script>'


def _choices(*rows: tuple[str, str, str]) -> dict[str, str]:
    given = {"choices-TOTAL_FORMS": str(len(rows)), "choices-INITIAL_FORMS": "0"}
    for index, row in enumerate(rows):
        named = zip(("ja", "en", "value"), row, strict=True)
        given |= {f"choices-{index}-{name}": text for name, text in named} | {f"choices-{index}-ORDER": str(index + 1)}
    return given


def test_the_empty_page_says_what_fields_are_good_for(signed_in: Any, kei: User) -> None:
    page = signed_in(kei).get(reverse("leads:custom-fields")).content.decode()

    assert "There is no custom field yet" in page
    assert reverse("leads:custom-field-new") in page


def test_an_admin_makes_a_field_and_finds_it_in_the_list(signed_in: Any, kei: User) -> None:
    client = signed_in(kei)

    answer = client.post(reverse("leads:custom-field-new"), BUDGET, follow=True)

    assert CustomField.objects.get().key == "budget"
    assert "is in the forms of leads now" in answer.content.decode()


def test_choices_are_made_reordered_and_taken_out_by_their_rows(signed_in: Any, kei: User) -> None:
    client = signed_in(kei)
    rows = _choices(("小", "Small", ""), ("大", "Large", "big"), ("", "", ""))
    client.post(reverse("leads:custom-field-new"), {**BUDGET, "kind": "choice", **rows})
    field = CustomField.objects.get()
    assert [row["value"] for row in field.choices] == ["small", "big"]

    rows = _choices(("", "", "small"), ("大", "Huge", "big"), ("中", "Middle", ""))
    rows |= {"choices-INITIAL_FORMS": "2", "choices-2-ORDER": "1"}
    client.post(reverse("leads:custom-field-edit", args=[field.pk]), {**BUDGET, "kind": "choice", **rows})

    field.refresh_from_db()
    assert [(row["value"], row["en"]) for row in field.choices] == [("middle", "Middle"), ("big", "Huge")]


def test_more_rows_are_given_without_losing_what_was_typed(signed_in: Any, kei: User) -> None:
    rows = _choices(("小", "Small", ""))

    page = signed_in(kei).post(reverse("leads:custom-field-new"), {**BUDGET, "kind": "choice", **rows, "add_row": "1"})

    assert page.status_code == 200
    assert page.context["form"]["label_ja"].value() == "予算"
    assert [row["ja"].value() for row in page.context["rows"]] == ["小", None, None, None]
    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label_en": ""}, "Fill in “Name in English”."),
        ({"key": "email"}, "is the name of a fact"),
        ({"key": "a' OR 1=1"}, "A key has up to 40"),
        ({"kind": "choice"}, "Enter 1 to 100 choices"),
        ({"kind": "choice", **_choices(("小", "", ""))}, "Choice 1: Enter the name in both languages."),
    ],
)
def test_a_refusal_is_said_beside_its_input(signed_in: Any, kei: User, change: dict[str, str], said: str) -> None:
    page = signed_in(kei).post(reverse("leads:custom-field-new"), BUDGET | change)

    assert page.status_code == 422
    assert said in page.content.decode()


def test_the_page_of_a_field_says_where_it_is_used_before_it_is_retired(
    signed_in: Any, kei: User, aoi: User, sora: User, now: datetime
) -> None:
    field = factories.custom_field()
    factories.lead(custom={"budget": 5})
    client, address = signed_in(kei), reverse("leads:custom-field-edit", args=[field.pk])
    page = client.get(address).content.decode()
    assert "1 lead has a value." in page
    assert "Retire this field…" in page

    criterion = steps.CriterionData(
        condition={"field": "custom.budget", "op": "at_least", "value": 1}, points=10, why="Sales asks first"
    )
    steps.in_force(aoi, aoi, sora, now=now, criteria=[criterion])
    page = client.get(address).content.decode()
    assert "Version 1 of the lead definition (in force)" in page
    assert "Retire this field…" not in page

    refused = client.post(reverse("leads:custom-field-retire", args=[field.pk]), follow=True)
    assert "judges by this field" in refused.content.decode()


def test_a_field_is_retired_and_used_again(signed_in: Any, kei: User) -> None:
    field = factories.custom_field()
    client = signed_in(kei)

    page = client.post(reverse("leads:custom-field-retire", args=[field.pk]), follow=True).content.decode()
    assert "1 retired field" in page
    page = client.post(reverse("leads:custom-field-restore", args=[field.pk]), follow=True).content.decode()

    assert "retired" not in page.split("</header>")[-1].replace("is in use again", "")


def test_the_page_of_a_field_asks_for_the_routing_rules_that_look_at_it(signed_in: Any, kei: User, ren: User) -> None:
    field = factories.custom_field()
    of_field = {"not": {"field": "custom.budget", "op": "is_blank"}}
    factories.routing_rule(ren.team, name="Rich ones", condition=of_field)
    factories.routing_rule(ren.team, name="All others")
    factories.routing_rule(ren.team, name="Out of use", condition=of_field, is_active=False)
    client, rules = signed_in(kei), reverse("handoff:rules-on-field", args=["budget"])

    assert f'hx-get="{rules}"' in client.get(reverse("leads:custom-field-edit", args=[field.pk])).content.decode()

    told = client.get(rules).content.decode()
    assert "Rich ones" in told
    assert "All others" not in told
    assert "Out of use" not in told
    assert client.get(reverse("handoff:rules-on-field", args=["nobody"])).content.strip() == b""


@pytest.mark.parametrize("pk", [0, 999_999])
def test_a_field_that_is_not_there_is_not_found(signed_in: Any, kei: User, pk: int) -> None:
    client = signed_in(kei)

    assert client.get(reverse("leads:custom-field-edit", args=[pk])).status_code == 404
    assert client.post(reverse("leads:custom-field-retire", args=[pk])).status_code == 404


# -- leads ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("fields")
def test_a_submitted_lead_has_the_values_in_their_kinds(signed_in: Any, mai: User) -> None:
    given = {
        "full_name": "A",
        "source": "web",
        "custom.budget": "１，０００．５",
        "custom.size": "large",
        "custom.opted_in": "no",
        "custom.ends_on": "2026-12-31",
        "custom.memo": "",
        "touches-TOTAL_FORMS": "0",
        "touches-INITIAL_FORMS": "0",
    }

    signed_in(mai).post(reverse("handoff:submit"), given)

    assert Lead.objects.get().custom == {"budget": 1000.5, "size": "large", "opted_in": False, "ends_on": "2026-12-31"}


@pytest.mark.usefixtures("fields")
def test_people_are_asked_for_a_required_field_with_a_new_lead_and_not_with_an_old_one(
    signed_in: Any, mai: User, api: Any
) -> None:
    CustomField.objects.filter(key="budget").update(is_required=True)
    given = {"full_name": "A", "source": "web", "touches-TOTAL_FORMS": "0", "touches-INITIAL_FORMS": "0"}

    page = signed_in(mai).post(reverse("handoff:submit"), given)
    assert page.status_code == 422
    assert "Fill in “Budget”." in page.content.decode()

    assert api(mai).post("/api/v1/leads/", {"full_name": "B"}, format="json").status_code == 201
    lead = Lead.objects.get()
    changes = {"full_name": "C", "seen": lead.updated_at.isoformat()}
    assert signed_in(mai).post(reverse("leads:edit", args=[lead.pk]), changes).status_code == 302


@pytest.mark.usefixtures("fields")
def test_the_form_shows_what_is_known_and_clears_what_is_emptied(signed_in: Any, mai: User) -> None:
    lead = factories.lead(custom={"budget": 99.5, "size": "small", "opted_in": True, "Old CRM id": "7"})
    client, address = signed_in(mai), reverse("leads:edit", args=[lead.pk])
    form = client.get(address).context["form"]
    shown = {bound.name: bound.value() for bound in form.custom_inputs}
    assert (shown["custom.budget"], shown["custom.size"], shown["custom.opted_in"]) == ("99.5", "small", "yes")

    client.post(
        address,
        {"full_name": "A", "seen": lead.updated_at.isoformat(), **shown, "custom.size": "", "custom.budget": "5"},
    )

    lead.refresh_from_db()
    assert lead.custom == {"budget": 5, "opted_in": True, "Old CRM id": "7"}


@pytest.mark.usefixtures("fields")
def test_a_wrong_value_is_said_beside_its_input(signed_in: Any, mai: User) -> None:
    lead = factories.lead()

    page = signed_in(mai).post(
        reverse("leads:edit", args=[lead.pk]),
        {"full_name": "A", "seen": lead.updated_at.isoformat(), "custom.budget": "lots", "custom.ends_on": "soon"},
    )

    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"custom.budget", "custom.ends_on"}


@pytest.mark.usefixtures("fields")
def test_a_conflict_offers_both_values_in_words(signed_in: Any, mai: User, aoi: User) -> None:
    lead = factories.lead(custom={"size": "small"})
    seen = lead.updated_at.isoformat()
    update_lead(lead_id=lead.pk, facts={"custom": {"size": "large"}}, seen=None, actor=aoi, now=timezone.now())
    sent = {"full_name": lead.full_name, "email": lead.email, "seen": seen, "custom.size": ""}
    client, address = signed_in(mai), reverse("leads:edit", args=[lead.pk])

    clash = client.post(address, sent)
    assert clash.status_code == 409
    assert 'name="keep-custom.size"' in clash.content.decode()
    assert "Large" in clash.content.decode()

    client.post(address, sent | {"seen": clash.context["form"]["seen"].value(), "keep-custom.size": "theirs"})
    lead.refresh_from_db()
    assert lead.custom == {"size": "large"}


@pytest.mark.usefixtures("fields")
def test_the_page_of_a_lead_names_the_fields_in_words_and_what_a_file_left_after_them(
    signed_in: Any, mai: User
) -> None:
    CustomField.objects.filter(key="memo").update(retired_at=timezone.now(), label_en=HOSTILE)
    lead = factories.lead(
        custom={"Old CRM id": "7", "memo": HOSTILE, "size": "large", "opted_in": False, "budget": "?"}
    )

    page = signed_in(mai).get(reverse("leads:detail", args=[lead.pk]))

    facts = [(fact.name, fact.value) for fact in page.context["facts"]][-5:]
    assert facts == [
        (HOSTILE, HOSTILE),
        ("Budget", "?"),
        ("Size", "Large"),
        ("Opted in", "no"),
        ("Old CRM id", "7"),
    ]
    assert HOSTILE not in page.content.decode()


@pytest.mark.usefixtures("fields")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("custom.budget.from=100", {"B", "C"}),
        ("custom.budget.from=1００&custom.budget.to=1,000", {"B"}),
        ("custom.size=small", {"A"}),
        ("custom.opted_in=true", {"B"}),
        ("custom.opted_in=false", {"A"}),
        ("custom.memo=WEB", {"C"}),
        ("custom.ends_on.from=2026-12-31&custom.ends_on.to=2026-12-31", {"A"}),
        ("custom.nobody=1", {"A", "B", "C"}),
    ],
)
def test_the_list_and_the_api_are_narrowed_by_fields(
    signed_in: Any, api: Any, mai: User, query: str, found: set[str]
) -> None:
    CustomField.objects.update(is_in_list=True)
    factories.lead(full_name="A", custom={"budget": 5, "size": "small", "opted_in": False, "ends_on": "2026-12-31"})
    factories.lead(full_name="B", custom={"budget": 100, "opted_in": True})
    factories.lead(full_name="C", custom={"budget": 10**6, "memo": "ｗｅｂ"})

    page = signed_in(mai).get(f"{reverse('leads:list')}?{query}")
    answer = api(mai).get(f"/api/v1/leads/?{query}")
    file = signed_in(mai).get(f"{reverse('leads:export', args=['csv'])}?{query}")
    rows = csv.DictReader(io.StringIO(b"".join(file).decode("utf-8-sig")))

    assert {row["Name"] for row in rows} == found
    assert {lead.full_name for lead in page.context["page"]} == found
    assert {lead["full_name"] for lead in answer.json()["results"]} == found


@pytest.mark.usefixtures("fields")
def test_a_filter_that_cannot_be_read_is_refused_by_the_api_with_its_name(api: Any, mai: User) -> None:
    answer = api(mai).get("/api/v1/leads/?custom.budget.from=lots")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == "custom.budget.from"


@pytest.mark.usefixtures("fields")
def test_the_list_shows_only_the_chosen_fields(signed_in: Any, mai: User) -> None:
    CustomField.objects.filter(key="size").update(is_in_list=True)
    factories.lead(custom={"size": "large", "memo": "only on its page"})

    page = signed_in(mai).get(reverse("leads:list")).content.decode()

    assert "Large" in page
    assert "only on its page" not in page


@pytest.mark.usefixtures("fields")
@pytest.mark.parametrize(("key", "value"), [("budget", "5"), ("size", "middle"), ("opted_in", 1), ("ends_on", "soon")])
def test_the_api_refuses_a_wrong_value_with_its_path(api: Any, mai: User, key: str, value: Any) -> None:
    lead = factories.lead()
    client = api(mai)
    answers = [
        client.post("/api/v1/leads/", {"full_name": "A", "custom": {key: value}}, format="json"),
        client.patch(f"/api/v1/leads/{lead.pk}/", {"custom": {key: value}}, format="json"),
    ]
    batch = client.post("/api/v1/leads/batch/", {"items": [{"full_name": "A", "custom": {key: value}}]}, format="json")

    assert [answer.status_code for answer in answers] == [400, 400]
    refusals = [answer.json()["errors"][0] for answer in answers] + batch.json()["results"][0]["errors"]
    assert {refusal["attr"] for refusal in refusals} == {f"custom.{key}"}


@pytest.mark.usefixtures("fields")
def test_the_api_takes_tells_and_changes_values(api: Any, mai: User) -> None:
    client = api(mai)
    made = client.post("/api/v1/leads/", {"full_name": "A", "custom": {"budget": 5.0, "x": "y"}}, format="json").json()
    assert made["lead"]["custom"] == {"budget": 5, "x": "y"}

    address = f"/api/v1/leads/{made['lead']['id']}/"
    changed = client.patch(address, {"custom": {"budget": None, "size": "large"}}, format="json").json()

    assert changed["custom"] == {"size": "large", "x": "y"}


@pytest.mark.usefixtures("fields")
def test_the_api_tells_which_fields_there_are(api: Any, mai: User) -> None:
    CustomField.objects.filter(key="memo").update(retired_at=timezone.now())

    told = api(mai).get("/api/v1/custom-fields/").json()

    assert [(field["key"], field["kind"], field["is_retired"]) for field in told][:2] == [
        ("memo", "text", True),
        ("budget", "number", False),
    ]
    assert told[3]["choices"][0] == {"value": "small", "ja": "Small", "en": "Small"}


# -- the definition builder -----------------------------------------------------------------------------


@pytest.mark.usefixtures("fields")
@pytest.mark.parametrize(
    ("field", "op", "value", "kept"),
    [
        ("custom.size", "is", "large", "large"),
        ("custom.size", "in", "Small、large", ["small", "large"]),
        ("custom.budget", "at_least", "１，０００．５", 1000.5),
        ("custom.ends_on", "at_most", "2026-12-31", "2026-12-31"),
        ("custom.ends_on", "next_days", "90", 90),
        ("custom.memo", "contains", "ERP", "ERP"),
    ],
)
def test_the_builder_saves_a_test_on_a_field_and_shows_it_again(
    signed_in: Any, aoi: User, now: datetime, field: str, op: str, value: str, kept: Any
) -> None:
    version = steps.draft(aoi, now)
    client, address = signed_in(aoi), reverse("leads:definition-edit", args=[version.number])
    given = {
        "action": "save",
        "threshold": "10",
        "criteria-count": "1",
        "c0-tests-count": "1",
        "c0-kind": "points",
        "c0-points": "10",
        "c0-t0-field": field,
        "c0-t0-op": op,
        "c0-t0-value": value,
    }

    assert client.post(address, given).status_code == 302

    assert version.criteria.get().condition == {"field": field, "op": op, "value": kept}
    builder = client.get(address).context["builder"]
    assert builder.criteria[0].condition is not None
    assert not builder.criteria[0].faults


@pytest.mark.usefixtures("fields")
def test_the_builder_offers_fields_in_use_and_refuses_a_choice_that_is_none(
    signed_in: Any, aoi: User, now: datetime
) -> None:
    CustomField.objects.filter(key="memo").update(retired_at=now)
    version = steps.draft(aoi, now)
    client, address = signed_in(aoi), reverse("leads:definition-edit", args=[version.number])

    page = client.get(address).content.decode()
    assert 'value="custom.size"' in page
    assert 'value="custom.memo"' not in page

    given = {"action": "save", "criteria-count": "1", "c0-tests-count": "1", "c0-t0-field": "custom.size"}
    refused = client.post(address, given | {"c0-t0-op": "in", "c0-t0-value": "small, middle"})
    assert refused.status_code == 422
    assert "Expected one of: Small, Large." in refused.content.decode()
