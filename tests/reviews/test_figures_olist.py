"""A real company's history gives the figures that several independent analyses published about it."""

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
from tests.real_data import FOLDER, OLIST_DEALS, OLIST_LEADS, needs_olist

pytestmark = [pytest.mark.django_db, needs_olist]

YEAR = Period(date(2017, 6, 1), date(2018, 6, 1))

# key: (leads qualified, won, conversion in percent, median days, mean days)
BY_SOURCE = {
    "organic_search": (2296, 271, 11.80, 14, 50.00),
    "paid_search": (1586, 195, 12.30, 15, 56.60),
    "social": (1350, 75, 5.56, 30, 60.96),
    "unknown": (1099, 179, 16.29, 11, 41.29),
    "direct_traffic": (499, 56, 11.22, 10, 31.12),
    "email": (493, 15, 3.04, 21, 52.20),
    "referral": (284, 24, 8.45, 18.5, 32.54),
    "other": (150, 4, 2.67, 9, 15.25),
    "display": (118, 6, 5.08, 8.5, 10.33),
    "other_publicities": (65, 3, 4.62, 35, 39.33),
    "": (60, 14, 23.33, 7.5, 49.21),
}
BY_MONTH = {
    "2017-06": (4, 0, 0.00, None, None),
    "2017-07": (239, 2, 0.84, 398, 398.00),
    "2017-08": (386, 9, 2.33, 317, 296.00),
    "2017-09": (312, 7, 2.24, 336, 283.71),
    "2017-10": (416, 14, 3.37, 246.5, 240.21),
    "2017-11": (445, 18, 4.04, 163, 155.11),
    "2017-12": (200, 11, 5.50, 54, 122.36),
    "2018-01": (1141, 152, 13.32, 17.5, 43.65),
    "2018-02": (1028, 149, 14.49, 16, 42.28),
    "2018-03": (1174, 167, 14.22, 12, 37.61),
    "2018-04": (1352, 183, 13.54, 9, 23.82),
    "2018-05": (1303, 130, 9.98, 10, 32.81),
}
BY_MONTH_WON = {
    "2017-12": (3, 14, 12.67),
    "2018-01": (73, 8, 16.30),
    "2018-02": (113, 10, 15.88),
    "2018-03": (147, 10, 17.65),
    "2018-04": (207, 10, 26.29),
    "2018-05": (122, 9, 29.06),
    "2018-06": (57, 43, 73.07),
    "2018-07": (37, 117, 139.11),
    "2018-08": (33, 127, 180.39),
    "2018-09": (23, 182, 189.30),
    "2018-10": (21, 241, 241.33),
    "2018-11": (6, 233.5, 249.17),
}


@pytest.fixture(scope="module")
def history(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Figures]:
    """The figures of the whole history, brought in once through the door of imports, and taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        admin = User.objects.create_user("history@example.com", full_name="H", role="admin")
        for kind, name, mapping in (("leads", "mql.csv", OLIST_LEADS), ("deals", "closed_deals.csv", OLIST_DEALS)):
            file = io.BytesIO((FOLDER / "olist" / name).read_bytes())
            run_import(kind=kind, file=file, file_name=name, mapping=mapping, actor=admin, now=timezone.now())
        found = {
            group_by.value: figures(period=YEAR, zone=TOKYO, basis=Basis.COHORT, group_by=group_by)
            for group_by in (GroupBy.NONE, GroupBy.SOURCE, GroupBy.MONTH)
        }
        until_the_last = Period(YEAR.start, date(2018, 12, 1))
        found["won"] = figures(period=until_the_last, zone=TOKYO, group_by=GroupBy.MONTH)
        found["owner"] = figures(period=until_the_last, zone=TOKYO, group_by=GroupBy.OWNER)
        transaction.set_rollback(True)
    return found


def test_the_published_totals(history: dict[str, Figures]) -> None:
    total = history["none"].total

    assert total["mql"].value == 8000
    assert total["deals_won"].value == 842
    assert (total["conversion"].numerator, total["conversion"].denominator) == (842, 8000)
    assert total["conversion"].value == 0.10525
    assert total["days_to_win_p50"].value == 14
    assert round(total["days_to_win_mean"].value or 0, 2) == 48.44


@pytest.mark.parametrize(("group_by", "expected"), [("source", BY_SOURCE), ("month", BY_MONTH)])
def test_each_group_of_the_published_tables(
    history: dict[str, Figures], group_by: str, expected: dict[str, tuple[float | None, ...]]
) -> None:
    seen = {}
    for group in history[group_by].groups:
        of = group.figures
        rate, mean = of["conversion"].value or 0, of["days_to_win_mean"].value
        won, median = of["deals_won"].value, of["days_to_win_p50"].value
        assert of["conversion"].numerator == won
        seen[group.key] = (of["mql"].value, won, round(rate * 100, 2), median, None if mean is None else round(mean, 2))
    assert seen == expected


def test_the_months_of_winning_by_period(history: dict[str, Figures]) -> None:
    won = {group.key: group.figures for group in history["won"].groups if group.figures["deals_won"].value}

    assert {
        key: (of["deals_won"].value, of["days_to_win_p50"].value, round(of["days_to_win_mean"].value or 0, 2))
        for key, of in won.items()
    } == BY_MONTH_WON


def test_months_stand_in_order_and_the_blank_source_last(history: dict[str, Figures]) -> None:
    assert [group.key for group in history["month"].groups] == sorted(BY_MONTH)
    assert history["source"].groups[0].key == "organic_search"
    assert history["source"].groups[-1].key == ""


def test_the_sellers_who_closed_most(history: dict[str, Figures]) -> None:
    sellers = [group for group in history["owner"].groups if group.figures["deals_won"].value]

    first = max(sellers, key=lambda group: group.figures["deals_won"].value or 0)
    of = first.figures
    assert len(sellers) == 22
    assert sum(group.figures["deals_won"].value or 0 for group in sellers) == 842
    assert (first.label, of["deals_won"].value, of["days_to_win_p50"].value) == (
        "4ef15afb4b2723d8f3d81e51ec7afefe",
        133,
        11,
    )
    assert round(of["days_to_win_mean"].value or 0, 2) == 30.49
