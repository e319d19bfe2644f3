"""Who is one person: what speaks for it, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from leads.rules import matching, normalise
from leads.rules.matching import Compared, Signal
from leads.selectors.matching import MOST, Person, compare, like_one_before, matches
from tests import factories

SURE, SUSPECTED, NOTHING = "sure", "suspected", "nothing"
TARO = Person("taro@acme.example", "+81312345678", "山田 太郎", "ヤマダ タロウ", "acme")


def verdict(one: Person, other: Person) -> str:
    evidence = compare(one, other)
    return SURE if evidence.is_sure else SUSPECTED if evidence.is_suspected else NOTHING


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Person(email="taro@acme.example"), SURE),
        (Person(email="taro@acme.example", full_name="山田太郎"), SURE),
        (Person(email="taro@acme.example", full_name="山田"), SURE),
        (Person(email="taro@acme.example", full_name="鈴木 花子"), SUSPECTED),
        (Person(email="taro@acme.example", full_name="鈴木 花子", company="acme"), SUSPECTED),
        (Person(phone="+81312345678", full_name="山田太郎様"), SURE),
        (Person(phone="+81312345678"), SUSPECTED),
        (Person(phone="+81312345678", full_name="鈴木 花子", company="acme"), NOTHING),
        (Person(phone="+81312345678", full_name="山田 太郎", email="t@other.example"), SUSPECTED),
        (Person(full_name="山田 太郎", company="acme"), SUSPECTED),
        (Person(full_name="山田 太郎", full_name_kana="やまだ たろう", company="acme"), SUSPECTED),
        (Person(full_name_kana="ﾔﾏﾀﾞﾀﾛｳ", company="acme"), SUSPECTED),
        (Person(full_name="山田 太郎", company="beta"), SUSPECTED),
        (Person(full_name="山田 太郎", company="beta", email="y@beta.example"), NOTHING),
        (Person(full_name="鈴木 花子", company="acme"), NOTHING),
        (Person(company="acme"), NOTHING),
        (Person(), NOTHING),
    ],
)
def test_how_sure_it_is(other: Person, expected: str) -> None:
    assert verdict(TARO, other) == expected
    assert verdict(other, TARO) == expected


def test_another_spelling_with_the_same_reading_is_no_other_name() -> None:
    one = Person(email="s@acme.example", full_name="斎藤 学", full_name_kana="サイトウ マナブ")
    other = Person(email="s@acme.example", full_name="齋藤 学", full_name_kana="さいとうまなぶ")

    assert verdict(one, other) == SURE


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Taro Yamada", "YAMADA Taro", True),
        ("Mr. Taro Yamada", "taro yamada", True),
        ("山田　太郎", "山田太郎 様", True),
        ("ﾔﾏﾀﾞ", "ヤマダ", True),
        ("Yamada", "Taro Yamada", None),
        ("", "Taro", None),
        ("Taro Yamada", "Jiro Yamada", False),
        ("高橋 さん", "高橋", True),
        ("氏家 学", "氏家学", True),
    ],
)
def test_names_are_compared_without_what_does_not_name(one: str, other: str, expected: bool | None) -> None:
    assert normalise.is_same_name(one, other) is expected
    assert normalise.is_same_name(other, one) is expected


KNOWN = st.sampled_from([True, False, None])


@given(email=KNOWN, phone=KNOWN, names=KNOWN, kana=KNOWN, company=KNOWN)
def test_more_in_common_is_never_less_sure(**same: bool | None) -> None:
    score = matching.weigh(Compared(**same)).score

    for name, value in same.items():
        if value is not True and not (name == "names" and value is None and same["kana"]):
            assert matching.weigh(Compared(**same | {name: True})).score >= score


@given(phone=KNOWN, company=KNOWN, kana=KNOWN)
def test_what_people_share_is_never_sure_alone(phone: bool | None, company: bool | None, kana: bool | None) -> None:
    evidence = matching.weigh(Compared(email=None, phone=phone, names=False, kana=False, company=company))

    assert not evidence.is_sure
    assert Signal.OTHER_NAME in dict(evidence.signals)


def stored(**facts: Any) -> Lead:
    return factories.lead(**{"full_name": "", "email": "", "phone": ""} | facts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "person"),
    [
        ({"email": "taro@acme.example"}, Person(email="taro@acme.example")),
        (
            {"phone": "+81312345678", "full_name": "ＴＡＲＯ yamada"},
            Person(phone="+81312345678", full_name="Taro Yamada"),
        ),
        ({"phone": "+81312345678"}, Person(phone="+81312345678", full_name="Taro")),
        ({"phone": "+81312345678", "full_name": "Taro"}, Person(phone="+81312345678")),
        ({"full_name": "山田　太郎"}, Person(full_name="山田 太郎", company="acme")),
        ({"full_name": "山田　太郎 様"}, Person(full_name="山田太郎", company="acme")),
        ({"full_name": "Mr. Taro Yamada"}, Person(full_name="taro yamada", company="acme")),
        ({"full_name_kana": "ﾔﾏﾀﾞ ﾀﾛｳ"}, Person(full_name_kana="やまだたろう", full_name="山田", company="acme")),
    ],
)
def test_whoever_is_here_is_found_by_any_key(facts: dict[str, Any], person: Person) -> None:
    here = stored(account=factories.account("Acme", name_key="acme"), **facts)
    factories.lead()

    assert [[match.lead_id for match in found] for found in matches([Person(email="x@y.example"), person])] == [
        [],
        [here.pk],
    ]


@pytest.mark.django_db
def test_the_likeliest_comes_first_then_the_oldest() -> None:
    phone = "+81312345678"
    weak, older, newer = (
        stored(phone=phone),
        *(stored(phone=phone, full_name="Taro", email=f"{n}@acme.example") for n in range(2)),
    )

    (found,) = matches([Person(phone=phone, full_name="Taro")])

    assert [match.lead_id for match in found] == [older.pk, newer.pk, weak.pk]


@pytest.mark.django_db
def test_a_mailbox_that_many_share_names_nobody() -> None:
    for n in range(MOST + 1):
        stored(email="info@acme.example", full_name=f"Person {n}")

    assert matches([Person(email="info@acme.example")]) == [[]]


@pytest.mark.django_db
def test_one_person_may_be_here_many_times() -> None:
    for _ in range(MOST + 1):
        stored(email="taro@acme.example", full_name="Taro")

    assert matches([Person(email="taro@acme.example", full_name="Taro")])[0][0].evidence.is_sure


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["太郎 山田", "山田", ""])
def test_a_number_finds_whoever_the_score_calls_alike(name: str) -> None:
    here = stored(phone="+81312345678", full_name="山田 太郎")

    (found,) = matches([Person(phone="+81312345678", full_name=name)])

    assert [match.lead_id for match in found] == [here.pk]


@pytest.mark.django_db
def test_the_number_of_persons_costs_no_query(django_assert_num_queries: Any) -> None:
    for n in range(30):
        stored(email=f"p{n}@acme.example", full_name=f"n {n}")

    with django_assert_num_queries(1):
        found = matches([Person(email=f"p{n}@acme.example") for n in range(30)])

    assert all(found)


def test_those_in_a_list_who_may_be_one_before_are_told() -> None:
    one, other = Person(email="a@x.example"), Person(email="b@x.example")

    mailbox = [Person(email="info@x.example", full_name=f"Person {n}") for n in range(MOST + 1)]

    assert like_one_before([one, other, one, Person()]) == [False, False, True, False]
    assert like_one_before([one] * (MOST + 2)) == [False] + [True] * (MOST + 1)
    assert like_one_before(mailbox) == [False] * (MOST + 1)
