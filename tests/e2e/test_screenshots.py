"""The pictures of the README, taken from the demo company so that they never show what is no longer there.

They are written to static/img/readme with E2E_SCREENSHOTS=1, else only tried.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from alignment.accounts.models import User
from alignment.demo import simulation
from tests.e2e.visitor import Enter, expect

NAMES = {"en": "inbox.png", "ja": "inbox-ja.png"}
FOLDER = settings.BASE_DIR / "static" / "img" / "readme"
DAYS = 12


@pytest.mark.parametrize("language", ["en", "ja"], indirect=True)
def test_the_inbox_of_the_readme(enter: Enter, language: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(simulation, "FIRST_VERSION_DAYS", 3)
    call_command("seed_demo", language=language, days=DAYS, verbosity=0)
    rep = enter(User.objects.get(email="rep@demo.example"))
    rep.open("handoff:inbox")
    expect(rep.main.get_by_role("article").first).to_be_visible()

    folder = FOLDER if os.environ.get("E2E_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / NAMES[language]
    rep.page.screenshot(path=picture, animations="disabled")

    assert int.from_bytes(picture.read_bytes()[16:20], "big") == 1280
