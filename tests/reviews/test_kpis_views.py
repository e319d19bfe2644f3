"""The pages of figures: the same for everybody, each figure a link to its list, nothing per row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alignment.accounts.models import User
from reviews.kpis.registry import KPIS
from tests import factories
from tests.conftest import TOKYO

pytestmark = pytest.mark.django_db

MARCH = "from=2026-03-01&to=2026-04-01"
SignedIn = Callable[[User], Client]


def history(number: int = 0) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=TOKYO) + timedelta(hours=number)
    seller = factories.user(f"seller{number}", role="sales_rep", side="sales")
    won = factories.qualified_lead(
        captured_at=at, source=f"s{number}", campaign=factories.campaign(), owner=seller, first_contacted_at=at
    )
    factories.handoff(won, offered_at=at, status="accepted", offered_to=seller, business_seconds_to_decide=5400)
    factories.deal(lead=won, opened_at=at, won_at=at, amount=1_200_000, owner=seller)
    factories.deal(opened_at=at, lost_at=at, owner=seller, account=factories.account())


def text_of(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_every_figure_and_every_cell_opens_exactly_its_records(signed_in: SignedIn, mai: User) -> None:
    for number in range(3):
        history(number)
    client = signed_in(mai)

    page = text_of(client.get(f"/kpis/?{MARCH}&basis=cohort"))

    links = set(re.findall(r'href="(/kpis/[a-z0-9_]+/rows/\?[^"]+)"', page))
    assert len(links) > len(KPIS)
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 200
        assert answer.context["page"].paginator.count == answer.context["figure_count"], link


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("path", ["/kpis/", "/kpis/?basis=cohort", *[f"/kpis/{kpi.key}/" for kpi in KPIS]])
def test_pages_stand_without_any_record(signed_in: SignedIn, mai: User, path: str, language: str) -> None:
    User.objects.filter(pk=mai.pk).update(language=language)

    assert signed_in(mai).get(path).status_code == 200


def test_everybody_sees_the_same_figures(signed_in: SignedIn, mai: User, rei: User, kei: User) -> None:
    history()

    def figures_of(user: User) -> list[str]:
        page = text_of(signed_in(user).get(f"/kpis/?{MARCH}"))
        return re.findall(r'<div class="stat-value">.*?</div>', page)

    assert figures_of(mai) == figures_of(rei) == figures_of(kei)
    assert len(figures_of(mai)) == 8


def test_rates_show_what_they_are_made_of_and_their_formula(signed_in: SignedIn, mai: User) -> None:
    history()

    page = text_of(signed_in(mai).get(f"/kpis/?{MARCH}&basis=cohort"))

    assert "Qualified leads that have a won deal divided by qualified leads" in page
    assert re.search(r'100\.0%.*?<div class="stat-detail num">1 / 1</div>', page, re.DOTALL)
    assert "95% interval" in page


def test_one_of_something_is_said_in_the_singular(signed_in: SignedIn, mai: User) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=TOKYO)
    factories.deal(lead=factories.qualified_lead(captured_at=at), won_at=at + timedelta(days=1))

    tiles = signed_in(mai).get(f"/kpis/?{MARCH}").context["every"]

    units = {tile.kpi.key: tile.cell.unit for tile in tiles}
    assert (units["days_to_win_p50"], units["hours_to_decide_p50"], units["mql"]) == ("day", "", "")


def test_young_cohorts_are_marked(signed_in: SignedIn, mai: User, monkeypatch: pytest.MonkeyPatch) -> None:
    history()
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 4, 10, tzinfo=TOKYO))

    assert "not mature" in text_of(signed_in(mai).get(f"/kpis/?{MARCH}&basis=cohort"))
    by_period = signed_in(mai).get(f"/kpis/?{MARCH}&basis=period").context
    assert [tile.kpi.key for tile in by_period["tiles"] if "not mature" in tile.note] == ["conversion"]
    assert not any(line.is_young for line in by_period["lines"])
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 7, 10, tzinfo=TOKYO))
    assert "not mature" not in text_of(signed_in(mai).get(f"/kpis/?{MARCH}&basis=cohort"))


def test_young_cohorts_are_in_no_headline_and_no_sentence(
    signed_in: SignedIn, mai: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month, count in ((1, 3), (2, 4), (3, 1)):
        for _number in range(count):
            factories.qualified_lead(captured_at=datetime(2026, month, 2, tzinfo=TOKYO), source="social")
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 5, 29, 12, tzinfo=TOKYO))

    page = signed_in(mai).get("/kpis/?from=2026-01-01&to=2026-06-01&basis=cohort")

    (tile,) = [tile for tile in page.context["tiles"] if tile.kpi.key == "mql"]
    assert tile.cell.value == 7  # those of January and of February, which had 90 days on the 29th of May
    assert "from=2026-01-01&to=2026-03-01" in tile.cell.url
    assert "Up to Feb 2026; younger cohorts are not mature" in text_of(page)
    assert page.context["charts"][0].caption == (
        "Qualified leads (MQL) by month: lowest 3 (Jan 2026), highest 4 (Feb 2026), latest 4 (Feb 2026). "
        "Cohorts that are not mature are left out."
    )
    full, outlined = page.context["charts"][0].spec["layer"]
    assert [row["x"] for row in full["data"]["values"]] == ["Jan 2026", "Feb 2026"]
    assert [row["x"] for row in outlined["data"]["values"]] == ["Mar 2026", "Apr 2026", "May 2026"]
    assert "strokeDash" in outlined["mark"]
    by_source = signed_in(mai).get("/kpis/?from=2026-01-01&to=2026-06-01&basis=cohort&group_by=source").context
    assert by_source["lines"][0].cells[0].value == 7


def test_conversion_is_a_share_of_the_same_leads_and_never_more_than_all(signed_in: SignedIn, mai: User) -> None:
    early = [factories.qualified_lead(captured_at=datetime(2026, 2, 2, tzinfo=TOKYO)) for _number in range(3)]
    factories.qualified_lead(captured_at=datetime(2026, 3, 2, tzinfo=TOKYO))
    for lead in early:
        factories.deal(lead=lead, won_at=datetime(2026, 3, 20, tzinfo=TOKYO))

    page = signed_in(mai).get(f"/kpis/?{MARCH}").context

    (tile,) = [tile for tile in page["tiles"] if tile.kpi.key == "conversion"]
    assert (tile.cell.text, tile.cell.sizes, tile.note) == ("0.0%", "0 / 1", "by cohort")
    assert "basis=cohort" in tile.cell.url
    assert page["charts"][1].caption == "Conversion by month: 0.0% in Mar 2026."
    assert signed_in(mai).get(f"/kpis/conversion/?{MARCH}").context["cell"].text == "300.0%"  # its formula says so


@pytest.mark.parametrize(
    ("chosen", "word"),
    [("", "Month"), ("source", "Source"), ("owner", "Owner"), ("campaign", "Campaign"), ("product", "Product")],
)
def test_the_breakdown_is_chosen_by_links_that_keep_the_rest(
    signed_in: SignedIn, mai: User, chosen: str, word: str
) -> None:
    history()

    page = signed_in(mai).get(f"/kpis/?{MARCH}&basis=cohort&group_by={chosen}")

    (active,) = [choice for choice in page.context["groupings"] if choice.active]
    assert active.label == word
    assert f'href="{active.url}" aria-current="true">{word}</a>' in text_of(page)
    for choice in page.context["groupings"]:
        assert choice.url.startswith(f"?{MARCH}&basis=cohort&group_by=")
        assert choice.url.endswith("#breakdown")
        assert signed_in(mai).get("/kpis/" + choice.url.partition("#")[0]).status_code == 200
    assert all(f"group_by={chosen}" in choice.url or not chosen for choice in page.context["ask"].periods())
    for line in page.context["lines"]:
        for cell in line.cells:
            opened = signed_in(mai).get(cell.url).context
            assert opened["cell"].value == cell.value
            assert opened["page"].paginator.count == (opened["figure_count"] or 0)


def test_own_dates_include_the_last_day(signed_in: SignedIn, mai: User) -> None:
    answer = signed_in(mai).get("/kpis/?from=2026-03-01&last=2026-03-31&basis=cohort")

    assert answer.status_code == 200
    assert str(answer.context["ask"].scope.period.end) == "2026-04-01"


def test_a_long_period_is_shown_by_year(signed_in: SignedIn, mai: User) -> None:
    factories.qualified_lead(captured_at=datetime(1900, 1, 1, tzinfo=TOKYO))
    factories.qualified_lead(captured_at=datetime(2026, 3, 2, tzinfo=TOKYO))
    factories.qualified_lead(captured_at=datetime(2026, 12, 31, 23, tzinfo=TOKYO))
    client = signed_in(mai)

    def years(path: str, query: str) -> list[str]:
        answer = client.get(f"{path}?{query}&basis=cohort")
        assert len(answer.content) < 1_000_000
        page = text_of(answer)
        assert "By year" in page
        assert "By month" not in page
        return re.findall(r'<a href="(/kpis/mql/rows/[^"]+)">1<', page)

    for path in ("/kpis/", "/kpis/mql/"):
        of_1900, of_2026 = (
            years(path, query) for query in ("from=1900-01-01&to=2026-04-01", "from=1900-06-01&to=2199-12-31")
        )
        assert any("from=1900-01-01&to=1901-01-01" in url for url in of_1900)
        assert any("from=2026-01-01&to=2026-04-01" in url for url in of_1900)
        assert not any("to=1901" in url for url in of_2026)
        for url in of_1900:
            opened = client.get(url).context
            assert opened["page"].paginator.count == opened["figure_count"] == 1


@pytest.mark.parametrize(
    ("period", "by"), [("from=2021-04-01&to=2026-04-01", "month"), ("from=2021-04-01&to=2026-04-02", "year")]
)
def test_five_years_are_shown_by_month_and_a_day_more_by_year(
    signed_in: SignedIn, mai: User, period: str, by: str
) -> None:
    for path in ("/kpis/", "/kpis/conversion/"):
        assert f"By {by}" in text_of(signed_in(mai).get(f"{path}?{period}"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-03-31&last=2026-03-01", "The last day must not be before the first."),
        ("from=&last=2026-03-01", "Fill in “First day”."),
        ("from=2026-01-01&last=9999-12-31", "Enter a day between Jan 1, 1900 (Mon) and Dec 30, 2199 (Mon)."),
        ("from=0001-01-01&last=2026-03-01", "Enter a day between Jan 1, 1900 (Mon) and Dec 30, 2199 (Mon)."),
        ("from=0500-01-01&last=0500-12-31", "Enter a day between Jan 1, 1900 (Mon) and Dec 30, 2199 (Mon)."),
        ("from=x&to=2026-03-01", "is not a date"),
        ("basis=both", "must be one of"),
    ],
)
def test_dates_that_cannot_be_read_are_named_and_this_year_is_shown(
    signed_in: SignedIn, mai: User, query: str, said: str
) -> None:
    for path in ("/kpis/", "/kpis/mql/", "/kpis/mql/rows/"):
        answer = signed_in(mai).get(f"{path}?{query}")

        assert answer.status_code == 400
        assert said in text_of(answer)
        assert "<title>Error:" in text_of(answer)


def test_every_day_that_a_form_takes_is_taken_by_the_links_of_its_page(signed_in: SignedIn, mai: User) -> None:
    client = signed_in(mai)
    answer = client.get("/kpis/mql/?from=1900-01-01&last=2199-12-30")

    assert answer.status_code == 200
    assert client.get(answer.context["cell"].url).status_code == 200


def test_everything_begins_no_earlier_than_a_period_may(signed_in: SignedIn, mai: User) -> None:
    factories.lead(captured_at=datetime(1850, 1, 1, tzinfo=TOKYO))
    client = signed_in(mai)

    (everything,) = [one for one in client.get("/kpis/").context["ask"].periods() if one.label == "Everything"]

    assert client.get("/kpis/mql/" + everything.url).status_code == 200


@pytest.mark.parametrize("path", ["/kpis/unknown/", "/kpis/unknown/rows/"])
def test_an_unknown_figure_is_not_found(signed_in: SignedIn, mai: User, path: str) -> None:
    assert signed_in(mai).get(path).status_code == 404


@pytest.mark.parametrize("query", ["part=x", "group_by=owner&group=Ren", "part=denominator"])
def test_rows_that_do_not_exist_are_refused_in_words(signed_in: SignedIn, mai: User, query: str) -> None:
    assert signed_in(mai).get(f"/kpis/mql/rows/?{query}").status_code == 400


def test_what_has_no_product_says_so(signed_in: SignedIn, mai: User) -> None:
    history()
    client = signed_in(mai)

    page = client.get(f"/kpis/mql/rows/?{MARCH}&group_by=product&group=")

    assert "Not by product" in text_of(page)
    assert "the figure counts" not in text_of(page)
    assert page.context["page"].paginator.count == 0
    assert "Not by product" not in text_of(client.get(f"/kpis/deals_won/rows/?{MARCH}&group_by=product&group="))
    assert "Not by product" not in text_of(client.get(f"/kpis/mql/rows/?{MARCH}&group_by=product"))


def test_rows_come_in_pages_with_the_figure_above_them(signed_in: SignedIn, mai: User) -> None:
    for _number in range(51):
        factories.lead(captured_at=datetime(2026, 3, 2, tzinfo=TOKYO))

    page = text_of(signed_in(mai).get(f"/kpis/leads/rows/?{MARCH}"))

    assert "51 records; the figure counts 51." in page
    assert "1–50" in page
    assert len(signed_in(mai).get(f"/kpis/leads/rows/?{MARCH}&page=2").context["rows"]) == 1


def test_htmx_gets_the_part_alone(signed_in: SignedIn, mai: User) -> None:
    client = signed_in(mai)

    for path, root in ((f"/kpis/?{MARCH}", "figures"), (f"/kpis/leads/rows/?{MARCH}", "rows")):
        part = text_of(client.get(path, headers={"HX-Request": "true"}))
        assert "<html" not in part
        assert f'<div id="{root}"' in part
        assert "<html" in text_of(client.get(path))


@pytest.mark.parametrize("path", ["/kpis/", "/kpis/conversion/", "/kpis/mql/rows/", "/kpis/won_amount/rows/"])
def test_pages_ask_no_query_per_row(signed_in: SignedIn, mai: User, path: str) -> None:
    client = signed_in(mai)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{path}?{MARCH}").status_code == 200
        return len(captured)

    history(0)
    queries()  # sign-in and caches
    few = queries()
    for number in range(1, 16):
        history(number)

    assert queries() == few


def test_nobody_sees_figures_without_signing_in(client: Client) -> None:
    assert client.get("/kpis/").status_code == 302
