"""A person at a browser: finds things by role and name in their own language, and notes every fault of a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from alignment.kernel import formats
from handoff.models import Clock, RejectionReason
from handoff.rules.clocks import Duty
from leads.rules.activities import ActivityKind

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
EXPECTED = re.compile(
    r"Failed to load resource: the server responded with a status of (400|403|409|422)|htmx:(sendAbort|afterRequest),"
)
"""What the browser says about a refusal, and htmx about a request that a newer one has replaced."""

TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  const { violatedDirective, blockedURI, sourceFile, lineNumber } = event;
  window.tellViolation(`${violatedDirective}: ${blockedURI} ${sourceFile ?? ""}:${lineNumber}`);
});
"""
NEXT_SWAP = """() => {
  window.swapped = new Promise((done, fail) => {
    document.addEventListener("htmx:afterSettle", () => setTimeout(done), { once: true });
    setTimeout(fail, 8000, new Error("no answer was swapped into the page"));
  });
  window.swapped.catch(() => {});
}"""
AT_REST = """async () => {
  for (let frame = 0, still = 0; frame < 30 && still < 3; frame += 1) {
    await new Promise(requestAnimationFrame);
    still = document.getAnimations().some((one) => one.transitionProperty) ? 0 : still + 1;
  }
}"""
"""Colours that fade into another theme have arrived."""
RUN_AXE = "(rules) => axe.run(document, { resultTypes: ['violations'], preload: false, ...rules })"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
LOOKS = (
    (WIDE, "light", RULES),
    (WIDE, "dark", CONTRAST),
    (NARROW, "dark", CONTRAST),
    (NARROW, "light", RULES),
)
"""Another theme changes nothing but colours; in this order each look differs from the one before by one thing."""


@cache
def _axe() -> str:
    return (Path(settings.NODE_MODULES) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


class Visitor:
    """One page in one browser context."""

    def __init__(self, context: BrowserContext, *, address: str, language: str, scripts: bool = True) -> None:
        self.address, self.language, self.scripts = address, language, scripts
        self.faults: list[str] = []
        if scripts:
            context.expose_function("tellViolation", lambda text: self.faults.append(f"policy: {text}"))
            context.add_init_script(TELL_VIOLATIONS)
        self.page: Page = context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._note_request)
        self.page.on("response", self._note_response)

    # -- words ------------------------------------------------------------------------------------------------------

    def say(self, text: str, *, context: str = "", **values: Any) -> str:
        """The text as this person reads it."""
        with translation.override(self.language):
            found = pgettext(context, text) if context else gettext(text)
        return found % values if values else found

    def say_many(self, one: str, many: str, number: int, **values: Any) -> str:
        with translation.override(self.language):
            return ngettext(one, many, number) % values

    def word(self, label: Any) -> str:
        """A lazy label, such as the one of a choice, as this person reads it."""
        with translation.override(self.language):
            return str(label)

    # -- going and finding -----------------------------------------------------------------------------------------

    def open(self, name: str, *args: Any) -> None:
        """Type the address of a page; it has to be there."""
        self.go(reverse(name, args=args))

    def go(self, path: str) -> None:
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.ok, f"{response.status} {path}"

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.address)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def button(self, text: str, *, within: Locator | None = None, **say: Any) -> Locator:
        return (within or self.main).get_by_role("button", name=self.say(text, **say), exact=True)

    def link(self, text: str, *, within: Locator | None = None, **say: Any) -> Locator:
        return (within or self.main).get_by_role("link", name=self.say(text, **say), exact=True)

    def step(self, text: str, *, within: Locator | None = None, **say: Any) -> Locator:
        """What opens a step in place: a button with scripts or without."""
        return (within or self.main).locator("summary").filter(has_text=self._whole(self.say(text, **say)))

    def menu(self, text: str) -> Locator:
        """A way of the main navigation."""
        ways = self.page.get_by_role("navigation", name=self.say("Main navigation"), exact=True)
        return ways.get_by_role("link", name=self.say(text))

    def part(self, text: str, **say: Any) -> Locator:
        """A part of the page with this heading or label."""
        return self.main.get_by_role("region", name=self.say(text, **say), exact=True)

    def group(self, text: str, *, within: Locator | None = None, **say: Any) -> Locator:
        return (within or self.main).get_by_role("group", name=self.say(text, **say))

    def choose(self, label: str | Any, *, within: Locator | None = None) -> None:
        """Choose one of several answers."""
        (within or self.main).get_by_role("radio", name=re.compile(rf"^{re.escape(label)}", re.IGNORECASE)).check()

    def heading(self, text: str | re.Pattern[str]) -> Locator:
        return self.main.get_by_role("heading", name=text)

    def field(self, label: str, *, within: Locator | None = None, **say: Any) -> Locator:
        """The input with this label; the label may also say whether it has to be filled in."""
        needs = "|".join(re.escape(self.say(need, context="form field")) for need in ("required", "optional"))
        name = re.escape(self.say(label, **say))
        labelled = (within or self.main).get_by_label(re.compile(rf"^\s*{name}\s*({needs})?\s*$"))
        return labelled.and_(self.page.locator("input, select, textarea"))

    def reason_label(self, code: str) -> str:
        """A reason for giving a lead back, as this person reads it."""
        with translation.override(self.language):
            return RejectionReason.objects.get(code=code).label

    def reason(self, code: str, *, within: Locator) -> Locator:
        """The button or link of a reason on a card."""
        words = self.reason_label(code)
        return within.get_by_role("button", name=words).or_(within.get_by_role("link", name=words))

    def kind_of_activity(self, kind: ActivityKind) -> Locator:
        """What opens the form for a call, a mail, a meeting."""
        return self.main.locator("summary").filter(has_text=self._whole(self.word(kind.label)))

    def offer(self, name: str) -> Locator:
        """The card of an offer."""
        return self.page.get_by_role("article", name=name, exact=True)

    def sees(self, text: str, *, within: Locator | None = None, **say: Any) -> None:
        """Insist that the text is in sight."""
        expect((within or self.main).get_by_text(self.say(text, **say)).first).to_be_visible()

    def sees_accepted(self, name: str) -> None:
        """Insist on the line that says who was accepted, and by when to call."""
        clock = Clock.objects.get(handoff__lead__full_name=name, duty=Duty.FIRST_ATTEMPT)
        at = formats.datetime(clock.due_at, zone=ZoneInfo("Asia/Tokyo"), language=self.language)
        self.sees("You accepted %(name)s. First call by %(at)s", name=name, at=at)

    def focused(self) -> Locator:
        return self.page.locator(":focus")

    def has_focus_somewhere(self) -> bool:
        return bool(self.page.evaluate("document.activeElement !== null && document.activeElement !== document.body"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @contextmanager
    def swap(self) -> Iterator[None]:
        """Wait until htmx has put its answer into the page; then somebody has to have the focus."""
        self.page.evaluate(NEXT_SWAP)
        yield
        self.page.evaluate("() => window.swapped")
        assert self.has_focus_somewhere(), "the focus was lost to <body>"

    # -- judging a page ----------------------------------------------------------------------------------------------

    def inspect(self) -> None:
        """Nobody is kept out: axe in both widths and both themes, no scrolling sideways, no fault so far."""
        where = f"{self.path} in {self.language}"
        for size, scheme, rules in LOOKS:
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(AT_REST)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{where} is {width} px wide on a screen of {size['width']} px"
            found = self.axe(rules)
            assert not found, f"{where}, {size['width']} px, {scheme}:\n" + "\n".join(found)
        self.page.set_viewport_size(WIDE)
        self.is_clean()

    def axe(self, rules: dict[str, Any]) -> list[str]:
        """What axe finds on the page as it stands."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        found = self.page.evaluate(RUN_AXE, rules)
        return [_said(violation) for violation in found["violations"]]

    def is_clean(self) -> None:
        """Nothing was refused by the policy, logged as an error, or fetched from elsewhere."""
        assert not self.faults, "\n".join(self.faults)

    def screen(self) -> str:
        """What is on the screen, for the report of a failure."""
        page = self.main.aria_snapshot() if self.main.count() else ""
        return "\n".join([*self.faults, page[-6000:]])

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.match(message.text):
            self.faults.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"elsewhere: {request.url}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status}: {response.url}")

    @staticmethod
    def _whole(text: str) -> re.Pattern[str]:
        return re.compile(rf"^\s*{re.escape(text)}\s*\d?\s*$", re.IGNORECASE)


def _said(violation: dict[str, Any]) -> str:
    nodes = [f"  {node['target']}: {node['failureSummary']} {node['html'][:200]}" for node in violation["nodes"][:5]]
    return "\n".join([f"{violation['id']}: {violation['help']}", *nodes])


Enter = Callable[..., Visitor]
