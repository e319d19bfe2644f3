"""The whole loop once, by everybody who takes part in it: from a definition to what both sides change about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils import timezone, translation

from alignment.accounts.models import Team, User
from alignment.kernel import formats
from alignment.outbox import services as outbox
from handoff.models import Handoff
from handoff.rules.workflow import Status
from leads.models import Deal
from leads.rules.activities import ActivityKind, Outcome
from leads.rules.conditions import parse
from leads.rules.fields import FIELDS
from leads.rules.sentences import say as sentence
from reviews.kpis.registry import KPIS
from reviews.services.reviews import build_due_reviews
from tests import factories
from tests.conftest import TOKYO
from tests.e2e.clock import Clock
from tests.e2e.visitor import Enter, Visitor, expect
from tests.touch_words import VOCABULARY, labels

LARGE = {"field": "employees", "op": "at_least", "value": 100}
DOWNLOADED = {"touches": {"kind": "download", "at_least": 1, "within_days": 30}}


@dataclass(frozen=True)
class Words:
    """What people type, in the language of the test."""

    tanaka: str
    suzuki: str
    company: str
    other_company: str
    source: str
    why: str
    also: str
    need: str
    comment: str
    action: str


WORDS = {
    "en": Words(
        tanaka="Hanako Tanaka",
        suzuki="Jiro Suzuki",
        company="Yamada Works",
        other_company="Suzuki Foods",
        source="Exhibition",
        why="Smaller plants have no budget",
        also="Whoever reads has a question",
        need="Sales asked for leads that can buy",
        comment="They decide in autumn.",
        action="Ask for the plant's size at the fair",
    ),
    "ja": Words(
        tanaka="田中 花子",
        suzuki="鈴木 次郎",
        company="山田製作所",
        other_company="鈴木食品",
        source="展示会",
        why="小さな工場には予算がない",
        also="資料を読む人には疑問がある",
        need="購買できるリードだけを営業が求めている",
        comment="秋に決定するとのこと。",
        action="展示会で従業員数を聞く",
    ),
}


@pytest.fixture
def words(language: str) -> Words:
    return WORDS[language]


@pytest.fixture
def rule(people: dict[str, User], field_sales: Team) -> str:
    """Ren and Riku take turns."""
    return factories.routing_rule(field_sales, name="Field").name


def test_the_story(enter: Enter, people: dict[str, User], rule: str, words: Words, clock: Clock) -> None:
    _agree(enter(), enter(people["sora"]), people, words)
    tanaka, suzuki = _capture(enter(people["mai"]), people, words)
    rep = enter(tanaka.offered_to)
    assert suzuki.offered_to != tanaka.offered_to  # they take turns
    _accept_and_win(rep, tanaka, words)
    _reject(enter(suzuki.offered_to), suzuki, words)
    _measure(enter(people["mai"]), words)
    clock.move_to(datetime(2026, 5, 8, 10, 0, tzinfo=TOKYO))
    _review(enter(people["aoi"]), people, words)
    _mails(mai := enter(people["mai"]), people, words, tanaka)
    _leave(mai)


def _agree(aoi: Visitor, sora: Visitor, people: dict[str, User], words: Words) -> None:
    """Marketing's manager drafts and signs, sales' manager signs: from then on it is in force."""
    _sign_in(aoi, people["aoi"])
    aoi.inspect()
    aoi.menu("Lead definition").click()
    aoi.inspect()
    aoi.button("Draft the first version").click()
    _write_definition(aoi, words)
    expect(aoi.main).to_contain_text(_sentence(aoi, LARGE))
    aoi.inspect()

    aoi.field("Why is this version needed?").fill(words.need)
    aoi.button("Propose to both sides").click()
    aoi.sees("Proposed. The managers who have to sign were told.")
    aoi.button("Sign for marketing").click()
    aoi.sees("Signed. Now it is the other side's turn.")

    sora.open("home")
    sora.inspect()
    sora.main.get_by_role("listitem").filter(has_text=re.compile(r"1")).get_by_role("link").first.click()
    expect(sora.main).to_contain_text(words.need)
    sora.inspect()
    sora.button("Sign for sales").click()
    sora.sees("Signed by both sides: this version is in force.")
    sora.menu("Lead definition").click()
    expect(sora.main).to_contain_text(_sentence(sora, DOWNLOADED))
    sora.inspect()


def _sign_in(visitor: Visitor, person: User) -> None:
    visitor.open("home")
    visitor.inspect()
    visitor.page.get_by_role("textbox").first.fill(person.email or "")
    visitor.page.locator("input[type=password]").fill("correct-horse-battery")
    visitor.button("Sign in").click()
    expect(visitor.heading(visitor.say("Hello, %(name)s", name=person.full_name))).to_be_visible()


def _write_definition(aoi: Visitor, words: Words) -> None:
    """Two criteria, of which the first alone is enough."""
    with aoi.swap():
        aoi.button("Add a criterion").click()
    first = aoi.group("Criterion %(number)s", number=1)
    with aoi.swap():
        aoi.field("Fact", within=first).select_option(label=aoi.word(FIELDS["employees"].label))
    with aoi.swap():
        aoi.field("Operator", within=first).select_option(value="at_least")
    aoi.field("Value", within=first).fill("100")
    aoi.field("Points", within=first).fill("20")
    aoi.field("Why", within=first).fill(words.why)
    expect(first).to_contain_text(_sentence(aoi, LARGE))

    with aoi.swap():
        aoi.button("Add a criterion").click()
    second = aoi.group("Criterion %(number)s", number=2)
    with aoi.swap():
        aoi.field("Fact", within=second).select_option(value="touches")
    aoi.field("Kind of touch", within=second).select_option(label=labels(aoi.language)["download"])
    aoi.field("Within days", within=second).fill("30")
    aoi.field("Why", within=second).fill(words.also)
    aoi.field("Points needed").fill("20")
    expect(second).to_contain_text(_sentence(aoi, DOWNLOADED))
    aoi.inspect()
    aoi.button("Save the draft").click()
    aoi.page.wait_for_url("**/definition/1/")


def _capture(mai: Visitor, people: dict[str, User], words: Words) -> tuple[Handoff, Handoff]:
    """Two leads by form: judged at once, and offered with the reason why they went there."""
    handoffs = []
    for name, company, employees in ((words.tanaka, words.company, 320), (words.suzuki, words.other_company, 150)):
        mai.open("handoff:submit")
        mai.field("Name").fill(name)
        mai.field("Company").fill(company)
        mai.field("Employees").fill(str(employees))
        mai.field("Source").fill(words.source)
        touch = mai.group("Touch %(number)s", number=1)
        mai.field("What they did", within=touch).select_option(label=labels(mai.language)["download"])
        if not handoffs:
            mai.inspect()
        mai.button("Submit").click()

        expect(mai.heading(name)).to_be_visible()
        mai.sees("It qualifies")
        expect(mai.main).to_contain_text(_sentence(mai, LARGE))
        expect(mai.main).to_contain_text(_sentence(mai, DOWNLOADED))
        handoff = Handoff.objects.select_related("offered_to", "lead").get(lead__full_name=name)
        assert handoff.offered_to in (people["ren"], people["riku"])
        why = "Rule “%(rule)s”: it was the turn of %(person)s among the %(count)s available people of %(team)s."
        values = {"rule": "Field", "person": handoff.offered_to.full_name, "count": "2", "team": "Field sales"}
        one = "Rule “%(rule)s”: %(person)s is the only available person of %(team)s."
        expect(mai.main).to_contain_text(mai.say_many(one, why, 2, **values))
        handoffs.append(handoff)
    mai.inspect()
    return handoffs[0], handoffs[1]


def _accept_and_win(rep: Visitor, handoff: Handoff, words: Words) -> None:
    """Accepted with one key, called, a deal opened and won."""
    rep.open("handoff:inbox")
    rep.inspect()
    rep.offer(words.tanaka).focus()
    with rep.swap():
        rep.press("1")
    rep.sees_accepted(words.tanaka)
    rep.link("Open the lead").click()
    expect(rep.heading(words.tanaka)).to_be_visible()
    rep.sees("Attempt %(attempt)s", attempt=1)

    rep.kind_of_activity(ActivityKind.CALL).click()
    rep.choose(rep.word(Outcome.SPOKE.label))
    rep.inspect()
    rep.button("Record").click()
    rep.sees("The activity is recorded.")

    rep.link("Open a deal").click()
    rep.field("Amount").fill("1,200,000")
    rep.field("Decision expected on").fill("2026-05-20")
    rep.inspect()
    rep.button("Open the deal").click()
    rep.sees("The deal is open.")
    rep.step("Won").click()
    rep.choose(rep.word(Deal.WinReason.TRUST.label))
    rep.inspect()
    rep.button("Record the win").click()
    rep.sees("Won. Congratulations!")
    rep.inspect()


def _reject(rep: Visitor, handoff: Handoff, words: Words) -> None:
    """Given back by keyboard, with a reason and the day on which marketing gets the lead again."""
    rep.open("handoff:inbox")
    card = rep.offer(words.suzuki)
    card.focus()
    rep.press("2")
    with rep.swap():
        rep.link("Add a comment, or choose what happens next and when", within=card).press("Enter")
    back_on = timezone.localdate() + timedelta(days=45)
    with translation.override(rep.language):
        day = formats.date(back_on)
    rep.choose(rep.reason_label("timing"), within=card)
    rep.field("What should marketing know?", within=card).fill(words.comment)
    rep.field("Back to marketing on", within=card).fill(back_on.isoformat())
    rep.inspect()
    with rep.swap():
        rep.button("Reject", within=card).press("Enter")

    rep.sees("You gave %(name)s back to marketing.", name=words.suzuki)
    handoff.refresh_from_db()
    assert (handoff.status, handoff.recycle_on, handoff.comment) == (Status.REJECTED, back_on, words.comment)
    rep.link("Details").click()
    rep.sees("back to marketing on %(date)s", date=day)
    rep.inspect()


def _measure(mai: Visitor, words: Words) -> None:
    """The figure counts the deal, and opens as many records as it says."""
    mai.open("reviews:kpis")
    mai.inspect()
    for key, count in (("deals_won", 1), ("mql", 2), ("rejected", 1)):
        mai.open("reviews:kpis")
        name = mai.word(KPIS[key].label)
        figure = mai.part("All figures and how they are counted").get_by_role("row").filter(has_text=name)
        shown = figure.get_by_role("link", name=re.compile(rf"^{count}\b.*{re.escape(name)}")).first
        shown.click()
        expect(mai.heading(name)).to_be_visible()
        expect(mai.page.get_by_role("row")).to_have_count(1 + count)
    mai.open("reviews:kpi-rows", "deals_won")
    expect(mai.main.get_by_role("table")).to_contain_text(words.source)
    mai.inspect()
    mai.open("reviews:kpi", "acceptance_rate")
    mai.inspect()


def _review(aoi: Visitor, people: dict[str, User], words: Words) -> None:
    """The month is over: its review is there, with frozen figures, and both sides decide on an action."""
    build_due_reviews(now=timezone.now())
    aoi.open("reviews:list")
    aoi.inspect()
    aoi.main.get_by_role("row").get_by_role("link").first.click()
    won = aoi.main.get_by_role("row").filter(has_text=aoi.word(KPIS["deals_won"].label)).first
    expect(won.get_by_role("cell").first).to_contain_text("1")

    actions = aoi.part("Actions")
    aoi.field("What is to be done", within=actions).fill(words.action)
    aoi.field("Who takes it on", within=actions).select_option(label=people["mai"].full_name)
    aoi.field("By when", within=actions).fill("2026-06-01")
    with aoi.swap():
        aoi.button("Add", within=actions).click()
    expect(aoi.part("Actions").get_by_role("listitem")).to_contain_text([words.action])
    aoi.inspect()


def _mails(mai: Visitor, people: dict[str, User], words: Words, offered: Handoff) -> None:
    """What left is in the mailbox: the offer to the rep, the decisions, the review to those who take part."""
    assert outbox.sweep(now=timezone.now()) >= 6
    mai.open("demo:mailbox")
    mai.inspect()
    offer = mai.page.get_by_role("row").filter(has_text=offered.offered_to.email).filter(has_text=words.tanaka)
    expect(offer).to_have_count(1)
    offer.get_by_role("link").click()
    expect(mai.main).to_contain_text(words.company)
    expect(mai.main).to_contain_text(_sentence(mai, LARGE))
    mai.inspect()


def _leave(mai: Visitor) -> None:
    """After signing out the browser holds nothing more: neither where scripts may store, nor behind Back."""
    mai.open("leads:list")
    person = mai.page.locator("details.person")
    person.locator("summary").click()
    mai.button("Sign out", within=person).click()
    expect(mai.page.locator("input[type=password]")).to_be_visible()
    assert mai.page.evaluate("() => Object.keys(localStorage)") == []

    mai.page.go_back()
    expect(mai.page.locator("input[type=password]")).to_be_visible()


def _sentence(visitor: Visitor, condition: dict[str, object]) -> str:
    with translation.override(visitor.language):
        return sentence(parse(condition, VOCABULARY))
