"""How the exports of common tools name their columns, and which tool a file seems to come from. Pure.

The names are those of the tools' own documentation, with their Japanese ones where they have them. A preset knows more
columns than it uses: what it does not use tells the tool all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leads.rules.columns import plain_name

_SHARE = 0.6
"""Of the columns of a file, how many a tool has to know."""
_MARKS = 2
"""How many of them no other tool names so."""


@dataclass(frozen=True)
class Preset:
    """An export of a tool: ``fields`` by the plain name of a column, ``marks`` the plain names that tell the tool.

    ``others``: columns that it has, too, and that are no fields of ours.
    """

    key: str
    name: str
    fields: Mapping[str, str]
    marks: frozenset[str]
    others: frozenset[str]

    def knows(self, header: str) -> bool:
        """Whether the tool names a column so."""
        return header in self.fields or header in self.others


def find(headers: Sequence[str], *, kind: str) -> Preset | None:
    """The tool whose export has these columns, if one clearly does."""
    names = {plain_name(header) for header in headers} - {""}
    known = [(sum(map(preset.knows, names)), preset) for preset in of_kind(kind) if len(names & preset.marks) >= _MARKS]
    count, preset = max(known, key=lambda pair: pair[0], default=(0, None))
    return preset if count >= _SHARE * len(names) else None


def of_kind(kind: str) -> Iterable[Preset]:
    """The presets for files of this kind."""
    return PRESETS.values() if kind == "leads" else ()


def _preset(key: str, name: str, fields: dict[str, str], *, marks: str, others: str) -> Preset:
    return Preset(
        key,
        name,
        {plain_name(header): field for field, headers in fields.items() for header in headers.split(",")},
        frozenset(map(plain_name, marks.split(","))),
        frozenset(map(plain_name, [*marks.split(","), *others.split(",")])),
    )


PRESETS = {
    preset.key: preset
    for preset in (
        _preset(
            "salesforce",
            "Salesforce",
            {
                "external_id": "Lead ID,Id,リード ID",
                "full_name": "Full Name,Name,名前",
                "last_name": "Last Name,姓",
                "first_name": "First Name,名",
                "company": "Company,Company / Account,会社名,会社名 / 取引先名",
                "job_title": "Title,役職",
                "email": "Email,メール",
                "phone": "Phone,電話",
                "source": "Lead Source,リードソース",
                "industry": "Industry,業種",
                "employees": "No. of Employees,NumberOfEmployees,従業員数",
                "prefecture": "State/Province,State,都道府県",
                "captured_at": "Created Date,Create Date,作成日",
                "note": "Description,説明",
            },
            marks="Lead ID,Lead Source,Lead Status,Lead Owner,Company / Account,No. of Employees,NumberOfEmployees,"
            "Email Opt Out,HasOptedOutOfEmail,Unread By Owner,IsUnreadByOwner,IsConverted,ConvertedDate,Data.com Key,"
            "リード ID,リードソース,リード 状況,リード状況,リード 所有者,リード所有者",
            others="Salutation,Status,Rating,Annual Revenue,Street,City,Postal Code,Zip/Postal Code,Country,Website,"
            "Fax,Mobile,Mobile Phone,Do Not Call,Converted,Converted Account,Converted Contact,Converted Opportunity,"
            "Created By,CreatedById,Last Modified Date,Last Modified By,LastModifiedById,Last Activity,"
            "LastActivityDate,Owner ID,Lead Record Type,Lead Division,Lead Currency,Currency ISO Code,Record Owner,"
            "IsDeleted,MasterRecordId,敬称,携帯,Web サイト,住所,市区郡,郵便番号,国,評価,年間売上,最終更新日,最終活動日",
        ),
        _preset(
            "hubspot",
            "HubSpot",
            {
                "external_id": "Record ID,Contact ID,レコードID",
                "last_name": "Last Name,姓",
                "first_name": "First Name,名",
                "company": "Company Name,Associated Company,Primary Associated Company,会社名",
                "job_title": "Job Title,役職",
                "email": "Email,Eメール",
                "phone": "Phone Number,電話番号",
                "source": "Original Source,Original Traffic Source,元のソース,オリジナルソース",
                "landing_page": "First Page Seen,最初に閲覧されたページ",
                "industry": "Industry,業種",
                "employees": "Number of Employees,従業員数",
                "prefecture": "State/Region,都道府県/地域",
                "captured_at": "Create Date,作成日",
                "qualified_at": "Became a Marketing Qualified Lead Date",
                "note": "Message,メッセージ",
            },
            marks="Record ID,Contact owner,Lifecycle Stage,Original Source,Original Traffic Source,Latest Source,"
            "Latest Traffic Source,Original Source Drill-Down 1,Original Source Drill-Down 2,Marketing contact status,"
            "First Page Seen,Became a Lead Date,Became a Marketing Qualified Lead Date,Record Source,HubSpot Team,"
            "Associated Company,Primary Associated Company,レコードID,コンタクト担当者,ライフサイクルステージ,"
            "リードステータス",
            others="Lead Status,Mobile Phone Number,Website URL,City,Postal Code,Country/Region,Street Address,"
            "Last Activity Date,Last Modified Date,Last Contacted,Email Domain,HubSpot Score,Persona,Time Zone,"
            "Preferred language,LinkedIn Bio,Associated Company IDs,Number of Page Views,Recent Conversion,"
            "First Conversion,携帯電話番号,ウェブサイトURL,市区町村,郵便番号,国/地域,最終アクティビティー日",
        ),
        _preset(
            "odoo",
            "Odoo",
            {
                "external_id": "External ID,ID,外部ID",
                "full_name": "Contact Name,contact_name,コンタクト名",
                "company": "Company Name,partner_name,会社名",
                "job_title": "Job Position,function,職位",
                "email": "Email,email_from,Eメール",
                "phone": "Phone,電話",
                "source": "Source,source_id,情報源",
                "campaign": "Campaign,campaign_id,キャンペーン",
                "prefecture": "State,state_id,都道府県/州",
                "captured_at": "Created on,create_date,作成日",
                "note": "Notes,Internal Notes,description,ノート",
            },
            marks="Opportunity,Expected Revenue,Salesperson,Sales Team,Job Position,External ID,Street2,Contact Name,"
            "Prorated Revenue,Days to Close,Lost Reason,email_from,partner_name,contact_name,expected_revenue,team_id,"
            "職位,期待収益,営業チーム,外部ID",
            others="Name,Customer,Probability,Stage,Medium,Tags,Priority,Mobile,Street,City,Zip,Country,Website,Title,"
            "Language,Referred By,Type,Active,Expected Closing,Closed Date,Conversion Date,Created by,Last Updated on,"
            "Last Updated by,Assignment Date,Company,Currency,stage_id,user_id,medium_id,tag_ids,country_id",
        ),
        _preset(
            "suitecrm",
            "SuiteCRM",
            {
                "external_id": "ID",
                "last_name": "Last Name",
                "first_name": "First Name",
                "company": "Account Name",
                "job_title": "Job Title,Title",
                "department": "Department",
                "email": "Email Address,Any Email",
                "phone": "Office Phone,Phone Work",
                "source": "Lead Source",
                "prefecture": "Primary Address State",
                "captured_at": "Date Created,Date Entered",
                "note": "Description",
            },
            marks="Office Phone,Non Primary E-mails,Account Description,Lead Source Description,Status Description,"
            "Primary Address Street,Primary Address Postalcode,Alt Address Street,Date Created,Date Modified,"
            "Reports To ID,Portal Name,Lawful Basis,Assigned to,Phone Work,Date Entered",
            others="Salutation,Website,Mobile,Home Phone,Other Phone,Fax,Primary Address City,Primary Address Country,"
            "Alt Address City,Alt Address State,Alt Address Postalcode,Alt Address Country,Status,Converted,"
            "Opportunity Name,Opportunity Amount,Referred By,Campaign ID,Do Not Call,Portal Application,Assistant,"
            "Assistant Phone,Birthdate,Contact ID,Account ID,Opportunity ID,Assigned User,Created By,Modified By,"
            "Deleted,Photo,Lawful Basis Date Reviewed,Lawful Basis Source,Longitude,Latitude,Geocode Status,Address",
        ),
        _preset(
            "mautic",
            "Mautic",
            {
                "external_id": "id,Contact ID",
                "last_name": "lastname",
                "first_name": "firstname",
                "company": "company,Primary company",
                "job_title": "position",
                "email": "email",
                "phone": "phone",
                "prefecture": "state",
                "captured_at": "date_added,dateAdded",
            },
            marks="points,address1,address2,zipcode,preferred_locale,last_active,attribution,attribution_date,"
            "date_identified,dateIdentified,ip,Preferred Locale,Date Last Active",
            others="title,mobile,fax,city,country,timezone,website,facebook,foursquare,instagram,linkedin,skype,twitter,"
            "date_modified,dateModified,owner,ownername,stage,tags",
        ),
        _preset(
            "cards",
            "Sansan",
            {
                "external_id": "名刺ID",
                "full_name": "氏名",
                "last_name": "姓",
                "first_name": "名",
                "full_name_kana": "氏名カナ,氏名フリガナ",
                "last_name_kana": "姓カナ,姓フリガナ,姓(カナ)",
                "first_name_kana": "名カナ,名フリガナ,名(カナ)",
                "company": "会社名",
                "department": "部署,部署名",
                "job_title": "役職,役職名",
                "email": "email1,e-mail,email,メールアドレス",
                "phone": "TEL1,TEL,TEL会社,TEL(会社),会社TEL,電話番号",
                "prefecture": "都道府県",
                "captured_at": "名刺交換日",
                "note": "メモ",
            },
            marks="名刺ID,名刺所有者,名刺交換日,デジタル名刺,メール署名取込,ユーザ名刺作成,退職者フラグ,TEL1,TEL2,"
            "email1,URL1,携帯番号,人事異動発令日,TEL会社,TEL直通,TEL部門",
            others="Fax,FAX,email2,URL,URL2,タグ,国コード,住所,住所1,住所2,郵便番号,市区町村,町域・番地,ビル名,携帯電話,"
            "携帯電話番号,所有者,登録日,更新日,会社名カナ",
        ),
    )
}
