"""Deals without leads: the sales history of another company gives its published win rate and amounts."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from alignment.accounts.models import User
from alignment.kernel.periods import Period
from leads.services.importing import run_import
from reviews.kpis.scope import Basis, GroupBy
from reviews.selectors.figures import Figures, figures
from tests.conftest import TOKYO
from tests.real_data import FOLDER, MAVEN_DEALS, needs_maven

pytestmark = [pytest.mark.django_db, needs_maven]

ALL = Period(date(2016, 10, 1), date(2018, 1, 1))


@pytest.fixture(scope="module")
def history(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Figures]:
    with django_db_blocker.unblock(), transaction.atomic():
        admin = User.objects.create_user("history@example.com", full_name="H", role="admin")
        file = io.BytesIO((FOLDER / "maven" / "sales_pipeline.csv").read_bytes())
        run_import(kind="deals", file=file, file_name="m.csv", mapping=MAVEN_DEALS, actor=admin, now=timezone.now())
        found = {
            name: figures(period=ALL, zone=TOKYO, group_by=GroupBy(name)) for name in ("owner", "product", "month")
        }
        found["cohort"] = figures(period=ALL, zone=TOKYO, basis=Basis.COHORT)
        transaction.set_rollback(True)
    return found


def test_the_published_win_rate_and_amounts(history: dict[str, Figures]) -> None:
    total = history["owner"].total

    assert (total["win_rate"].numerator, total["win_rate"].denominator) == (4238, 6711)
    assert round(total["win_rate"].value or 0, 4) == 0.6315
    assert total["won_amount"].value == 10_005_534
    assert round(total["deal_size"].value or 0, 2) == 2360.91


@pytest.mark.parametrize(("group_by", "groups"), [("owner", 30), ("product", 7), ("month", None)])
def test_groups_add_up_to_the_total(history: dict[str, Figures], group_by: str, groups: int | None) -> None:
    found = history[group_by]

    for key in ("deals_opened", "deals_won", "deals_lost", "won_amount"):
        assert sum(group.figures[key].value or 0 for group in found.groups) == found.total[key].value
    with_wins = [group for group in found.groups if group.figures["deals_won"].value]
    assert groups is None or len(with_wins) == groups


def test_deals_without_a_lead_are_in_no_cohort(history: dict[str, Figures]) -> None:
    assert all(not figure.value for figure in history["cohort"].total.values())
