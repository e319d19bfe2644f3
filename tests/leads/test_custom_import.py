"""Columns of a file that are custom fields: proposed, read in the forms that people write, kept in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from leads.models import CustomField, ImportedRow, Lead
from leads.rules import columns
from leads.selectors.custom_fields import known
from leads.services.leads import update_lead
from tests import factories

FIELDS = ("memo", "budget", "ends_on", "size", "opted_in")
MAPPING = {
    "system": "fair",
    "columns": {
        "id": "external_id",
        "予算": "custom.budget",
        "規模": "custom.size",
        "期限": {"field": "custom.ends_on", "format": "Y/M/D"},
        "許可": "custom.opted_in",
        "メモ": "custom.memo",
    },
}
HEADER = "id,予算,規模,期限,許可,メモ\n"


@pytest.fixture(autouse=True)
def fields(db: None) -> None:
    factories.custom_field("memo", "text")
    factories.custom_field("budget", "number", label_ja="年間予算")
    factories.custom_field("ends_on", "date", label_ja="契約終了日")
    small_and_large = [{"value": "small", "ja": "小", "en": "Small"}, {"value": "large", "ja": "大", "en": "Large"}]
    CustomField.objects.filter(pk=factories.custom_field("size", "choice").pk).update(choices=small_and_large)
    factories.custom_field("opted_in", "yes_no")


def custom(external_id: str) -> dict[str, Any]:
    return Lead.objects.get(external_id=external_id).custom


def test_values_are_read_as_people_write_them_and_kept_in_one_form(take: Any) -> None:
    result = take(
        "leads",
        HEADER
        + 'A1,"１，２００，０００",大,2026/12/31,はい,　山田様 \n'
        + 'A2,"1,234.5",small,2027/1/5,NO,\n'
        + "A3,-5,ＬＡＲＧＥ,,○,x\n"
        + "A4,,,,×,\n",
        MAPPING,
    )

    assert (result.created, result.refused) == (4, [])
    assert custom("A1") == {
        "budget": 1_200_000,
        "size": "large",
        "ends_on": "2026-12-31",
        "opted_in": True,
        "memo": "山田様",
    }
    assert custom("A2") == {"budget": 1234.5, "size": "small", "ends_on": "2027-01-05", "opted_in": False}
    assert custom("A3") == {"budget": -5, "size": "large", "opted_in": True, "memo": "x"}
    assert custom("A4") == {"opted_in": False}


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("A1,about 3M,,,,", "about 3M"),
        ("A1,1.234.567,,,,", "1.234.567"),
        ("A1,,中,,,", "中"),
        ("A1,,,12/31/2026,,", "12/31/2026"),
        ("A1,,,,maybe,", "maybe"),
        ("A1,9999999999999,,,,", "9999999999999"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_alone_and_says_column_and_value(take: Any, row: str, value: str) -> None:
    result = take("leads", f"{HEADER}{row}\nA2,5,,,,\n", MAPPING)

    ((remark, _cells),) = result.refused
    assert (remark.row, remark.code) == (2, "unreadable_cell")
    assert f"“{value}”" in remark.message
    assert custom("A2") == {"budget": 5}


def test_the_same_file_again_changes_nothing_and_a_later_one_only_what_nobody_changed_here(
    take: Any, mai: User, now: datetime
) -> None:
    take("leads", HEADER + "A1,100,大,,はい,\n", MAPPING)
    assert take("leads", HEADER + "A1,100.0,Large,,yes,\n", MAPPING).unchanged == 1

    Lead.objects.update(full_name="A")
    lead = Lead.objects.get(external_id="A1")
    update_lead(lead_id=lead.pk, facts={"custom": {"budget": 300}}, seen=None, actor=mai, now=now)
    result = take("leads", HEADER + "A1,200,小,,いいえ,\n", MAPPING)

    assert custom("A1") == {"budget": 300, "size": "small", "opted_in": False}
    assert [remark.code for remark in result.warnings] == ["changed_here"]
    assert ImportedRow.objects.get(external_id="A1").facts["custom.size"] == "small"


def test_a_column_that_is_kept_beside_never_stands_where_a_field_is(take: Any) -> None:
    mapping = {"system": "fair", "columns": {"id": "external_id"}, "unmapped": "keep"}

    take("leads", "id,budget,color\nA1,about 3M,red\n", mapping)

    assert custom("A1") == {"budget (2)": "about 3M", "color": "red"}


@pytest.mark.parametrize(
    ("field", "kind"), [("custom.nobody", "leads"), ("custom.budget", "deals"), ("custom.budget'--", "leads")]
)
def test_a_field_that_is_not_known_or_not_of_leads_is_refused(take: Any, field: str, kind: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        take(kind, "a\n1\n", {"system": "fair", "columns": {"a": field}})

    assert refusal.value.field == "columns.a"


def test_a_mapping_that_was_saved_goes_on_after_its_field_is_retired(take: Any, now: datetime) -> None:
    CustomField.objects.update(retired_at=now)

    assert take("leads", HEADER + "A1,5,,,,\n", MAPPING).created == 1


def test_columns_are_proposed_by_key_by_either_name_and_by_choices() -> None:
    headers = ["budget", "契約終了日", "Opted in", "会社規模", "会社名", "custom.memo"]
    rows = [["1", "2026/12/31", "yes", "大", "Acme", "x"], ["2", "2026/12/30", "no", "小", "Emca", "y"]]

    found = columns.propose(headers, rows, kind="leads", custom=known().offered)

    assert [proposal.field for proposal in found] == [
        "custom.budget",
        "custom.ends_on",
        "custom.opted_in",
        "custom.size",
        "company",
        "custom.memo",
    ]
    assert found[1].form == "Y/M/D"


def test_a_retired_field_is_not_proposed(now: datetime) -> None:
    CustomField.objects.update(retired_at=now)

    (found,) = columns.propose(["budget"], [["1"]], kind="leads", custom=known().offered)

    assert found.field == ""


def test_a_part_is_refused_where_a_field_was_changed_since_the_file_was_opened(
    take: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leads.services.importing import engine

    opened = engine.opened

    def changed_meanwhile(*args: Any, **kwargs: Any) -> Any:
        CustomField.objects.filter(key="budget").update(kind="text")
        return opened(*args, **kwargs)

    monkeypatch.setattr(
        engine, "opened", changed_meanwhile
    )  # the moment between reading the mapping and the first part
    with pytest.raises(InvalidInput, match="was changed while the file was taken"):
        take("leads", HEADER + "A1,5,,,,\n", MAPPING)

    assert not Lead.objects.exists()
