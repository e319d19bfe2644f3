"""Bringing the past in: nothing lost, nothing doubled, every refusal with its reason."""

from __future__ import annotations

import codecs
import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from leads.models import Deal, DealEvent, ImportJob, Lead, LeadEvent
from leads.rules.stages import Stage
from leads.selectors.timeline import timeline
from leads.services.importing import run_import
from leads.services.leads import ChangedMeanwhile, update_lead
from tests import factories
from tests.real_data import FOLDER, MAVEN_DEALS, OLIST_DEALS, OLIST_LEADS, needs_maven, needs_olist

LEADS = {
    "system": "fair",
    "columns": {
        "id": "external_id",
        "name": "full_name",
        "company": "company",
        "mail": "email",
        "date": {"field": "qualified_at", "format": "%d.%m.%Y"},
    },
    "unmapped": "keep",
}
DEALS = {
    "system": "fair",
    "columns": {"lead": "lead_external_id", "who": "owner", "won": "won_at", "lost": "lost_at", "value": "amount"},
}


def _state() -> list[Any]:
    """Every record as it stands, for "nothing changed"."""
    return [list(model.objects.order_by("pk").values()) for model in (Lead, Deal, LeadEvent, DealEvent)]


def test_a_qualified_row_becomes_history_with_its_events(take: Any) -> None:
    result = take(
        "leads", "id,name,company,mail,date,booth\nA1,田中 花子,株式会社山田,H@Example.COM,03.02.2026,7\n", LEADS
    )

    lead = Lead.objects.get()
    nothing_else = dict.fromkeys(("updated", "unchanged", "matched", "suspected", "refused", "warned"), 0)
    assert result.counts() == {"rows": 1, "created": 1, "qualified": 1} | nothing_else
    assert (lead.full_name, lead.email, lead.stage) == ("田中 花子", "h@example.com", Stage.PAST)
    assert lead.qualified_at == lead.captured_at
    assert lead.qualified_at.isoformat() == "2026-02-02T15:00:00+00:00"  # midnight in the organisation's zone
    assert lead.account.name == "株式会社山田"
    assert lead.custom == {"booth": "7"}
    assert [event.kind for event in lead.events.order_by("pk")] == ["captured", "qualified"]
    assert ImportJob.objects.get().counts["created"] == 1


def test_a_row_without_a_date_of_qualification_is_judged_like_a_lead_of_today(take: Any) -> None:
    factories.version_in_force({"condition": {"field": "company", "op": "contains", "value": "山田"}, "points": 10})

    take("leads", "id,name,company,mail,date\nA1,a,山田製作所,,\nA2,b,鈴木,,\n", LEADS)

    stages = dict(Lead.objects.values_list("external_id", "stage"))
    assert stages == {"A1": Stage.QUALIFIED, "A2": Stage.CAPTURED}
    assert Lead.objects.get(external_id="A1").verdict.is_qualified


def test_the_same_file_twice_changes_nothing(take: Any) -> None:
    leads = "id,name,company,mail,date\nA1,a,K.K. One,a@one.example,01.01.2026\nA2,b,Two,nonsense,\n"
    deals = 'lead,who,won,lost,value\nA1,Ken Sato,2026-02-01,,"1,200"\n,Ken Sato,,2026-02-02,5\n'
    take("leads", leads, LEADS)
    take("deals", deals, DEALS)
    before = _state()

    again = [take("leads", leads, LEADS), take("deals", deals, DEALS)]

    assert _state() == before
    assert [(r.created, r.updated, r.unchanged) for r in again] == [(0, 0, 2), (0, 0, 2)]


def test_a_corrected_file_updates_and_the_timeline_says_what_was_there(take: Any) -> None:
    take("leads", "id,name,company,mail,date\nA1,Jhon,One,j@one.example,\n", LEADS)

    result = take("leads", "id,name,company,mail,date\nA1,John,Two,j@two.example,\n", LEADS)

    assert result.updated == 1
    changes = LeadEvent.objects.get(kind="updated").data["changes"]
    assert changes == {
        "full_name": ["Jhon", "John"],
        "company_name": ["One", "Two"],
        "email": ["j@one.example", "j@two.example"],
    }  # what follows from these (account, domain) is not said again
    assert "Name: Jhon → John" in timeline(Lead.objects.get(), kind="changes")[0].text


def test_a_form_that_was_open_during_an_import_is_told(take: Any, mai: User, now: datetime) -> None:
    take("leads", "id,name,company,mail,date\nA1,Jhon,,,\n", LEADS)
    opened = Lead.objects.get()
    later = now + timedelta(minutes=5)
    raw = b"id,name,company,mail,date\nA1,John,,,\n"
    run_import(kind="leads", file=io.BytesIO(raw), file_name="f.csv", mapping=LEADS, actor=mai, now=later)

    with pytest.raises(ChangedMeanwhile):
        update_lead(
            lead_id=opened.pk,
            facts={"full_name": "Jack"},
            seen=opened.updated_at,
            actor=mai,
            now=later + timedelta(minutes=1),
        )

    assert Lead.objects.get().full_name == "John"


def test_a_deal_that_a_later_file_corrects_says_what_was_there(take: Any) -> None:
    mapping = DEALS | {"columns": DEALS["columns"] | {"no": "external_id"}}
    take("deals", "no,lead,who,won,lost,value\nD1,,,2026-02-01,,10\n", mapping)

    take("deals", "no,lead,who,won,lost,value\nD1,,,2026-02-01,,12\n", mapping)

    assert DealEvent.objects.get(kind="changed").data["changes"] == {"amount": ["10.00", "12.00"]}


def test_a_blank_in_a_later_file_erases_nothing(take: Any) -> None:
    take("leads", "id,name,company,mail,date\nA1,John,One,j@one.example,\n", LEADS)

    result = take("leads", "id,name,company,mail,date\nA1,,,,\n", LEADS)

    assert result.unchanged == 1
    assert Lead.objects.get().full_name == "John"


def test_a_dry_run_says_the_same_and_changes_nothing(take: Any) -> None:
    text = "id,name,company,mail,date\nA1,a,One,,01.01.2026\nA2,b,Two,,31.02.2026\n"

    dry = take("leads", text, LEADS, dry_run=True)

    assert (dry.created, len(dry.refused)) == (1, 1)
    assert not Lead.objects.exists()
    assert not ImportJob.objects.exists()
    assert take("leads", text, LEADS).counts() == dry.counts()


def test_refused_rows_keep_their_cells_and_the_others_are_taken(take: Any) -> None:
    text = (
        "id,name,company,mail,date\n"
        "A1,good,,,01.01.2026\n"
        "A2,bad date,,,2026-01-01\n"
        "A1,twice,,,\n"
        "A3,ragged,,,,,,\n"
        "A4,tomorrow,,,01.01.2030\n"
        f"A5,{'x' * 201},,,\n"
        "A6,a\x00b,,,\n"
    )

    result = take("leads", text, LEADS)

    assert [lead.full_name for lead in Lead.objects.all()] == ["good"]
    assert {remark.row: remark.code for remark, _cells in result.refused} == {
        3: "unreadable_cell",
        4: "id_twice",
        5: "ragged_row",
        6: "in_the_future",
        7: "too_long",
        8: "unstorable",
    }
    assert result.created + result.unchanged + len(result.refused) == result.rows
    errors = result.errors_csv(reason_header="Reason").decode("utf-8-sig")
    header, first, *_others = csv.reader(io.StringIO(errors, newline=""))
    assert header == ["Reason", "id", "name", "company", "mail", "date"]
    assert first[1:] == ["A2", "bad date", "", "", "2026-01-01"]


def test_an_unreadable_address_is_kept_beside_the_lead_with_a_warning(take: Any) -> None:
    result = take("leads", "id,name,company,mail,date\nA1,a,,not an address,\n", LEADS)

    lead = Lead.objects.get()
    assert (lead.email, lead.custom) == ("", {"email": "not an address"})
    assert "unreadable_email" in [remark.code for remark in result.warnings]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ([], "columns"),
        ({"system": "x", "columns": {}}, "columns"),
        ({"columns": {"id": "external_id"}}, "system"),
        ({"system": "x", "columns": {"id": "password"}}, "columns.id"),
        ({"system": "x", "columns": {"id": "external_id", "name": "external_id"}}, "columns.id"),
        ({"system": "x", "columns": {"id": "external_id"}, "unmapped": "eat"}, "unmapped"),
        ({"system": "x", "columns": {"id": "external_id"}, "colour": 1}, "colour"),
        ({"system": "x", "columns": {"nowhere": "external_id"}}, "nowhere"),
        ({"system": "x", "columns": {"id": {"field": "captured_at", "format": 3}}}, "columns.id.format"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place_before_any_row(take: Any, mapping: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        take("leads", "id,name\n1,a\n", mapping)

    assert refusal.value.field == field
    assert not Lead.objects.exists()


def test_bytes_that_fit_no_encoding_are_refused_with_the_place(take: Any) -> None:
    with pytest.raises(InvalidInput, match="Line 3"):
        take("leads", b"id,name\nA1,ok\nA2,\x85\xff\n", LEADS | {"columns": {"id": "external_id", "name": "full_name"}})


@pytest.mark.parametrize(
    "raw",
    [
        "id,name\nA1,髙橋 一郎\n".encode("cp932"),
        codecs.BOM_UTF8 + "id,name\nA1,髙橋 一郎\n".encode(),
        "id\tname\nA1\t髙橋 一郎\n".encode("utf-16"),
    ],
    ids=["cp932", "utf-8 with BOM", "utf-16 with tabs"],
)
def test_japanese_files_are_read_as_they_come(take: Any, raw: bytes) -> None:
    take("leads", raw, LEADS | {"columns": {"id": "external_id", "name": "full_name"}})

    assert Lead.objects.get().full_name == "髙橋 一郎"


def test_deals_move_their_leads_and_unknown_owners_wait_to_be_matched(take: Any, ren: User) -> None:
    take("leads", "id,name,company,mail,date\nA1,a,,,01.01.2026\nA2,b,,,01.01.2026\n", LEADS)

    result = take("deals", "lead,who,won,lost,value\nA1,Ren,2026-02-01,,10\nA2,Ken Sato,,,\n,Ken Sato,,,7\n", DEALS)

    won = Deal.objects.get(lead__external_id="A1")
    ken = User.objects.get(full_name="Ken Sato")
    assert result.created == 3
    assert (won.owner, won.amount) == (ren, 10)
    assert (ken.is_active, ken.email) == (False, None)
    assert dict(Lead.objects.values_list("external_id", "stage")) == {"A1": Stage.CUSTOMER, "A2": Stage.WITH_SALES}
    assert [event.kind for event in won.events.order_by("pk")] == ["won"]


def test_odd_deals_are_taken_with_a_warning_and_impossible_ones_refused(take: Any) -> None:
    take("leads", "id,name,company,mail,date\nA1,a,,,10.01.2026\n", LEADS)

    text = "lead,who,won,lost,value\nA1,,2026-01-08,,1\nA9,,2026-01-08,,1\nA1,,2026-01-08,2026-01-09,1\nA1,,,,-5\n"
    result = take("deals", text, DEALS)

    assert [(remark.row, remark.code) for remark in result.warnings] == [(2, "won_before_qualified")]
    assert {remark.row: remark.code for remark, _c in result.refused} == {
        3: "no_such_lead",
        4: "won_and_lost",
        5: "unreadable_cell",
    }


def test_a_sales_rep_may_not_import(take: Any, ren: User) -> None:
    with pytest.raises(NotAllowed):
        take("leads", "id,name,company,mail,date\nA1,a,,,\n", LEADS, actor=ren)

    assert not Lead.objects.exists()


@pytest.fixture
def olist(aoi: User, tmp_path: Path) -> Any:
    """Run the command on one of the Olist files."""

    def run(kind: str, folder: Path, name: str, mapping: dict[str, Any]) -> dict[str, Any]:
        mapping_file = tmp_path / "mapping.json"
        mapping_file.write_text(json.dumps(mapping))
        output = (tmp_path / "out.json").open("w+")
        call_command(
            "import_records", kind, folder / name, mapping=mapping_file, email=aoi.email, json=True,
            errors=tmp_path / "errors.csv", stdout=output,
        )  # fmt: skip
        output.seek(0)
        return json.load(output)

    return run


@needs_olist
def test_olist_comes_in_whole_and_its_one_odd_deal_is_listed(olist: Any) -> None:
    leads = olist("leads", FOLDER / "olist", "mql.csv", OLIST_LEADS)
    deals = olist("deals", FOLDER / "olist", "closed_deals.csv", OLIST_DEALS)

    assert (leads["created"], leads["refused"], leads["warned"]) == (8000, 0, 0)
    assert (deals["created"], deals["refused"]) == (842, 0)
    odd = [warning["code"] for warning in deals["warnings"] if warning["code"] != "new_owner"]
    assert odd == ["won_before_qualified"]
    assert Lead.objects.filter(source="").count() == 60


@needs_olist
def test_olist_after_excel_is_the_same_history(olist: Any) -> None:
    folder = FOLDER / "olist" / "excel-roundtrip"
    names = sorted(path.name for path in folder.glob("*.csv"))
    leads = json.loads(json.dumps(OLIST_LEADS).replace("%Y-%m-%d", "%d-%m-%Y"))
    deals = json.loads(json.dumps(OLIST_DEALS).replace("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M"))
    olist("leads", FOLDER / "olist", "mql.csv", OLIST_LEADS)
    olist("deals", FOLDER / "olist", "closed_deals.csv", OLIST_DEALS)

    again = olist("leads", folder, next(name for name in names if "qualified" in name or "mql" in name), leads)
    deals_name = next(name for name in names if "deals" in name)
    deals_again = olist("deals", folder, deals_name, deals | {"unmapped": "drop"})
    with_garbled = olist("deals", folder, deals_name, deals)

    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 8000)
    assert (deals_again["created"], deals_again["updated"], deals_again["unchanged"]) == (0, 0, 842)
    changed = [set(event.data["changes"]) for event in DealEvent.objects.filter(kind="changed")]
    assert (with_garbled["updated"], changed) == (32, [{"custom.average_stock"}] * 32)  # 1-5 has become 01-May
    days = {(deal.won_at - deal.lead.qualified_at).days for deal in Deal.objects.select_related("lead")}
    assert min(days) == -2


@needs_maven
def test_maven_pipeline_comes_in_with_its_two_ends(take: Any) -> None:
    raw = (FOLDER / "maven" / "sales_pipeline.csv").read_bytes()

    result = take("deals", raw, MAVEN_DEALS)

    assert (result.created, len(result.refused)) == (8800, 0)
    assert Deal.objects.filter(won_at__isnull=False).count() == 4238
    assert Deal.objects.filter(lost_at__isnull=False).count() == 6711 - 4238
    assert User.objects.filter(is_active=False).count() == 30


def test_the_command_says_what_rows_without_ids_become(aoi: User, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"system": "fair", "columns": {"name": "full_name"}}))
    (tmp_path / "x.csv").write_text("name\nJohn\n")
    out = io.StringIO()

    call_command(
        "import_records", "leads", tmp_path / "x.csv", mapping=tmp_path / "m.json", email=aoi.email, stdout=out
    )

    assert "becomes a new record" in out.getvalue()


def test_the_command_lets_no_rep_bring_records(ren: User, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"system": "fair", "columns": {"no": "external_id"}}))
    (tmp_path / "x.csv").write_text("no\n1\n")

    with pytest.raises(CommandError):
        call_command("import_records", "leads", tmp_path / "x.csv", mapping=tmp_path / "m.json", email=ren.email)

    assert not Lead.objects.exists()


def test_the_command_refuses_an_unknown_person(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no active person"):
        call_command(
            "import_records", "leads", tmp_path / "x.csv", mapping=tmp_path / "m.json", email="no@body.example"
        )


def test_a_note_of_several_lines_is_taken_as_it_stands(take: Any) -> None:
    mapping = {"system": "crm", "columns": {"id": "external_id", "name": "full_name", "note": "note"}}

    take("leads", 'id,name,note\nA1,Aki,"first\nsecond"\nA2,Ben,"first\rsecond"\n', mapping)

    notes = Lead.objects.order_by("external_id").values_list("note", flat=True)
    assert [note.splitlines() for note in notes] == [["first", "second"]] * 2


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "01.02.2026", "31.02.2026", "a@b.example", "=1+1", "株式会社山田"]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.lists(cells, min_size=1, max_size=6), max_size=6))
def test_whatever_stands_in_a_file_every_row_is_accounted_for_and_the_second_time_changes_nothing(
    take: Any, table: list[list[str]]
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["id", "name", "company", "mail", "date"], *table])
    system = f"run{ImportJob.objects.count()}"  # leads cannot be deleted: each example has its own
    mapping = LEADS | {"system": system, "delimiter": ","}  # other separators may stand in more rows

    first = take("leads", out.getvalue(), mapping)
    before = _state()
    again = take("leads", out.getvalue(), mapping)

    filled = [row for row in table if any(cell.strip() for cell in row)]
    assert first.rows == len(filled)
    assert first.updated + first.unchanged == first.matched  # an address that an earlier example had
    assert first.created + first.matched + len(first.refused) == first.rows
    for lead in Lead.objects.filter(source_system=mapping["system"]):
        given_id = not lead.external_id.startswith("row-")
        assert given_id or lead.full_name or lead.email or lead.company_name or lead.custom.get("email")
    assert Lead.objects.filter(source_system=mapping["system"]).count() == first.created
    assert (again.created, again.updated) == (0, 0)
    assert _state() == before
