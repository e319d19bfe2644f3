"""What a file and its mapping may look like, and what is said where they cannot be read."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from leads.models import Account, Campaign, Deal, Lead
from leads.services.importing import ImportResult
from tests import factories

LEADS = {
    "system": "fair",
    "columns": {"id": "external_id", "name": "full_name", "company": "company", "mail": "email", "seen": "captured_at"},
    "unmapped": "keep",
}
DEALS = {
    "system": "fair",
    "columns": {"no": "external_id", "who": "owner", "opened": "opened_at", "won": "won_at", "value": "amount"},
}


def refusals(result: ImportResult) -> dict[int, str]:
    return {remark.row: remark.code for remark, _cells in result.refused}


def columns(*names: str, **fields: Any) -> dict[str, Any]:
    """A mapping in which every column has the name of its field."""
    return {"system": "fair", "columns": {name: name for name in names} | fields, "unmapped": "keep"}


def test_blank_rows_are_no_leads_and_the_others_keep_their_numbers(take: Any) -> None:
    result = take("leads", "\n\nid,name,company,mail,seen\n,,,,\n\nA1,a,,,\n ,\u3000,,,\nA2,b,,,31.12.2025\n", LEADS)

    assert (result.rows, result.created) == (2, 1)
    assert refusals(result) == {8: "unreadable_cell"}
    assert result.errors_csv(reason_header="Reason").decode("utf-8-sig").splitlines()[1].startswith('"8: ')


def test_a_row_that_names_nobody_is_refused(take: Any) -> None:
    result = take(
        "leads", "id,name,company,mail,seen,booth\n,,,,2026-01-01,7\nA1,,,,,\n,,One,,,\n,,,x@one.example,,\n", LEADS
    )

    assert refusals(result) == {2: "nobody"}
    assert result.created == 3


def test_a_row_that_says_nothing_of_a_deal_is_refused(take: Any) -> None:
    result = take("deals", "no,who,opened,won,value,colour\n,,,,,blue\n,,,,5,blue\nD1,,,,,\n", DEALS)

    assert refusals(result) == {2: "nothing"}
    assert result.created == 2


def test_an_empty_column_at_the_end_is_no_column(take: Any) -> None:
    result = take("leads", "id,name,company,mail,seen,,\nA1,a,,,,,\nA2,b,,,\nA3,c,,,,,\nA4,d,,,,,x\n", LEADS)

    assert result.headers == ["id", "name", "company", "mail", "seen"]
    assert result.created == 3
    assert refusals(result) == {5: "ragged_row"}


def test_two_unmapped_columns_of_one_name_are_both_kept(take: Any) -> None:
    take("leads", "id,name,company,mail,seen,note,note,\nA1,a,,,,first,second,\n", LEADS)

    assert Lead.objects.get().custom == {"note": "first", "note (2)": "second"}


def test_what_a_file_says_of_a_company_fills_its_blanks(take: Any) -> None:
    factories.account("Two", name_key="two", industry="Toys")
    mapping = columns("external_id", "company", "industry", "prefecture", "employees")

    result = take(
        "leads",
        "external_id,company,industry,prefecture,employees\n"
        'A1,One,Steel,大阪府,"1,200"\nA2,Two,Books,東京都,30\nA3,One,Paper,,\nA4,,Glass,,\n',
        mapping,
    )

    facts = Account.objects.order_by("name").values_list("name", "industry", "prefecture", "employee_count")
    assert result.created == 4
    assert list(facts) == [("One", "Steel", "大阪府", 1200), ("Two", "Toys", "東京都", 30)]
    assert Lead.objects.get(external_id="A4").custom == {"industry": "Glass"}  # a lead of no company


def test_a_lead_is_judged_with_what_the_file_says_of_its_company(take: Any) -> None:
    factories.version_in_force({"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 10})
    take("leads", "external_id,company\nA1,One\n", columns("external_id", "company"))

    again = take("leads", "external_id,company,employees\nA1,One,500\n", columns("external_id", "company", "employees"))

    assert Lead.objects.get().stage == "qualified"
    assert (again.updated, again.unchanged) == (1, 0)


def test_the_other_leads_of_a_company_are_judged_with_what_the_file_says_of_it(take: Any) -> None:
    factories.version_in_force({"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 10})
    take("leads", "external_id,company\nA1,One\n", columns("external_id", "company") | {"system": "other"})

    take("leads", "external_id,company,employees\nB1,One,500\n", columns("external_id", "company", "employees"))

    assert set(Lead.objects.values_list("stage", flat=True)) == {"qualified"}


def test_a_moment_with_its_zone_is_read_as_the_mapping_says(take: Any) -> None:
    mapping = columns(id="external_id", seen={"field": "captured_at", "format": "%Y-%m-%dT%H:%M:%S%z"})

    take("leads", "id,seen\nA1,2026-01-05T10:00:00+0000\n", mapping)

    assert Lead.objects.get().captured_at.isoformat() == "2026-01-05T10:00:00+00:00"


def test_a_header_that_cannot_be_stored_is_refused(take: Any) -> None:
    with pytest.raises(InvalidInput):
        take("leads", "id,name,company,mail,seen,a\x00b\nA1,a,,,,7\n", LEADS)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1200", "1200"),
        ('"1,234,567.89"', "1234567.89"),
        ("¥ 1 200", "1200"),
        ("１２００円", "1200"),
        ("100.005", "100.01"),
        ("1E+3", "1000"),
    ],
)
def test_amounts_are_read_as_people_write_them(take: Any, cell: str, amount: str) -> None:
    text = f"no,who,opened,won,value\nD1,,,,{cell}\n"

    take("deals", text, DEALS)

    assert Deal.objects.get().amount == Decimal(amount)
    assert take("deals", text, DEALS).unchanged == 1


@pytest.mark.parametrize(
    "cell", ["1.234,56", "1234,56", "1,23", "12,345,6", "99999999999999.999", "1E+20", "-1", "nan"]
)
def test_an_amount_that_could_mean_two_things_is_refused(take: Any, cell: str) -> None:
    result = take("deals", f'no,who,opened,won,value\nD1,,,,"{cell}"\nD2,,,,1\n', DEALS)

    assert refusals(result) == {2: "unreadable_cell"}
    assert result.created == 1
    assert cell in result.refused[0][0].message
    assert "1,234.56" in result.refused[0][0].message


@pytest.mark.parametrize("value", ["0001-01-01", "1969-12-31", "9999-12-31T23:59:59-12:00", "2226-01-01"])
def test_a_date_that_cannot_be_meant_refuses_its_row_only(take: Any, value: str) -> None:
    leads = take("leads", f"id,name,company,mail,seen\nA1,a,,,{value}\nA2,b,,,\n", LEADS)
    deals = take("deals", f"no,expected\nD1,{value}\nD2,\n", columns(no="external_id", expected="expected_at"))

    assert [refusals(leads), refusals(deals)] == [{2: "unreadable_cell"}] * 2
    assert value in leads.refused[0][0].message
    assert (leads.created, deals.created) == (1, 1)


def test_an_unread_date_says_how_the_mapping_gives_its_form(take: Any) -> None:
    result = take("leads", "id,name,company,mail,seen\nA1,a,,,2026/1/5\n", LEADS)

    assert "2026/1/5" in result.refused[0][0].message
    assert '{"field": "captured_at", "format": "%Y/%m/%d"}' in result.refused[0][0].message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"columns": {"id": {"field": ["external_id"]}}}, "columns.id"),
        ({"columns": {"id": {"field": "captured_at", "fromat": "%Y"}}}, "columns.id.fromat"),
        ({"columns": {"id": [["external_id"]]}}, "columns.id"),
        ({"columns": {"id": []}}, "columns.id"),
        ({"columns": {"id": {"field": "captured_at", "format": "%Q"}}}, "columns.id.format"),
        ({"columns": {"id": {"field": "captured_at", "format": "%Y %Y"}}}, "columns.id.format"),
        ({"delimiter": "||"}, "delimiter"),
        ({"delimiter": 5}, "delimiter"),
        ({"delimiter": '"'}, "delimiter"),
        ({"encoding": ["cp932"]}, "encoding"),
        ({"encoding": "rot13"}, "encoding"),
        ({"sheet": 1}, "sheet"),
        ({"header_row": 0}, "header_row"),
        ({"header_row": True}, "header_row"),
        ({"system": "a\x00b"}, "mapping"),
        ({"columns": {"id": {"field": "captured_at", "format": "%Y\ud800"}}}, "columns.id.format"),
    ],
)
def test_a_mapping_is_refused_with_the_path_of_its_fault(take: Any, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        take("leads", "id,name\n1,a\n", {"system": "x", "columns": {"id": "external_id"}} | change)

    assert refusal.value.field == field


def test_without_ids_a_file_with_one_more_column_brings_nothing_twice(take: Any) -> None:
    mapping = columns(name="full_name", mail="email", seen={"field": "captured_at", "format": "%d.%m.%Y"})
    first = take("leads", "name,mail,seen\na,A@one.example,01.02.2026\na,A@one.example,01.02.2026\n", mapping)

    again = take("leads", "mail,name,seen,booth\na@one.example ,a,1.2.2026,7\n", mapping)

    assert (first.created, again.created, again.updated) == (1, 0, 1)  # the booth is new
    assert "new record" in again.notes[0]
    assert not take("leads", "id,name,company,mail,seen\nA1,a,,,\n", LEADS).notes


def test_refused_rows_leave_nothing_behind(take: Any) -> None:
    mapping = columns("external_id", "company", "campaign", "captured_at")
    take("leads", f"external_id,company,campaign,captured_at\nA1,One,Fair,2030-01-01\nA2,Two,{'x' * 201},\n", mapping)
    no_lead = DEALS | {"columns": DEALS["columns"] | {"lead": "lead_external_id", "account": "account"}}
    take("deals", "no,who,opened,won,value,lead,account\nD1,Ghost,,,,A9,Three\n", no_lead)

    assert not Account.objects.exists()
    assert not Campaign.objects.exists()
    assert not User.objects.filter(is_active=False).exists()


def test_a_campaign_that_is_too_long_is_refused_and_never_cut(take: Any) -> None:
    result = take("leads", f"external_id,campaign\nA1,{'x' * 201}\n", columns("external_id", "campaign"))

    assert refusals(result) == {2: "too_long"}


def test_owners_are_found_by_address_in_any_case_and_by_name_among_sales_people(
    take: Any, ren: User, mai: User
) -> None:
    take("deals", "no,who,opened,won,value\nD1,REN@Example.com,,,\nD2,Ren,,,\nD3,Mai,,,\n", DEALS)

    owners = {deal.external_id: deal.owner for deal in Deal.objects.select_related("owner")}
    assert owners["D1"] == owners["D2"] == ren
    assert owners["D3"] != mai
    assert (owners["D3"].full_name, owners["D3"].is_active) == ("Mai", False)


def test_a_name_that_two_sales_people_share_is_a_warning(take: Any, ren: User) -> None:
    factories.user("other", role="sales_rep", side="sales", full_name="Ren")

    result = take("deals", "no,who,opened,won,value\nD1,Ren,,,\nD2,Ren,,,\n", DEALS)

    assert [(remark.row, remark.code) for remark in result.warnings] == [(2, "ambiguous_owner"), (3, "ambiguous_owner")]
    assert set(Deal.objects.values_list("owner", flat=True)) == {ren.pk}


@pytest.mark.parametrize(
    ("person", "allowed"), [("mai", True), ("aoi", True), ("sora", True), ("kei", True), ("ren", False)]
)
def test_the_past_is_brought_by_marketers_managers_and_admins(
    take: Any, request: pytest.FixtureRequest, person: str, allowed: bool
) -> None:
    actor = request.getfixturevalue(person)

    def may(kind: str, text: str, mapping: dict[str, Any]) -> bool:
        try:
            return bool(take(kind, text, mapping, actor=actor).created)
        except NotAllowed:
            return False

    assert may("leads", "id,name,company,mail,seen\nA1,a,,,\n", LEADS) is allowed
    assert may("deals", "no,who,opened,won,value\nD1,,,2026-01-01,5\n", DEALS) is allowed


def test_the_event_of_the_past_has_the_moment_of_the_past(take: Any, now: datetime) -> None:
    mapping = columns("external_id", "qualified_at")
    take("leads", "external_id,qualified_at\nA1,2018-01-01\nA2,2018-01-01\n", mapping)
    deals = columns(no="external_id", lead="lead_external_id", opened="opened_at", won="won_at")

    take("deals", "no,lead,opened,won\nD1,A1,2018-02-01,2018-03-01\nD2,A2,2018-02-01,\n", deals)

    moments = {lead.external_id: lead.events.get(kind="stage").at.date().isoformat() for lead in Lead.objects.all()}
    assert moments == {"A1": "2018-02-28", "A2": "2018-01-31"}  # midnight in Tokyo


def test_deals_of_which_no_column_names_a_lead_say_so(take: Any) -> None:
    mapping = {"system": "fair", "columns": {"no": "external_id", "who": "owner"}}
    with_leads = {"system": "fair", "columns": mapping["columns"] | {"lead": "lead_external_id"}}

    alone = take("deals", "no,who\nD1,Ann\n", mapping)
    named = take("deals", "no,who,lead\nD2,Ann,\n", with_leads)

    assert alone.notes == ["No column says which lead a deal came of: all of them stand without one."]
    assert named.notes == []


def test_what_all_rows_have_in_common_is_said_once_and_gives_way_to_what_a_row_says(take: Any) -> None:
    mapping = columns("external_id", "full_name", "source") | {
        "otherwise": {"source": "exhibition", "campaign": "Measuring fair 2026"}
    }

    take("leads", "external_id,full_name,source\nA1,Ada,web\nA2,Bea,\n", mapping)

    found = Lead.objects.order_by("external_id").values_list("source", "campaign__name")
    assert list(found) == [("web", "Measuring fair 2026"), ("exhibition", "Measuring fair 2026")]


def test_a_row_without_an_id_is_the_same_whatever_all_rows_have_in_common(take: Any) -> None:
    mapping = columns("full_name", "company")
    take("leads", "full_name,company\nAda,Acme\n", mapping | {"otherwise": {"source": "exhibition"}})

    again = take("leads", "full_name,company\nAda,Acme\n", mapping | {"otherwise": {"campaign": "Fair"}})

    assert (again.created, again.updated) == (0, 1)
    assert Lead.objects.get().campaign.name == "Fair"


@pytest.mark.parametrize(
    ("otherwise", "path"),
    [
        (["source"], "otherwise"),
        ({"email": "a@b.example"}, "otherwise.email"),
        ({"source": " "}, "otherwise.source"),
        ({"source": 7}, "otherwise.source"),
        ({"source": "x" * 101}, "otherwise.source"),
    ],
)
def test_only_some_fields_are_the_same_for_all_rows(take: Any, otherwise: Any, path: str) -> None:
    with pytest.raises(InvalidInput) as fault:
        take("leads", "full_name\nAda\n", columns("full_name") | {"otherwise": otherwise})

    assert fault.value.field == path
    assert not Lead.objects.exists()


def test_a_row_that_leaves_blank_who_it_is_is_taken_by_its_id_with_a_remark(take: Any) -> None:
    named = take("leads", "external_id,full_name\n5,\n6,Bea\n", columns("external_id", "full_name"))
    nameless = take("leads", "external_id,source\nB1,web\n", columns("external_id", "source"))

    assert (named.created, nameless.created) == (2, 1)
    assert [(remark.row, remark.code) for remark in named.warnings if remark.code != "no_date"] == [(2, "nobody_named")]
    assert [remark.code for remark in nameless.warnings] == []


def test_a_lead_tells_where_its_company_is(take: Any) -> None:
    names = ("external_id", "company", "corporate_number", "postal_code", "address")
    text = ",".join(names) + "\nA1,One,T5-8356-7825-6246,〒100 0001,東京都千代田区千代田1-1\nA2,Two,123,1000,\n"

    result = take("leads", text, columns(*names))

    found = Account.objects.order_by("name").values_list("corporate_number", "postal_code", "address")
    assert list(found) == [("5835678256246", "100-0001", "東京都千代田区千代田1-1"), ("", "", "")]
    assert [remark.code for remark in result.warnings] == ["unreadable_corporate_number", "unreadable_postal_code"]
    assert Lead.objects.get(external_id="A2").custom == {"corporate_number": "123", "postal_code": "1000"}
