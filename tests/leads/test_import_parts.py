"""A file is taken part by part: what comes of it does not depend on where one part ends and the next begins."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput
from leads.models import Account, ExternalId, ImportedRow, ImportJob, Lead, LeadEvent, Verdict
from leads.rules import normalise
from leads.services import judging
from leads.services.importing import reading, run_import
from tests import factories

COLUMNS = {
    "id": "external_id",
    "name": "full_name",
    "company": "company",
    "employees": "employees",
    "mail": "email",
    "source": "source",
    "campaign": "campaign",
    "date": "qualified_at",
}
MAPPING = {"system": "parts", "columns": COLUMNS, "unmapped": "keep"}
HEADER = "id,name,company,employees,mail,source,campaign,date,booth\n"
ROWS = [
    "A1,one,Acme Ltd,250,one@acme.example,web,Fair,,7",
    "A2,two,Acme,,two@gmail.com,web,,2026-01-05,",
    "A3,three,Beta,10,three@beta.example,,Fair,,",
    "A1,again,Acme,,,,,,",
    "A4,four,,99,not an address,seminar,,,",
    ",five,Gamma,,five@gamma.example,web,,,",
    ",five,Gamma,,five@gamma.example,web,,,",
    "A5,six,Beta,999,six@beta.example,web,Mail,,9",
]
CRITERIA = (
    {"condition": {"field": "source", "op": "is", "value": "WEB"}, "points": 20},
    {"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 20},
    {"condition": {"field": "campaign", "op": "is_present"}, "points": 5},
    {"condition": {"field": "captured_at", "op": "within_days", "value": 30}, "points": 5},
    {"condition": {"touches": {"at_least": 1}}, "points": 50},
    {"condition": {"field": "is_free_mail", "op": "is_true"}, "kind": "disqualifier"},
)

ODD_NAMES = st.text("aB1._+-'é\"", max_size=70)

pytestmark = pytest.mark.django_db


def state() -> dict[str, Any]:
    """All that an import leaves behind, in words that do not depend on ids."""
    return {
        "leads": list(
            Lead.objects.order_by("pk").values_list(
                "external_id",
                "full_name",
                "email",
                "email_domain",
                "is_free_mail",
                "account__name",
                "campaign__name",
                "stage",
                "captured_at",
                "qualified_at",
                "custom",
                "verdict__points",
                "verdict__answers",
            )
        ),
        "companies": list(Account.objects.order_by("name_key").values_list("name", "employee_count")),
        "events": list(
            LeadEvent.objects.order_by("lead", "pk").values_list("lead__external_id", "kind", "at", "new_stage")
        ),
        "memory": list(ImportedRow.objects.order_by("external_id").values_list("external_id", "facts")),
    }


def known_by_name(found: dict[str, Any]) -> dict[str, Any]:
    """The same without the ids of campaigns, which the parts may make in another order."""
    memory = [(key, {name: v for name, v in facts.items() if name != "campaign_id"}) for key, facts in found["memory"]]
    return found | {"memory": memory}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_parts_of_any_size_leave_the_same(size: int, take: Any, aoi: User, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.version_in_force(*CRITERIA, threshold=40)
    text = HEADER + "\n".join(ROWS) + "\n"
    monkeypatch.setattr(reading, "PART", size)

    result = take("leads", text, MAPPING)

    assert result.counts() | {"warned": 0} == {
        "rows": 8,
        "created": 6,
        "updated": 0,
        "unchanged": 1,
        "matched": 1,
        "suspected": 0,
        "qualified": 2,
        "refused": 1,
        "warned": 0,
    }
    assert [(remark.row, remark.code) for remark, _cells in result.refused] == [(5, "id_twice")]
    assert {lead.external_id for lead in Lead.objects.all()} >= {"A1", "A2", "A3", "A4", "A5"}
    assert Lead.objects.get(full_name="five").external_id[-2:] == "-1"
    assert ExternalId.objects.get(lead__full_name="five").external_id[-2:] == "-2"
    assert dict(Account.objects.values_list("name", "employee_count")) == {"Acme Ltd": 250, "Beta": 10, "Gamma": None}
    assert len(result.notes) == 1
    before = state()

    again = take("leads", text, MAPPING)

    assert again.counts()["unchanged"] == 7
    assert again.counts()["created"] == again.counts()["updated"] == 0
    assert known_by_name(state()) == known_by_name(before)
    assert ImportJob.objects.count() == 2


def test_the_verdict_of_an_import_is_the_one_of_live_judging(take: Any, now: datetime) -> None:
    factories.version_in_force(*CRITERIA, threshold=40)
    take("leads", HEADER + "\n".join(ROWS) + "\n", MAPPING)
    verdicts = Verdict.objects.order_by("pk").values_list("pk", "lead__external_id", "points", "is_qualified")
    before = list(verdicts)
    assert {(key, points, good) for _pk, key, points, good in before if key in ("A1", "A3")} == {
        ("A1", 50, True),
        ("A3", 10, False),
    }

    judging.judge(lead_ids=list(Lead.objects.exclude(stage="past").values_list("pk", flat=True)), now=now)

    assert (
        list(Verdict.objects.order_by("pk").values_list("pk", "lead__external_id", "points", "is_qualified")) == before
    )
    assert Lead.objects.get(external_id="A2").verdict is None  # history is not judged


def test_the_events_of_a_lead_stand_in_their_order(take: Any) -> None:
    factories.version_in_force({"condition": {"field": "source", "op": "is", "value": "web"}, "points": 5}, threshold=5)
    rows = [f"A{n},n,,,,web,,{'2026-01-05' if n % 2 else ''}," for n in range(400)]

    take("leads", HEADER + "\n".join(rows) + "\n", MAPPING)

    kinds = list(LeadEvent.objects.order_by("lead", "pk").values_list("kind", flat=True))
    assert kinds == ["captured", "qualified"] * 400


def test_parts_end_by_their_weight_too(take: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "WEIGHT", 10)

    result = take("leads", HEADER + "\n".join(ROWS) + "\n", MAPPING)

    assert (result.rows, result.created, len(result.refused)) == (8, 6, 1)


@pytest.mark.parametrize("kind", ["leads", "deals"])
def test_an_id_that_no_tool_gives_is_refused_with_its_row(kind: str, take: Any) -> None:
    mapping = {"system": "parts", "columns": {"id": "external_id", "name": "full_name" if kind == "leads" else "name"}}

    result = take(kind, f"id,name\n{'x' * 5000},a\nB,b\n", mapping)

    assert [(remark.row, remark.code) for remark, _cells in result.refused] == [(2, "too_long")]
    assert result.created == 1


def test_what_was_stored_before_a_fault_stays_and_the_file_again_takes_the_rest(
    aoi: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PART", 2)
    good = "".join(f"A{n},name {n},,,,,,,\n" for n in range(60))  # more than is looked at beforehand
    broken = io.BytesIO((HEADER + good + "A99," + "x" * 200_000 + ",,,,,,,\n").encode())  # a cell that csv refuses

    with pytest.raises(InvalidInput):
        run_import(kind="leads", file=broken, file_name="f.csv", mapping=MAPPING, actor=aoi, now=now)
    kept = Lead.objects.count()
    whole = io.BytesIO((HEADER + good).encode())
    result = run_import(kind="leads", file=whole, file_name="f.csv", mapping=MAPPING, actor=aoi, now=now)

    assert kept in (58, 60)
    assert (result.created, result.unchanged) == (60 - kept, kept)
    assert LeadEvent.objects.count() == 60


@example("a@EXAMPLE.com")
@example("A.b+c@example.co.jp")
@example("a..b@example.com")
@example(f"{'a' * 65}@example.com")
@example(f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.example.com")
@example("a@例え.jp")
@given(
    st.one_of(
        st.emails(), st.builds("{}@{}".format, st.text("aB1._+-'é\"", max_size=70), st.sampled_from(["x.jp", "x"]))
    )
)
def test_an_address_is_checked_as_the_library_does(address: str) -> None:
    try:
        checked = validate_email(normalise.text(address), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        if normalise.text(address):
            with pytest.raises(InvalidInput):
                normalise.email(address)
        return

    assert normalise.email(address) == checked.normalized.lower()
