"""The small promises of the presentation tags: nothing unescaped, nothing by colour alone, nothing lost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone, translation
from django_htmx.middleware import HtmxDetails

from alignment.kernel import htmx


def render(source, request=None, **context):
    return engines["django"].from_string(source).render(context, request)


def asked(**headers):
    request = RequestFactory().get("/", headers=headers)
    request.htmx = HtmxDetails(request)
    return request


def test_phrase_breaks_japanese_between_phrases():
    assert render("{{ text|phrase }}", text="最初のリードを登録してください") == (
        '<span class="phrase">最初の<wbr>リードを<wbr>登録してください</span>'
    )


def test_phrase_never_breaks_a_number():
    text = "転換率の月別推移: 最低は7.0%(2026年4月)、最高は37.5%(2026年7月)、直近は37.5%(2026年7月)。"

    html = render("{{ text|phrase }}", text=text)

    assert html.count("2026") == 3


def test_phrase_escapes_what_people_typed():
    html = render("{{ text|phrase }}", text="<script>alert(1)</script>を登録する")

    assert "<script" not in html
    assert "&lt;" in html


def test_phrase_leaves_english_and_safe_markup_alone():
    assert render("{{ text|phrase }}", text="Q&A") == "Q&amp;A"
    assert render('{{ "<b>太字</b>です"|phrase }}') == "<b>太字</b>です"


def test_an_icon_is_silent_unless_it_has_a_label():
    assert 'aria-hidden="true"' in render('{% icon "check" %}')
    assert 'role="img" aria-label="met"' in render('{% icon "check" label="met" %}')


def test_a_side_is_said_in_its_own_word():
    with translation.override("en"):
        assert "Marketing" in render('{% side_badge "marketing" %}')
        assert "Your turn" in render('{% side_badge "sales" text="Your turn" %}')
    assert render('{% side_badge "" %}').strip() == ""


@pytest.mark.parametrize(
    ("name", "initials"), [("佐藤 蓮", "佐"), ("Mai Tanaka", "MT"), ("kei@example.com", "K"), ("", "?")]
)
def test_initials(name, initials):
    assert f">{initials}</span>" in render("{% avatar name %}", name=name)


@pytest.mark.parametrize("state", ["better", "worse", "same"])
def test_a_signal_has_a_shape_and_a_word(state):
    html = render("{% signal state %}", state=state)

    with translation.override("en"):
        word = {"better": "better", "worse": "worse", "same": "no change"}[state]
    assert word in html
    assert any(shape in html for shape in "▲▼○")


def test_pages_keep_the_other_query_parameters():
    page = Paginator(range(120), 50).page(2)
    request = RequestFactory().get("/leads/", {"source": "展示会", "page": "2"})

    html = render("{% pagination page %}", request, page=page)

    assert "?source=%E5%B1%95%E7%A4%BA%E4%BC%9A&amp;page=1" in html
    assert "page=3" in html
    assert "51–100" in html


def test_a_single_page_has_no_pagination():
    request = RequestFactory().get("/")

    assert render("{% pagination page %}", request, page=Paginator(range(3), 50).page(1)).strip() == ""


def test_a_sparkline_leaves_a_gap_where_a_number_is_missing():
    html = render("{% sparkline points %}", points=[1, 2, None, 4, 3])

    assert html.count("<polyline") == 2
    assert 'aria-hidden="true"' in html


@pytest.mark.parametrize("points", [[], [None], [5], [5, 5, 5]])
def test_a_sparkline_takes_few_or_equal_numbers(points):
    assert "<svg" in render("{% sparkline points %}", points=points)


def test_a_deadline_says_itself_in_words_and_never_passes_its_bar():
    html = render('{% deadline words="25 min overdue" state="overdue" share=1.4 %}')

    assert "25 min overdue" in html
    assert 'width="100.0%"' in html


def test_numbers_follow_the_language_and_nothing_reads_as_a_dash():
    moment = datetime(2026, 4, 1, 0, 5, tzinfo=UTC)
    source = "{{ at|local_datetime }} {{ won|rate:total }} {{ amount|money }} {{ long|duration }} {{ none|number }}"
    values = {"at": moment, "won": 84, "total": 800, "amount": 12_345_678, "long": timedelta(minutes=200)}

    with translation.override("ja"), timezone.override("Asia/Tokyo"):
        japanese = render(source, none=None, **values)

    assert japanese == "2026/04/01(水) 09:05 10.5%(84/800件) 1,235万円 3時間20分 –"


def test_a_fragment_is_wanted_only_by_htmx_itself():
    assert htmx.wants_partial(asked(hx_request="true"))
    assert not htmx.wants_partial(asked())
    assert not htmx.wants_partial(asked(hx_request="true", hx_boosted="true"))
    assert not htmx.wants_partial(asked(hx_request="true", hx_history_restore_request="true"))
    assert not htmx.wants_partial(RequestFactory().get("/"))


def test_a_toast_travels_in_a_header_in_either_language():
    response = htmx.toast(HttpResponse(), "受け入れました")

    assert response["HX-Trigger"] == '{"toast": {"text": "\\u53d7\\u3051\\u5165\\u308c\\u307e\\u3057\\u305f"}}'


def test_a_redirect_is_one_that_the_asker_follows():
    assert htmx.redirect(asked(), "/leads/").status_code == 302
    followed = htmx.redirect(asked(hx_request="true"), "/leads/")
    assert (followed.status_code, followed["HX-Redirect"]) == (200, "/leads/")


def test_retarget_says_where_and_how():
    response = htmx.retarget(HttpResponse(), "#handoff-4")

    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#handoff-4", "outerHTML")
