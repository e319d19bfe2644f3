"""Numbers and words as requests bring them."""

from __future__ import annotations

import pytest

from alignment.kernel.inputs import search_words, whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("42", 42),
        ("12", 12),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("1" * 5000, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("x", None),
    ],
)
def test_a_whole_number_is_read_or_is_none(text: str, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    ("text", "words"), [(" Acme  ", "Acme"), ("a\x00b", "a b"), ("\x00", ""), ("x" * 999, "x" * 200)]
)
def test_words_are_what_the_database_can_compare(text: str, words: str) -> None:
    assert search_words(text) == words
