"""Figures against a naive recomputation over random small histories; pages, API and lists say the same of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from alignment.accounts.models import User
from reviews.kpis.kpi import Figure, Kpi
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, GroupBy, Scope
from reviews.selectors.figures import figures
from reviews.selectors.rows import rows_behind
from tests.conftest import TOKYO
from tests.reviews.histories import HISTORIES, PERIOD, History, Naive, Written

pytestmark = pytest.mark.django_db


def as_tuple(figure: Figure) -> tuple[float | None, int | None, int | None]:
    return (figure.value, figure.numerator, figure.denominator)


def assert_same(seen: dict[str, Figure], expected: dict[str, Any]) -> None:
    for key, wanted in expected.items():
        assert as_tuple(seen[key]) == pytest.approx(wanted), key
    assert seen.keys() == expected.keys()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, basis=st.sampled_from(list(Basis)), group_by=st.sampled_from([*GroupBy][1:6]))
def test_figures_equal_a_naive_recomputation_and_each_list_has_as_many_rows(
    history: History, basis: Basis, group_by: GroupBy
) -> None:
    with transaction.atomic():
        naive = Naive(history, basis, Written(history).group_of(group_by))

        found = figures(period=PERIOD, zone=TOKYO, basis=basis, group_by=group_by)

        assert_same(found.total, naive.of(None))
        of_group = naive.of_product if group_by is GroupBy.PRODUCT else naive.of
        for group in found.groups:
            assert_same(group.figures, of_group(group.key))
        assert_lists_are_as_long(found.scope, found.total)
        for group in found.groups:
            assert_lists_are_as_long(replace(found.scope, group=group.key), group.figures)
        transaction.set_rollback(True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=HISTORIES,
    basis=st.sampled_from(list(Basis)),
    group_by=st.sampled_from([*GroupBy][1:6]),
    kpi=st.sampled_from(list(KPIS)),
)
def test_page_and_api_show_the_same_figure_and_list_as_many_records(
    history: History, basis: Basis, group_by: GroupBy, kpi: Kpi, mai: User
) -> None:
    browser, program = Client(), APIClient()
    browser.force_login(mai)
    program.force_authenticate(mai)
    asked = {"from": PERIOD.start, "to": PERIOD.end, "basis": basis.value, "group_by": group_by.value}
    with transaction.atomic():
        Written(history)

        body = program.get("/api/v1/kpis/", asked).json()

        for figure in [body["total"][kpi.key], *[group["kpis"][kpi.key] for group in body["groups"]]]:
            query = figure["rows_url"].partition("?")[2]
            for part in kpi.parts:
                page = browser.get(f"/kpis/{kpi.key}/rows/?{query}&part={part.value}").context
                rows = program.get(f"{figure['rows_url']}&part={part.value}").json()
                assert page["cell"].value == pytest.approx(figure["value"])
                assert page["figure_count"] == figure[part.value]
                assert page["page"].paginator.count == rows["count"] == (figure[part.value] or 0)
                listed = [(row["kind"], row["id"]) for row in rows["results"]]
                assert [(row.kind, row.id) for row in page["rows"]] == listed
        transaction.set_rollback(True)


def assert_lists_are_as_long(scope: Scope, seen: dict[str, Figure]) -> None:
    for kpi in KPIS:
        for part in kpi.parts:
            listed = [record.pk for record in rows_behind(kpi=kpi, scope=scope, part=part)]
            assert len(listed) == len(set(listed)) == (getattr(seen[kpi.key], part.value) or 0), (kpi.key, part)
