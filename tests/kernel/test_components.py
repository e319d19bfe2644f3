"""The components keep their promises to keyboard, screen reader and content policy."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import translation

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SPRITE = (settings.BASE_DIR / "static/img/icons.svg").read_text()


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def render(source, request=None, **context):
    return engines["django"].from_string(source).render(context, request)


class Form(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="Only for this lead.")
    source = forms.ChoiceField(label="Source", choices=[("fair", "Trade fair")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="May be called", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_names_its_error_and_its_help():
    html = render("{% field form.email %}", form=Form({"email": "no"}))

    assert 'aria-describedby="id_email_error id_email_helptext"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert 'for="id_email"' in html


def test_a_field_says_in_a_word_whether_it_is_required():
    form = Form()

    assert "required" in re.findall(r"field-need[^>]*>(\w+)<", render("{% field form.email %}", form=form))
    form.fields["email"].required = False
    assert "optional" in re.findall(r"field-need[^>]*>(\w+)<", render("{% field form.email %}", form=form))


def test_a_field_keeps_what_was_entered_and_escapes_it():
    html = render("{% field form.email %}", form=Form({"email": '"><script>'}))

    assert 'value="&quot;&gt;&lt;script&gt;"' in html


def test_choices_are_a_group_with_a_legend():
    html = render("{% field form.source %}", form=Form({}))

    assert "<fieldset" in html
    assert "<legend" in html
    assert 'aria-describedby="id_source_error"' in html
    assert re.search(r'<label for="id_source_0">\s*<input type="radio"[^>]*class="[^"]*form-check-input', html)


def test_the_summary_links_to_each_wrong_field_and_says_which():
    html = render("{% form_errors form %}", form=Form({}))

    assert '<a href="#id_email">E-mail: This field is required.</a>' in html
    assert '<a href="#id_source_0">Source: This field is required.</a>' in html
    assert "data-focus" in html


def test_a_form_without_errors_has_no_summary():
    assert render("{% form_errors form %}", form=Form()).strip() == ""


def test_all_fields_come_out_with_the_hidden_ones():
    html = render("{% fields form %}", form=Form())

    assert all(f'name="{name}"' in html for name in Form().fields)


def test_a_button_prints_the_key_that_presses_it():
    html = render('{% button "Accept" key="1" name="action" value="accept" %}')

    assert 'data-key="1"' in html
    assert 'aria-keyshortcuts="1"' in html
    assert "<kbd" in html


def test_a_card_is_named_by_its_heading():
    html = render('{% card title="Why it qualified" side="sales" id="verdict-3" %}<p>x</p>{% endcard %}')

    assert 'aria-labelledby="verdict-3-heading"' in html
    assert 'id="verdict-3-heading">Why it qualified' in html
    assert "<p>x</p>" in html


def test_a_card_escapes_a_title_that_people_wrote():
    html = render("{% card title=name %}{{ name }}{% endcard %}", name="<b>Acme</b>")

    assert "<b>" not in html


def test_a_criterion_says_in_words_whether_it_is_met():
    items = [{"met": met, "text": "Industry", "points": 5} for met in (True, False, None)]

    html = render("{% criteria items %}", items=items)

    assert [f'aria-label="{word}"' in html for word in ("met", "not met", "not known")] == [True] * 3


def test_a_path_marks_the_place_reached():
    items = [{"label": "Offered", "state": "current"}, {"label": "Won", "state": "todo"}]

    html = render('{% steps items label="Path" %}', items=items)

    assert html.count('aria-current="step"') == 1
    assert "still to come" in html


def test_a_chart_carries_its_sentence_and_its_table_without_scripts():
    spec = {"title": "</figure><script>"}

    html = render(
        '{% chart id="c" spec=spec caption=caption %}<table></table>{% endchart %}', spec=spec, caption="More won."
    )

    assert html.count("More won.") == 2
    assert "<table></table>" in html
    assert "<script" not in html


def test_a_bar_says_its_number_in_text():
    assert "42 %" in render('{% bar 0.42 label="42 %" %}')


def page(**context):
    request = RequestFactory().get("/leads/?page=2")
    request.user = AnonymousUser()
    return render_to_string("base.html", context, request=request)


def test_the_title_says_error_when_the_form_has_errors():
    assert "<title>Error: " in page(form=Form({}))
    assert "<title>Error: " not in page(form=Form())


@pytest.mark.parametrize(
    ("theme", "attribute"), [("dark", ' data-bs-theme="dark"'), ("light", ' data-bs-theme="light"')]
)
def test_a_chosen_theme_is_rendered_by_the_server(theme, attribute):
    assert attribute in page(theme=theme)


def test_without_a_choice_the_system_decides_the_theme():
    assert "data-bs-theme" not in page(theme="auto")
    assert "data-bs-theme" not in page(theme='"><script>')


def test_navigation_marks_where_one_is():
    items = [
        SimpleNamespace(label="Home", url="/", icon="home", active=False, count=None, step=""),
        SimpleNamespace(label="Inbox", url="/handoffs/", icon="inbox", active=True, count=7, step="Hand off"),
    ]

    html = page(navigation=items)

    assert re.findall(r'href="([^"]*)" aria-current="page"', html) == ["/handoffs/"]
    assert re.search(r"nav-count[^>]*>7<span class=\"visually-hidden\"> waiting", html)


@pytest.mark.parametrize("name", ["400", "403", "404", "429", "500", "503"])
def test_an_error_page_needs_nothing_to_be_shown(name):
    html = get_template(f"{name}.html").render()

    assert "<h1" in html
    assert 'id="main"' in html


def test_an_error_page_shows_the_reason_it_was_given():
    assert "Ask in a minute." in render_to_string("503.html", {"message": "Ask in a minute."})


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix())
def test_a_template_obeys_the_content_policy(path: Path):
    if "email" in path.parts:
        pytest.skip("a mail has no content policy")
    source = path.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|hx-on|hx-vals=.js:|javascript:", source)
    for tag in re.findall(r"<script[^>]*>", source):
        assert "src=" in tag or 'type="application/json"' in tag


def test_every_icon_that_a_template_names_exists():
    known = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))

    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r'{% icon "([^"]+)"|icon="([^"]+)"|icon\|default:"([^"]+)"', path.read_text())
        for name in name
        if name
    }

    assert named <= known, f"add to static/img/icons.svg: {sorted(named - known)}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_a_way_in_wears_our_frame_and_is_marked_as_one(client, name):
    html = client.get(reverse(name)).content.decode()

    # A fragment request that ends here must reload the page instead of swapping this into it.
    assert re.search(r"<html[^>]* data-entrance", html)
    assert html.count("<h1") == 1


@pytest.mark.parametrize("name", ["account_change_password", "mfa_index", "account_logout"])
def test_a_page_of_the_account_wears_our_frame(signed_in, mai, name):
    html = signed_in(mai).get(reverse(name)).content.decode()

    assert html.count("<h1") == 1
    assert 'id="main"' in html
    assert "data-bs-theme" not in html


@pytest.mark.django_db
def test_a_refused_sign_in_keeps_the_address_and_says_what_to_mend(client):
    html = client.post(reverse("account_login"), {"login": "mai@example.com"}).content.decode()

    assert 'value="mai@example.com"' in html
    assert '<a href="#id_password">' in html
    assert "<title>Error: " in html


def test_the_sign_in_page_offers_the_people_of_the_demo():
    people = [SimpleNamespace(label="Sales rep", email="ren@example.com", side="sales", text="")]
    request = RequestFactory().get("/accounts/login/")
    request.user = AnonymousUser()

    html = render_to_string(
        "account/_demo_people.html", {"demo_people": people, "enter_url": "/demo/enter/"}, request=request
    )

    assert '<input type="hidden" name="email" value="ren@example.com">' in html
    assert 'method="post"' in html
