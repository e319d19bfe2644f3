"""Which tool a file comes from, told by how it names its columns."""

from __future__ import annotations

import csv

import pytest

from leads.rules import presets
from leads.rules.columns import propose
from leads.rules.mappings import FIELDS
from leads.rules.presets import PRESETS
from tests.real_data import FOLDER, needs_crm_samples

EXPORTS = {
    "salesforce": "First Name,Last Name,Title,Company / Account,Phone,Email,Lead Source,Lead Status,Created Date",
    "hubspot": "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Create Date,Region",
    "odoo": "External ID,Name,Company Name,Contact Name,Email,Job Position,Phone,Mobile,Street,Street2,City,Notes",
    "suitecrm": "First Name,Last Name,ID,Job Title,Account Name,Email Address,Office Phone,Lead Source,Date Created",
    "mautic": "id,points,firstname,lastname,email,company,position,last_active,city,country",
    "cards": "名刺交換日,会社名,部署名,役職,姓,名,e-mail,TEL会社,TEL直通,携帯電話,住所,メモ",
}


def fields(headers: str) -> dict[str, str]:
    names = headers.split(",")
    found = presets.find(names, kind="leads")
    assert found
    return {p.header: p.field for p in propose(names, [], kind="leads", named=found.fields) if p.field}


@pytest.mark.parametrize("key", PRESETS)
def test_an_export_is_known_by_its_columns(key: str) -> None:
    found = presets.find(EXPORTS[key].split(","), kind="leads")

    assert found
    assert found.key == key


@pytest.mark.parametrize(
    "headers", ["", "氏名,会社名,メールアドレス,電話", "First Name,Last Name,Company,Email,Phone", "a,b,c"]
)
def test_what_any_tool_could_have_written_is_no_tools_export(headers: str) -> None:
    assert presets.find(headers.split(","), kind="leads") is None


def test_a_few_columns_of_a_tool_among_many_others_are_not_its_export() -> None:
    others = [f"question {n}" for n in range(20)]

    assert presets.find(["Lead Source", "Lead Status", "Company", *others], kind="leads") is None


def test_presets_are_of_leads() -> None:
    assert presets.find(EXPORTS["salesforce"].split(","), kind="deals") is None


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_names_fields_that_there_are(preset: presets.Preset) -> None:
    assert set(preset.fields.values()) <= FIELDS["leads"].keys()


def test_a_tool_says_what_its_columns_mean_where_the_names_alone_mislead() -> None:
    odoo, salesforce = fields(EXPORTS["odoo"]), fields(EXPORTS["salesforce"])

    assert odoo["Contact Name"] == "full_name"
    assert "Name" not in odoo  # the subject of the lead
    assert salesforce["Title"] == "job_title"
    assert salesforce["Company / Account"] == "company"


@needs_crm_samples
def test_a_real_export_of_suitecrm_is_known() -> None:
    with (FOLDER / "crm-samples" / "suitecrm" / "Leads_suite8_export.csv").open(
        encoding="utf-8-sig", newline=""
    ) as file:
        headers = next(csv.reader(file))

    assert fields(",".join(headers)) | {"Office Phone": "phone", "Account Name": "company"} == fields(",".join(headers))


@needs_crm_samples
def test_real_contacts_of_mautic_are_known() -> None:
    headers = (FOLDER / "crm-samples" / "mautic" / "fakeleaddata.csv").read_text().splitlines()[0]

    found = presets.find(headers.split(","), kind="leads")
    assert found
    assert found.key == "mautic"
