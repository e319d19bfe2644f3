"""Names are compared without what is written differently each time."""

from __future__ import annotations

import pytest

from leads.rules.normalise import company_key


@pytest.mark.parametrize(
    "spelling",
    [
        "株式会社山田製作所",
        "山田製作所(株)",
        "㈱ 山田製作所",
        "山田製作所 株式会社",
        "（株）山田製作所",
        "株式会社 山田・製作所",
    ],
)
def test_a_japanese_company_in_any_spelling_has_one_key(spelling: str) -> None:
    assert company_key(spelling) == "山田製作所"


@pytest.mark.parametrize(
    "spelling",
    ["Yamada Works", "YAMADA WORKS Co., Ltd.", "Yamada Works K.K.", "Ｙａｍａｄａ Works Inc", "Yamada Works, Limited"],
)
def test_an_english_company_in_any_spelling_has_one_key(spelling: str) -> None:
    assert company_key(spelling) == "yamadaworks"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Limited", "The Company"),
        ("Limited Brands Inc.", "Brands"),
        ("KK Wind", "Wind"),
        ("Company", "Limited"),
        ("株式会社", "有限会社"),
        ("日本有限会社協会", "日本協会"),
    ],
)
def test_different_companies_stay_different(one: str, other: str) -> None:
    assert company_key(one) != company_key(other) != ""
