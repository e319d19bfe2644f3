"""The README and the code say the same."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_every_setting_that_is_read_stands_in_the_table_and_no_other() -> None:
    code = "".join(path.read_text() for path in (ROOT / "alignment" / "settings").glob("*.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code)) | {"PORT"}
    table = README.partition("## Settings")[2].partition("## Operating")[0]
    documented = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([A-Z_]{4,})`", row.split("|")[1])
    }

    assert documented == read


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"make ([a-z]+)", README.replace("make them", ""))) <= targets


def test_it_fits_on_a_few_screens() -> None:
    assert len(README.splitlines()) <= 200
