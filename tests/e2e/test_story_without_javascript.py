"""The core of the loop where no script runs: old browsers, strict companies, broken networks."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from handoff.models import Handoff
from handoff.rules.workflow import Status
from leads.models import Deal, DefinitionVersion
from leads.rules.activities import ActivityKind, Outcome
from leads.rules.fields import FIELDS
from tests.e2e.visitor import Enter, Visitor, expect

NAMES = ("Hanako Tanaka", "Jiro Suzuki", "Yuki Mori", "Akira Ono")
COMPANY = "Yamada Works"


@pytest.fixture
def rep(enter: Enter, people) -> Visitor:
    return enter(people["ren"], scripts=False)


def test_the_core_path_without_scripts(enter: Enter, rep: Visitor, people, agreed):
    people["riku"].is_active = False  # every offer goes to Ren
    people["riku"].save()
    _submit_leads(enter(people["mai"], scripts=False))

    rep.open("handoff:inbox")
    _accept(rep, NAMES[0])
    _reject(rep)
    _work(rep)

    deal = Deal.objects.get()
    assert (deal.amount, deal.win_reason, deal.lead.full_name) == (1_200_000, "trust", NAMES[0])
    assert list(Handoff.objects.order_by("pk").values_list("status", "reason__code")) == [
        (Status.ACCEPTED, None),
        (Status.REJECTED, "timing"),
        (Status.REJECTED, "no_fit"),
        (Status.REJECTED, "timing"),
    ]


def _submit_leads(mai: Visitor) -> None:
    """By form: the verdict and where it went stand on the page that follows. A row of touches is added by a button."""
    for number, name in enumerate(NAMES):
        mai.open("handoff:submit")
        mai.field("Name").fill(name)
        mai.field("Company").fill(COMPANY)
        mai.field("Employees").fill("320")
        mai.field("Source").fill("Web")
        if not number:
            mai.button("Add a row").click()
            expect(mai.group("Touch %(number)s", number=3)).to_be_visible()
            expect(mai.field("Name")).to_have_value(name)
        mai.button("Submit").click()
        mai.sees("It qualifies")
        expect(mai.main).to_contain_text("Ren")
    mai.open("handoff:submit")
    mai.field("Name").fill(NAMES[0])
    mai.button("Submit").click()
    mai.sees("Enter where the lead came from.")
    expect(mai.field("Name")).to_have_value(NAMES[0])


def _accept(rep: Visitor, name: str) -> None:
    rep.button("Accept", within=rep.offer(name)).click()
    rep.sees_accepted(name)
    expect(rep.offer(name)).to_have_count(0)


def _reject(rep: Visitor) -> None:
    """With one click on a reason; with a comment, on a page of its own; and with a day to come back."""
    _one, quick, commented, dated = NAMES
    rep.step("Reject", within=rep.offer(quick)).click()
    rep.reason("timing", within=rep.offer(quick)).click()
    rep.sees("You gave %(name)s back to marketing.", name=quick)

    rep.step("Reject", within=rep.offer(commented)).click()
    rep.reason("no_fit", within=rep.offer(commented)).click()
    rep.button("Reject").click()
    comment = rep.field("What should marketing know?")
    expect(comment).to_have_attribute("aria-invalid", "true")
    comment.fill("Too small")
    rep.button("Reject").click()
    rep.sees("You gave %(name)s back to marketing.", name=commented)

    back_on = timezone.localdate() + timedelta(days=45)
    rep.step("Reject", within=rep.offer(dated)).click()
    rep.link("Add a comment, or choose what happens next and when", within=rep.offer(dated)).click()
    rep.choose(rep.reason_label("timing"))
    rep.field("Back to marketing on").fill(back_on.isoformat())
    rep.button("Reject").click()
    assert Handoff.objects.get(lead__full_name=dated).recycle_on == back_on


def _work(rep: Visitor) -> None:
    """A call, a deal, a win."""
    rep.link(NAMES[0]).click()
    rep.link("Open the lead").click()
    expect(rep.link("Handoffs of this lead")).to_be_visible()
    rep.kind_of_activity(ActivityKind.CALL).click()
    rep.choose(rep.word(Outcome.SPOKE.label))
    rep.button("Record").locator("visible=true").click()
    rep.sees("The activity is recorded.")

    rep.link("Open a deal").click()
    rep.field("Amount").fill("1,200,000")
    rep.button("Open the deal").click()
    rep.sees("The deal is open.")
    rep.step("Won").click()
    rep.choose(rep.word(Deal.WinReason.TRUST.label))
    rep.button("Record the win").click()
    rep.sees("Won. Congratulations!")


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_a_definition_is_written_and_signed_without_scripts(enter: Enter, people):
    aoi, sora = enter(people["aoi"], scripts=False), enter(people["sora"], scripts=False)
    aoi.open("leads:definition")
    aoi.button("Draft the first version").click()
    aoi.button("Add a criterion").click()
    aoi.field("Fact").select_option(label=aoi.word(FIELDS["employees"].label))
    aoi.button("Next", context="builder").click()
    aoi.field("Operator").select_option(value="at_least")
    aoi.field("Value").fill("100")
    aoi.field("Why").fill("Budget")
    aoi.field("Points needed").fill("10")
    aoi.button("Save the draft").click()
    aoi.field("Why is this version needed?").fill("It is the first")
    aoi.button("Propose to both sides").click()
    aoi.button("Sign for marketing").click()
    sora.open("leads:definition-version", 1)
    sora.button("Sign for sales").click()

    sora.sees("Signed by both sides: this version is in force.")
    version = DefinitionVersion.objects.get()
    assert version.status == "in_force"
    assert [line.condition for line in version.criteria.all()] == [
        {"field": "employees", "op": "at_least", "value": 100}
    ]


@pytest.mark.parametrize("language", ["en"], indirect=True)
def test_figures_open_their_records_without_scripts(enter: Enter, people):
    mai = enter(people["mai"], scripts=False)
    mai.open("reviews:kpis")

    mai.main.get_by_role("link", name=re.compile("^0 – ")).first.click()

    expect(mai.main.get_by_role("heading", level=1)).to_be_visible()
