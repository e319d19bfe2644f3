"""The README and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
JAPANESE = (ROOT / "README.ja.md").read_text()


def chapters(text: str) -> dict[str, str]:
    """What stands under each heading."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("text", "heading"), [(README, "Settings"), (JAPANESE, "設定")], ids=["en", "ja"])
def test_every_setting_that_is_read_stands_in_the_table_and_no_other(text: str, heading: str) -> None:
    code = "".join(path.read_text() for path in (ROOT / "alignment" / "settings").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code)) | {"PORT"}
    documented = {
        name
        for row in chapters(text)[heading].splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]{4,})`", row.split("|")[1])
    }

    assert documented == read


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"make ([a-z]+)", README.replace("make them", ""))) <= targets


@pytest.mark.parametrize("text", [README, JAPANESE], ids=["en", "ja"])
def test_it_fits_on_a_few_screens(text: str) -> None:
    assert len(text.splitlines()) <= 200


def test_both_languages_say_as_much() -> None:
    """The same chapters, tables and decisions, and every command letter for letter."""
    pairs = list(zip(chapters(README).items(), chapters(JAPANESE).items(), strict=True))

    for (heading, english), (_japanese_heading, japanese) in pairs:
        for mark in ("| ", "- **", "```"):
            counts = [sum(line.startswith(mark) for line in text.splitlines()) for text in (english, japanese)]
            expected = counts[0] if heading != "The loop" else counts[1]  # whose table has a column for Japanese
            assert counts[1] == expected, f"{heading}: {mark}"
    for start in ("    docker ", '    "$BIN"/', "    . .local/"):
        commands = [[line for line in text.splitlines() if line.startswith(start)] for text in (README, JAPANESE)]
        assert commands[0] == commands[1]


def test_both_languages_give_the_same_defaults() -> None:
    """Every default that is a value stands in both tables."""
    english, japanese = (
        {row.split("|")[1].strip(): re.findall(r"`[^`]+`|\d+", row.split("|")[2]) for row in rows}
        for rows in (
            [row for row in chapters(text)[heading].splitlines() if row.startswith("| `")]
            for text, heading in ((README, "Settings"), (JAPANESE, "設定"))
        )
    )

    assert english == japanese
