"""The keys under which names are compared: PostgreSQL makes the same of what is stored as we make of what is asked."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.rules.normalise import KANA_KEY_SQL, NAME_KEY_SQL, kana_key, name_key

pytestmark = pytest.mark.django_db

LETTERS = st.characters(categories=("L", "M", "N", "P", "S", "Z", "Cf"))
USUAL = st.sampled_from("山田太郎氏殿様さんヤマダﾔﾏﾀﾞやまだ ヽゝゞヾゖヵＭｒ.．・　 \t\u200b\ufeffMRSmrsdDrｒİIıΣσςÉéẞß")
NAMES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "Mr ", "Mr. ", "ＭＲ．", " mrs. ", "Ms.", "Dr", "dr  "]),
        st.text(USUAL | LETTERS, max_size=12),
        st.sampled_from(["", "様", " 様", "　さま", "さん ", "殿.", "氏", "氏 様"]),
    ),
)


def made_by_sql(sql: str, name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql % '%s::text'}", [name])
        (key,) = cursor.fetchone()
    return key


class SameKeys(TestCase):
    @given(name=NAMES)
    @example(name="Mr. Mr. Taro")
    @example(name="様")
    @example(name="氏家 学 様")
    @example(name=".・様")
    def test_the_key_of_any_name_is_one(self, name: str) -> None:
        assert made_by_sql(NAME_KEY_SQL, name) == name_key(name)

    @given(name=NAMES)
    def test_the_key_of_any_reading_is_one(self, name: str) -> None:
        assert made_by_sql(KANA_KEY_SQL, name) == kana_key(name)
