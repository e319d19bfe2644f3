"""What the condition language says, word by word, in both languages: a change of wording is seen here."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from leads.rules.conditions import OPERATORS, Op, parse
from leads.rules.fields import FIELDS, Choice, Field, FieldType, Words
from leads.rules.sentences import say, say_value
from tests.touch_words import VOCABULARY, labels

MANAGER: dict[str, Any] = {"field": "job_title", "op": "is", "value": "部長"}
LARGE: dict[str, Any] = {"field": "employees", "op": "at_least", "value": 1000}
DOWNLOADS: dict[str, Any] = {"touches": {"kind": "download", "at_least": 2, "within_days": 30}}

_SIZES = (Choice("small", Words("小規模", "Small")), Choice("large", Words("大規模", "Large")))
_OWN = (
    Field("custom.renewal", FieldType.DAY, Words("契約更新日", "Renewal"), custom="renewal"),
    Field("custom.size", FieldType.CHOICE, Words("規模", "Size"), custom="size", choices=_SIZES),
    Field("custom.decides", FieldType.FLAG, Words("決裁者", "Decision maker"), custom="decides"),
    Field("custom.budget", FieldType.NUMBER, Words("予算", "Budget"), custom="budget"),
)
KNOWN = VOCABULARY._replace(fields=FIELDS | {field.key: field for field in _OWN})

TESTS: list[tuple[str, Op, Any, str, str]] = [
    ("job_title", Op.IS, "部長", "役職が「部長」", "job title is “部長”"),
    ("job_title", Op.IS_NOT, "部長", "役職が「部長」ではない", "job title is not “部長”"),
    ("industry", Op.IN, ["製造業", "IT"], "業種が「製造業」、「IT」のいずれか", "industry is one of “製造業”, “IT”"),
    ("department", Op.CONTAINS, "情報", "部署に「情報」を含む", "department contains “情報”"),
    ("landing_page", Op.STARTS_WITH, "/a", "ランディングページが「/a」で始まる", "landing page starts with “/a”"),
    ("phone", Op.IS_BLANK, None, "電話番号が登録されていない", "phone is not known"),
    ("phone", Op.IS_PRESENT, None, "電話番号が登録されている", "phone is known"),
    ("employees", Op.AT_LEAST, 1000, "従業員数が1,000以上", "number of employees is at least 1,000"),
    ("employees", Op.AT_MOST, 50, "従業員数が50以下", "number of employees is at most 50"),
    ("employees", Op.IS, 100, "従業員数が100", "number of employees is 100"),
    ("employees", Op.IS_BLANK, None, "従業員数が登録されていない", "number of employees is not known"),
    ("employees", Op.IS_PRESENT, None, "従業員数が登録されている", "number of employees is known"),
    ("is_key_account", Op.IS_TRUE, None, "重点アカウントである", "company is a key account"),
    ("is_key_account", Op.IS_FALSE, None, "重点アカウントではない", "company is not a key account"),
    ("is_free_mail", Op.IS_TRUE, None, "フリーメールを使っている", "lead uses a free e-mail address"),
    ("is_free_mail", Op.IS_FALSE, None, "フリーメールを使っていない", "lead does not use a free e-mail address"),
    ("captured_at", Op.WITHIN_DAYS, 30, "獲得日が直近30日以内", "captured in the last 30 days"),
    ("captured_at", Op.BEFORE_DAYS, 90, "獲得日が90日前より前", "captured more than 90 days ago"),
    ("captured_at", Op.IS_BLANK, None, "獲得日が登録されていない", "captured is not known"),
    ("captured_at", Op.IS_PRESENT, None, "獲得日が登録されている", "captured is known"),
    (
        "custom.renewal",
        Op.AT_LEAST,
        "2026-04-01",
        "契約更新日が2026/04/01(水)以降",
        "Renewal: Apr 1, 2026 (Wed) or later",
    ),
    (
        "custom.renewal",
        Op.AT_MOST,
        "2026-04-01",
        "契約更新日が2026/04/01(水)以前",
        "Renewal: Apr 1, 2026 (Wed) or earlier",
    ),
    ("custom.renewal", Op.WITHIN_DAYS, 30, "契約更新日が直近30日以内", "Renewal: in the last 30 days"),
    ("custom.renewal", Op.BEFORE_DAYS, 30, "契約更新日が30日前より前", "Renewal: more than 30 days ago"),
    ("custom.renewal", Op.NEXT_DAYS, 90, "契約更新日が今後90日以内", "Renewal: in the next 90 days"),
    ("custom.renewal", Op.IS_BLANK, None, "契約更新日が登録されていない", "Renewal is not known"),
    ("custom.renewal", Op.IS_PRESENT, None, "契約更新日が登録されている", "Renewal is known"),
    ("custom.size", Op.IS, "small", "規模が「小規模」", "Size is “Small”"),
    ("custom.size", Op.IS_NOT, "small", "規模が「小規模」ではない", "Size is not “Small”"),
    (
        "custom.size",
        Op.IN,
        ["small", "large"],
        "規模が「小規模」、「大規模」のいずれか",
        "Size is one of “Small”, “Large”",
    ),
    ("custom.size", Op.IS_BLANK, None, "規模が登録されていない", "Size is not known"),
    ("custom.size", Op.IS_PRESENT, None, "規模が登録されている", "Size is known"),
    ("custom.decides", Op.IS_TRUE, None, "決裁者が「はい」", "Decision maker: yes"),
    ("custom.decides", Op.IS_FALSE, None, "決裁者が「いいえ」", "Decision maker: no"),
    ("custom.budget", Op.IS, 99.123456, "予算が99.123456", "Budget is 99.123456"),
]

TOUCHES: list[tuple[str, int, int | None, str, str]] = [
    ("", 3, None, "接点が3回以上", "touch of any kind at least 3 times"),
    ("inquiry", 1, None, "問い合わせが1回以上", "inquiry at least once"),
    ("download", 2, 30, "直近30日に資料ダウンロードが2回以上", "download at least 2 times in the last 30 days"),
    ("seminar", 1, 90, "直近90日にセミナー参加が1回以上", "seminar at least once in the last 90 days"),
    ("exhibition", 1, None, "展示会での名刺交換が1回以上", "exhibition card at least once"),
    ("page_visit", 5, 7, "直近7日にページ閲覧が5回以上", "page visit at least 5 times in the last 7 days"),
    ("mail_click", 2, None, "メールクリックが2回以上", "mail click at least 2 times"),
]

GROUPS: list[tuple[dict[str, Any], str, str]] = [
    ({"all": []}, "すべてのリード", "every lead"),
    ({"any": []}, "当てはまるリードなし", "no lead"),
    (
        {"all": [MANAGER, LARGE]},
        "役職が「部長」、かつ従業員数が1,000以上",
        "job title is “部長” and number of employees is at least 1,000",
    ),
    (
        {"any": [MANAGER, LARGE, DOWNLOADS]},
        "役職が「部長」、または従業員数が1,000以上、または直近30日に資料ダウンロードが2回以上",
        "job title is “部長” or number of employees is at least 1,000 or download at least 2 times in the last 30 days",
    ),
    (
        {"all": [LARGE, {"any": [MANAGER, DOWNLOADS]}]},
        "従業員数が1,000以上、かつ(役職が「部長」、または直近30日に資料ダウンロードが2回以上)",
        "number of employees is at least 1,000"
        " and (job title is “部長” or download at least 2 times in the last 30 days)",
    ),
    ({"not": MANAGER}, "(役職が「部長」)に当てはまらない", "not (job title is “部長”)"),
    (
        {"all": [{"not": {"any": [MANAGER, LARGE]}}, DOWNLOADS]},
        "(役職が「部長」、または従業員数が1,000以上)に当てはまらない、かつ直近30日に資料ダウンロードが2回以上",
        "not (job title is “部長” or number of employees is at least 1,000)"
        " and download at least 2 times in the last 30 days",
    ),
]

VALUES: list[tuple[Any, str, str]] = [
    (None, "未登録", "not known"),
    ("", "未登録", "not known"),
    (True, "はい", "yes"),
    (False, "いいえ", "no"),
    (1250, "1,250", "1,250"),
    ("部長", "部長", "部長"),
]


def both(tree: dict[str, Any]) -> tuple[str, str]:
    """The sentence of a condition in Japanese and in English."""
    condition = parse(tree, KNOWN)
    with translation.override("ja"):
        japanese = say(condition)
    with translation.override("en"):
        return japanese, say(condition)


@pytest.mark.parametrize(("field", "op", "value", "ja", "en"), TESTS)
def test_a_test_reads_as_agreed(field: str, op: Op, value: Any, ja: str, en: str) -> None:
    tree = {"field": field, "op": op.value} | ({} if value is None else {"value": value})

    assert both(tree) == (ja, en)


@pytest.mark.parametrize(("kind", "at_least", "days", "ja", "en"), TOUCHES)
def test_a_count_of_touches_reads_as_agreed(kind: str, at_least: int, days: int | None, ja: str, en: str) -> None:
    tree = {"touches": {"kind": kind, "at_least": at_least, "within_days": days}}

    assert both(tree) == (ja, en)


@pytest.mark.parametrize(("tree", "ja", "en"), GROUPS)
def test_joined_conditions_read_as_agreed(tree: dict[str, Any], ja: str, en: str) -> None:
    assert both(tree) == (ja, en)


@pytest.mark.parametrize(("value", "ja", "en"), VALUES)
def test_a_value_seen_reads_as_agreed(value: Any, ja: str, en: str) -> None:
    with translation.override("ja"):
        japanese = say_value(value)
    with translation.override("en"):
        english = say_value(value)

    assert (japanese, english) == (ja, en)


def test_no_operator_and_no_kind_of_touch_is_without_a_sentence_here() -> None:
    said = {(KNOWN.fields[field].type, op) for field, op, *_rest in TESTS}

    assert said == {(kind, op) for kind, ops in OPERATORS.items() for op in ops}
    assert {kind for kind, *_rest in TOUCHES} == {"", *labels("en")}


@pytest.mark.parametrize("key", FIELDS)
def test_every_field_has_a_japanese_name(key: str) -> None:
    label = FIELDS[key].label
    with translation.override("ja"):
        japanese = str(label)
    with translation.override("en"):
        english = str(label)

    assert japanese != english
    assert not japanese.isascii()
