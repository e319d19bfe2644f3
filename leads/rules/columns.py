"""Which column of a foreign file is which of our fields: proposed from its name and values. Pure.

The names are those that exhibitions, card readers and the export of common tools give their columns, in English and
Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alignment.kernel.tables.dates import DateColumn
from leads.rules.custom import is_choice
from leads.rules.fields import Field, FieldType, Words
from leads.rules.mappings import DAY, FIELDS, MOMENT

LABELS: dict[str, str | Promise] = {
    "external_id": _("id in the other tool"),
    "captured_at": pgettext_lazy("field", "captured"),
    "qualified_at": _("qualified on (history)"),
    "source": _("source"),
    "landing_page": _("landing page"),
    "campaign": _("campaign"),
    "company": _("company"),
    "full_name": _("name"),
    "last_name": _("family name"),
    "first_name": _("given name"),
    "full_name_kana": _("name in kana"),
    "last_name_kana": _("family name in kana"),
    "first_name_kana": _("given name in kana"),
    "email": _("e-mail address"),
    "phone": _("phone"),
    "job_title": _("job title"),
    "department": _("department"),
    "industry": _("industry"),
    "prefecture": _("prefecture"),
    "employees": _("number of employees"),
    "note": _("note for sales"),
    "lead_external_id": _("id of the lead"),
    "account": _("company"),
    "owner": _("owner in sales"),
    "opened_at": _("opened on"),
    "won_at": _("won on"),
    "lost_at": _("lost on"),
    "closed_at": _("closed on (won or lost by the stage)"),
    "expected_at": _("expected on"),
    "amount": _("amount"),
    "stage": _("stage"),
    "product": _("product"),
    "name": _("name of the deal"),
    "currency": _("currency"),
    "corporate_number": _("corporate number"),
    "postal_code": _("postal code"),
    "address": _("address"),
    "parent": _("parent company"),
    "key_account": _("key account"),
    "channel": _("channel"),
    "promise": _("promise"),
    "starts_on": _("from"),
    "ends_on": _("until"),
    "month": _("month"),
    "cost": _("cost"),
    "kind": _("kind"),
    "at": _("when"),
    "detail": _("what exactly"),
    "outcome": _("outcome"),
    "done_by": _("e-mail address of who did it"),
}

_NAMES = {
    "external_id": "id in the other tool, 元のツールでのid, id, "
    "lead id, contact id, record id, mql id, id番号, 管理番号, 顧客id, リードid, no, 番号",
    "captured_at": "captured, captured at, 獲得日, first contact date, "
    "date created, created at, created date, create date, date added, "
    "date entered, created, date, date of visit, visit date, visited at, visited on, scanned at, scan date, "
    "登録日, 登録日時, 作成日, 作成日時, 名刺交換日, 来場日, 来場日時, 訪問日, 取得日, 受付日, 受付日時, 日付, 日時",
    "qualified_at": "qualified at, qualified date, mql date, became a marketing qualified lead date, mql日",
    "source": "source, lead source, original source, origin, 流入元, リードソース, 獲得経路, 情報源",
    "landing_page": "landing page, landing page id, first page seen, ランディングページ",
    "campaign": "campaign, campaign name, 施策, キャンペーン, キャンペーン名, 展示会名, イベント名, セミナー名",
    "company": "company, company name, account, account name, organization, organisation, organization "
    "name, 会社名, 企業名, 社名, 法人名, 勤務先, 取引先名, 取引先, 会社",
    "full_name": "name, full name, contact name, lead name, 氏名, 名前, お名前, 担当者名, 担当者氏名, 姓名",
    "last_name": "last name, family name, surname, 姓, 苗字, 名字",
    "first_name": "first name, given name, 名, 下の名前",
    "last_name_kana": "last name kana, 姓カナ, 姓カタカナ, セイ, 姓フリガナ, せい",
    "first_name_kana": "first name kana, 名カナ, 名カタカナ, メイ, 名フリガナ, めい",
    "full_name_kana": "kana, name in kana, 氏名(カナ), name kana, "
    "full name kana, furigana, フリガナ, ふりがな, 氏名カナ, 氏名かな, "
    "氏名フリガナ, 姓名カナ",
    "email": "email, e-mail, email address, e-mail address, mail, メール, メールアドレス, eメール, eメールアドレス",
    "phone": "phone, phone number, telephone, tel, mobile, mobile phone, work phone, 電話, 電話番号, 携帯, "
    "携帯電話, 携帯電話番号, 会社電話",
    "job_title": "job title, title, position, 役職, 役職名, 職位, 肩書",
    "department": "department, division, 部署, 部署名, 所属部署, 部門",
    "industry": "industry, sector, 業種, 業界",
    "prefecture": "prefecture, state, state/region, 都道府県",
    "employees": "employees, number of employees, no. of employees, employee count, 従業員数, 社員数",
    "note": "note for sales, 営業への引き継ぎメモ, note, "
    "notes, comment, comments, description, remarks, 備考, メモ, コメント, 要望",
    "lead_external_id": "id of the lead, リードのid, lead id, mql id, lead external id, リードid",
    "account": "company, company name, account, account name, 会社名, 企業名, 取引先名, 取引先",
    "owner": "owner in sales, 営業担当者, owner, "
    "deal owner, opportunity owner, sales agent, salesperson, sales rep, 担当者, 営業担当, "
    "所有者, 商談所有者",
    "opened_at": "opened on, opened at, created date, create date, created at, engage date, 作成日, 商談開始日, 開始日",
    "won_at": "won on, won at, won date, 受注日, 成約日",
    "lost_at": "lost on, lost at, lost date, 失注日",
    "closed_at": "close date, closed at, closed date, 完了日, クローズ日",
    "expected_at": "expected on, expected at, expected date, expected close date, 受注予定日, 完了予定日",
    "amount": "amount, value, deal value, close value, revenue, expected revenue, 金額, 受注金額, 商談金額, 売上",
    "stage": "stage, deal stage, status, sales stage, 段階, フェーズ, ステージ, 商談フェーズ, 状態",
    "product": "product, product name, 商品, 製品, 商材, 製品名",
    "name": "name of the deal, name, deal name, opportunity name, opportunity, 商談名, 案件名",
    "currency": "currency, currency code, 通貨, 通貨コード",
    "corporate_number": "corporate number, company number, houjin bangou, 法人番号",
    "postal_code": "postal code, zip, zip code, zip/postal code, billing zip/postal code, "
    "billing postal code, 郵便番号",
    "address": "address, street, street address, billing street, billing address, 住所, 所在地, 本社所在地",
    "parent": "parent company, parent account, parent, 親会社, 親企業, 親取引先",
    "key_account": "key account, is key account, 重点アカウント, 重点, 重点顧客",
    "channel": "channel, type, campaign type, チャネル, 媒体, 種別, 施策種別",
    "promise": "promise, offer, 約束, 案内内容, 訴求内容",
    "starts_on": "starts on, start date, start, from, 開始日, 開始",
    "ends_on": "ends on, end date, end, until, to, 終了日, 終了",
    "month": "month, 月, 対象月, 年月, 計上月",
    "cost": "cost, actual cost, amount, spend, budgeted cost, 費用, 金額, 実績費用, コスト, 実費",
    "kind": "kind, type, activity type, touch type, event type, 種類, 種別, 活動種別, 接点種別, 区分",
    "at": "at, date, when, time, timestamp, due date, activity date, event date, date added, 日時, "
    "日付, 実施日, 実施日時, 対応日, 活動日, 発生日時",
    "detail": "detail, details, title, subject, description, page, url, 内容, 詳細, 件名, タイトル",
    "outcome": "outcome, result, call result, call outcome, disposition, 結果, 活動結果, 対応結果",
    "done_by": "done by, owner email, assigned to email, user email, agent email, sales email, 実施者メール, "
    "担当者メール, 担当者メールアドレス, 実施者",
}

_PERSON_IDS = "lead id, contact id, person id, who id, mql id, lead external id, リードid, 顧客id"

_BARE = frozenset({"serial", "YMD"})
"""Forms that any number may seem to be written in: believed only of a column that is named like a date."""
_COUNTS = frozenset({"no", "番号"})
"""Names of a column that may just count the rows, anew in every file: then it says who nobody is."""


@dataclass(frozen=True)
class Reading:
    """A form in which the values of a column can be read, and what one of them means in it."""

    form: str
    value: str
    moment: datetime


@dataclass(frozen=True)
class Proposal:
    """A column of the file: what it seems to hold, and the forms in which its values can be read as dates."""

    header: str
    samples: tuple[str, ...]
    field: str
    readings: tuple[Reading, ...]

    @property
    def form(self) -> str:
        """The form to be taken; "" where none fits, or a person has to say which of two readings is meant."""
        return self.readings[0].form if len(self.readings) == 1 else ""


def is_date(kind: str, field: str, custom: Iterable[Field] = ()) -> bool:
    """Whether a field of this kind of record, or one of the ``custom`` ones, holds dates."""
    of_admins = any(own.key == field and own.type is FieldType.DAY for own in custom)
    return of_admins or FIELDS[kind].get(field) in (MOMENT, DAY)


def propose(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    kind: str,
    custom: Sequence[Field] = (),
    named: Mapping[str, str] | None = None,
) -> list[Proposal]:
    """A proposal for every column, from its name and the values in ``rows``; each field is proposed once.

    A column that is named like a date is one if most of its values are dates, so that a single slip does not take the
    days of all others away: the check of the rows names those that are none.

    ``custom``: fields that admins made, known by their key or their name in either language, and those with choices by
    the choices. Where one is named as a field of ours is, it is what the company means.
    ``named``: what the tool that the file comes from calls fields, by plain name; it goes before what is usual.
    """
    named = named or {}
    of_tool = {field for header in headers if (field := named.get(plain_name(header)))}
    taken: set[str] = set()
    proposals = []
    for position, header in enumerate(headers):
        values = [row[position].strip() for row in rows if position < len(row) and row[position].strip()]
        usual = [name for name in _fields_named(header, kind) if name not in of_tool]
        fitting = [*_custom_named(header, custom), named.get(plain_name(header), ""), *usual]
        field = next((name for name in fitting if name and name not in taken), "")
        if field == "external_id" and plain_name(header) in _COUNTS and _are_counted(values):
            field = ""
        readings = readings_of(values)
        if field and is_date(kind, field, custom) and values and not readings:
            readings = readings_of(values, of_most=True)
            field = field if readings else ""
        if not (field and is_date(kind, field, custom)):
            readings = [reading for reading in readings if reading.form not in _BARE]
        if not field and kind == "leads" and "email" not in taken | of_tool and _are_addresses(values):
            field = "email"
        if not field:
            field = next((own.key for own in custom if own.key not in taken and _are_choices(values, own)), "")
        taken |= {field} - {""}
        samples = tuple(dict.fromkeys(value[:80] for value in values))[:3]
        proposals.append(Proposal(header, samples, field, tuple(readings)))
    return proposals


def readings_of(values: Iterable[str], *, of_most: bool = False) -> list[Reading]:
    """The forms in which every one of the values is a date, or more than half of them; where there are two, with a
    value that tells them apart."""
    column = DateColumn()
    for value in values:
        column.take(value)
    fits = column.fits()
    if of_most and not fits:
        best = column.candidates()[:2]
        fits = [fit for fit in best if fit.misfits == best[0].misfits and fit.misfits * 2 < column.count]
    if len(fits) == 2 and (apart := column.differing(fits[0].form, fits[1].form)):
        value, one, other = apart[0]
        return [Reading(fits[0].form, value, one), Reading(fits[1].form, value, other)]
    return [Reading(fit.form, *fit.examples[0]) for fit in fits]


def _fields_named(header: str, kind: str) -> list[str]:
    name, known = plain_name(header), _KNOWN | _OF_KIND.get(kind, {})
    return [field for field in FIELDS[kind] if name and name in known[field]]


def _custom_named(header: str, custom: Iterable[Field]) -> list[str]:
    plain = plain_name(header)
    return [own.key for own in custom if plain in {plain_name(name) for name in _names_of(own)}]


def _names_of(own: Field) -> tuple[str, ...]:
    words = (own.label.ja, own.label.en) if isinstance(own.label, Words) else ()
    return (own.custom, own.key, *words)


def _are_choices(values: Sequence[str], own: Field) -> bool:
    """Whether every value is one of the field's choices, and not always the same one."""
    distinct = set(values)
    return len(distinct) > 1 and all(is_choice(own, value) for value in distinct)


def _are_counted(values: Sequence[str]) -> bool:
    """Whether they are 1, 2, 3 and so on."""
    return bool(values) and list(values) == [str(number) for number in range(1, len(values) + 1)]


def plain_name(name: str) -> str:
    """A column's name without case, width, and what parts its words."""
    return re.sub(r"[\s_\-・./()*:]+", "", unicodedata.normalize("NFKC", name).casefold())


def _are_addresses(values: Sequence[str]) -> bool:
    return bool(values) and all(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) for value in values)


def _known(names: dict[str, str]) -> dict[str, frozenset[str]]:
    return {field: frozenset(plain_name(name) for name in listed.split(",")) for field, listed in names.items()}


_OF_KIND = {
    "deals": _known(
        {
            "external_id": "id in the other tool, 元のツールでのid, id, record id, deal id, opportunity id, "
            "商談id, 案件id, 管理番号, 番号"
        }
    ),
    "accounts": _known(
        {
            "external_id": "id, record id, account id, company id, organization id, 企業id, 取引先id, 管理番号, 番号",
            "company": f"{_NAMES['company']}, name, 名称",
        }
    ),
    "campaigns": _known({"campaign": f"{_NAMES['campaign']}, name, 名称"}),
    "touches": _known(
        {"external_id": "id, record id, touch id, event id, 接点id, 番号", "lead_external_id": _PERSON_IDS}
    ),
    "activities": _known(
        {"external_id": "id, record id, activity id, task id, 活動id, 番号", "lead_external_id": _PERSON_IDS}
    ),
}
"""Names that mean something else in a file of this kind."""
_KNOWN = _known(_NAMES)
