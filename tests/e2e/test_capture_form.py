"""A visitor sends a capture form: without scripts on its own page, and in a frame of another site."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.urls import reverse

from alignment.accounts.models import User
from leads.models import CaptureForm, FormSubmission, Lead
from leads.rules.capture_forms import Asked
from leads.selectors.capture_forms import placement_of
from leads.services import capture_forms
from leads.services.capture_forms import FormData, FormTexts
from tests.e2e.clock import Clock
from tests.e2e.visitor import Enter, Visitor, expect

TITLES = {"en": "Request our catalogue", "ja": "カタログのご請求"}


class OtherSite(BaseHTTPRequestHandler):
    """A page of somebody else that holds the snippet."""

    snippet = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>Shop</title><main><h1>Shop</h1>{self.snippet}</main>".encode())

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def other_site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OtherSite)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def form(people: dict[str, User], clock: Clock, other_site: str) -> CaptureForm:
    texts = {
        "en": FormTexts(TITLES["en"], "We send it to you.", "It is on its way.", "We use it to answer you."),
        "ja": FormTexts(TITLES["ja"], "お送りします。", "お送りしました。", "回答に使います。"),
    }
    asked = [Asked("company_name", required=True), Asked("email", required=True), Asked("note", required=False)]
    data = FormData(name="Catalogue", texts=texts, asked=asked, source="web", origins=other_site)
    made = capture_forms.save_form(form_id=None, data=data, actor=people["mai"], now=clock())
    return capture_forms.publish(form_id=made.pk, actor=people["mai"], now=clock())


def forgive(visitor: Visitor, other_site: str) -> None:
    """That somebody is on another site is no fault here."""
    visitor.faults[:] = [fault for fault in visitor.faults if not fault.startswith(f"elsewhere: {other_site}")]


def fill_in(visitor: Visitor, main) -> None:
    visitor.field("Company", within=main).fill("Works")
    visitor.field("E-mail address", within=main).fill("hanako@works.example")
    main.get_by_label(visitor.say("I agree")).check()
    visitor.page.wait_for_timeout(2100)  # as long as a human takes at least


def test_a_form_is_sent_without_scripts(enter: Enter, form: CaptureForm, language: str) -> None:
    visitor = enter(scripts=False)
    visitor.go(reverse("handoff:form-page", args=[form.key]) + "?utm_source=news")
    expect(visitor.heading(TITLES[language])).to_be_visible()

    visitor.main.locator(".public-send").click()
    expect(visitor.focused()).to_have_class("error-summary")
    fill_in(visitor, visitor.main)
    visitor.field("E-mail address").press("Enter")

    visitor.sees({"en": "It is on its way.", "ja": "お送りしました。"}[language])
    assert FormSubmission.objects.get().utm_source == "news"
    assert visitor.page.context.cookies() == []


def test_its_pages_keep_nobody_out(enter: Enter, form: CaptureForm) -> None:
    visitor = enter()
    visitor.go(reverse("handoff:form-page", args=[form.key]))
    visitor.inspect()
    visitor.main.locator(".public-send").click()
    expect(visitor.page.locator(".error-summary")).to_be_visible()
    visitor.inspect()
    visitor.go(reverse("handoff:form-thanks", args=[form.key]))
    visitor.inspect()


def test_its_pages_in_the_portal_keep_nobody_out(enter: Enter, form: CaptureForm, people: dict[str, User]) -> None:
    visitor = enter(people["mai"])
    for name, arguments in (("form-list", []), ("form-detail", [form.pk]), ("form-edit", [form.pk])):
        visitor.open(f"leads:{name}", *arguments)
        visitor.inspect()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_form_is_sent_in_a_frame_of_another_site(
    enter: Enter, form: CaptureForm, language: str, other_site: str, live_server, settings, scripts: bool
) -> None:
    settings.SITE_URL = live_server.url
    OtherSite.snippet = placement_of(form, language=language).snippet
    visitor = enter(scripts=scripts)
    visitor.page.goto(f"{other_site}/offer?utm_source=news&mail=secret")
    frame = visitor.page.frame_locator("iframe")
    height = visitor.page.locator("iframe").evaluate("frame => frame.clientHeight") if scripts else 0

    if scripts:
        expect(frame.locator('[data-origin="utm_source"]')).to_have_value("news")
    fill_in(visitor, frame.locator("main"))
    frame.locator(".public-send").click()

    expect(frame.get_by_text({"en": "It is on its way.", "ja": "お送りしました。"}[language])).to_be_visible()
    forgive(visitor, other_site)
    found = FormSubmission.objects.get()
    assert Lead.objects.get().company_name == "Works"
    assert found.landing_page.startswith(other_site)
    if scripts:
        assert (found.utm_source, found.landing_page) == ("news", f"{other_site}/offer")
        visitor.page.wait_for_function("before => document.querySelector('iframe').clientHeight < before", arg=height)


def test_a_site_that_the_form_does_not_name_shows_nothing_of_it(
    enter: Enter, form: CaptureForm, language: str, other_site: str, live_server, settings
) -> None:
    CaptureForm.objects.update(origins=["https://www.example.com"])
    settings.SITE_URL = live_server.url
    OtherSite.snippet = placement_of(form, language=language).snippet
    visitor = enter(scripts=False)
    visitor.page.goto(other_site)

    expect(visitor.page.locator("iframe")).to_be_visible()
    _site, framed = visitor.page.frames
    assert TITLES[language] not in framed.content()
    visitor.faults.clear()  # the browser tells that it was refused
