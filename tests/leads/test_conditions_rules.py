"""The condition language: what it accepts, what it refuses and where, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from leads.rules.conditions import OPERATORS, WITHOUT_VALUE, ConditionFault, Op, dump, leaves, parse
from leads.rules.fields import FIELDS, FieldType
from leads.rules.sentences import say
from tests.touch_words import VOCABULARY

VALUES: dict[FieldType, Any] = {FieldType.TEXT: "web", FieldType.NUMBER: 100, FieldType.DATE: 30}
EVERY_TEST = [
    {"field": field.key, "op": op.value}
    | ({} if op in WITHOUT_VALUE else {"value": ["a", "b"] if op is Op.IN else VALUES[field.type]})
    for field in FIELDS.values()
    for op in OPERATORS[field.type]
]


@pytest.mark.parametrize("tree", EVERY_TEST, ids=lambda tree: f"{tree['field']}-{tree['op']}")
def test_every_field_and_operator_survives_the_way_there_and_back(tree: dict[str, Any]) -> None:
    assert dump(parse(tree, VOCABULARY)) == tree


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ("nonsense", ""),
        ({}, ""),
        ({"all": {}}, "all"),
        ({"all": [{"field": "source", "op": "is", "value": "web"}, {"any": [3]}]}, "all[1].any[0]"),
        ({"field": "password", "op": "is", "value": "x"}, "field"),
        ({"field": "owner__password", "op": "is", "value": "x"}, "field"),
        ({"field": ["source"], "op": "is", "value": "x"}, "field"),
        ({"field": "source", "op": "at_least", "value": 1}, "op"),
        ({"field": "source", "op": "is", "value": ""}, "value"),
        ({"field": "source", "op": "is", "value": "x" * 201}, "value"),
        ({"field": "source", "op": "is", "value": "a\x00b"}, "value"),
        ({"field": "source", "op": "in", "value": []}, "value"),
        ({"field": "source", "op": "in", "value": ["a", 3]}, "value[1]"),
        ({"field": "employees", "op": "at_least", "value": "many"}, "value"),
        ({"field": "employees", "op": "at_least", "value": True}, "value"),
        ({"field": "employees", "op": "at_least", "value": float("nan")}, "value"),
        ({"field": "captured_at", "op": "within_days", "value": -1}, "value"),
        ({"field": "source", "op": "is", "value": "x", "_connector": "OR"}, "_connector"),
        ({"touches": {"kind": "hypnosis", "at_least": 1}}, "touches.kind"),
        ({"touches": {"kind": "download", "at_least": 0}}, "touches.at_least"),
        ({"touches": {"kind": "download", "at_least": 1, "within_days": 0}}, "touches.within_days"),
        ({"not": {"not": {"any": [{"touches": 3}]}}}, "not.not.any[0].touches"),
    ],
)
def test_a_fault_is_refused_with_its_path(tree: Any, path: str) -> None:
    with pytest.raises(ConditionFault) as refusal:
        parse(tree, VOCABULARY)

    assert refusal.value.field == path


def test_deep_and_wide_trees_are_refused() -> None:
    deep: dict[str, Any] = {"all": []}
    for _level in range(10_000):
        deep = {"not": deep}

    with pytest.raises(ConditionFault):
        parse(deep, VOCABULARY)
    with pytest.raises(ConditionFault):
        parse({"all": [{"field": "source", "op": "is_blank"}] * 201}, VOCABULARY)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["all", "any", "not", "field", "op", "value", "touches", "kind", "_connector", 'a"b', "x.y"]
            ),
            children,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_either_read_or_refused(tree: Any) -> None:
    """Never another exception, whatever arrives."""
    try:
        condition = parse(tree, VOCABULARY)
    except ConditionFault:
        return
    assert parse(dump(condition), VOCABULARY) == condition


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("tree", EVERY_TEST, ids=lambda tree: f"{tree['field']}-{tree['op']}")
def test_every_test_reads_as_a_sentence_that_names_field_and_value(tree: dict[str, Any], language: str) -> None:
    with translation.override(language):
        sentence = say(parse(tree, VOCABULARY))

        label = str(FIELDS[tree["field"]].label)
        assert label.removesuffix("のアドレス") in sentence  # 「フリーメールを使っている」
        for value in tree.get("value", []) if isinstance(tree.get("value"), list) else [tree.get("value", "")]:
            assert str(value) in sentence
        assert "%(" not in sentence


def test_the_word_between_conditions_is_said_and_inner_groups_stand_in_brackets() -> None:
    tree = {
        "all": [
            {"field": "industry", "op": "is", "value": "steel"},
            {
                "any": [
                    {"touches": {"kind": "download", "at_least": 2, "within_days": 30}},
                    {"not": {"field": "phone", "op": "is_blank"}},
                ]
            },
        ]
    }
    with translation.override("en"):
        assert say(parse(tree, VOCABULARY)) == (
            "industry is “steel” and (download at least 2 times in the last 30 days or not (phone is not known))"
        )


def test_leaves_come_from_left_to_right() -> None:
    tree = {"any": [{"not": {"field": "source", "op": "is", "value": "a"}}, {"touches": {"kind": "", "at_least": 1}}]}

    assert [type(leaf).__name__ for leaf in leaves(parse(tree, VOCABULARY))] == ["Test", "TouchCount"]
