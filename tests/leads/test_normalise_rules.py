"""Names are compared without what is written differently each time."""

from __future__ import annotations

import pytest

from alignment.kernel.errors import InvalidInput
from leads.rules import normalise
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


@pytest.mark.parametrize(("region", "stored"), [("JP", "+81312345678"), ("GB", "+44312345678")])
def test_a_number_without_a_country_is_of_the_organisations(region: str, stored: str) -> None:
    assert normalise.phone("03 1234 5678", region=region) == stored
    assert normalise.phone("+81 3 1234 5678", region=region) == "+81312345678"


@pytest.mark.parametrize(
    "number", ["7000012050002", "4011001098993", "４０１１００１０９８９９３", "4011-0010-98993", "T4011001098993"]
)
def test_a_corporate_number_is_read_however_it_is_written(number: str) -> None:
    assert normalise.corporate_number(number) in ("7000012050002", "4011001098993")


def test_every_mistyped_digit_but_a_nine_for_a_nought_is_noticed() -> None:
    number = "4011001098993"
    for place in range(13):
        for digit in "0123456789":
            mistyped = number[:place] + digit + number[place + 1 :]
            if (int(digit) - int(number[place])) % 9 == 0:
                continue
            with pytest.raises(InvalidInput):
                normalise.corporate_number(mistyped)


@pytest.mark.parametrize("given", ["100-0001", "1000001", "〒100-0001", "〒１００－０００１", "100ー0001", "100 0001"])
def test_a_postal_code_has_one_form(given: str) -> None:
    assert normalise.postal_code(given) == "100-0001"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("東京", "東京都"),
        ("東京都", "東京都"),
        ("京都", "京都府"),
        ("大阪", "大阪府"),
        ("神奈川", "神奈川県"),
        ("北海道", "北海道"),
        ("Tokyo", "Tokyo"),
        ("", ""),
    ],
)
def test_a_prefecture_is_written_in_full(given: str, kept: str) -> None:
    assert normalise.prefecture(given) == kept
