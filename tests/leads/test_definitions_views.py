"""The joint contract on the page: read by everybody, drafted by managers, signed by both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alignment.accounts.models import User
from leads.forms.definition_values import rows_of
from leads.models import DefinitionVersion
from leads.rules.conditions import parse
from leads.selectors import samples
from leads.services.definitions import CriterionData
from tests import factories
from tests.leads import definition_steps as steps
from tests.touch_words import VOCABULARY

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def sent(version: DefinitionVersion, **changes: str) -> dict[str, str]:
    """What the browser sends of the builder for one criterion."""
    one = {
        "seen": str(version.events.latest("pk").pk),
        "threshold": "10",
        "reason": "",
        "takes_effect_at": "",
        "criteria-count": "1",
        "c0-kind": "points",
        "c0-points": "10",
        "c0-why": "ours",
        "c0-join": "all",
        "c0-keep": "",
        "c0-tests-count": "1",
        "c0-t0-field": "industry",
        "c0-t0-op": "is",
        "c0-t0-value": "Manufacturing",
        "action": "save",
    }
    return one | {name.replace("__", "-"): value for name, value in changes.items()}


# -- reading --------------------------------------------------------------------------------------


def test_before_the_first_version_the_page_teaches_the_next_step(signed_in: Browser, aoi: User, mai: User):
    factories.definition()

    assert "Draft the first version" in text_of(signed_in(aoi), "/definition/")
    assert "Draft the first version" not in text_of(signed_in(mai), "/definition/")


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "download at least 2 times"), ("ja", "download")], ids=["en", "ja"]
)
def test_everybody_reads_the_version_in_force_as_sentences(
    language: str, sentence: str, signed_in: Browser, aoi: User, sora: User, ren: User, now: datetime
):
    steps.in_force(aoi, aoi, sora, now=now)
    User.objects.filter(pk=ren.pk).update(language=language)
    ren.refresh_from_db()

    page = text_of(signed_in(ren), "/definition/")

    assert f'<html lang="{language}"' in page
    assert "Somebody reads twice who has a need" in page
    if language == "en":
        assert sentence in page


def test_a_version_says_what_it_changes(signed_in: Browser, aoi: User, sora: User, mai: User, now: datetime):
    steps.in_force(aoi, aoi, sora, now=now)
    new = CriterionData(condition={"field": "prefecture", "op": "is", "value": "Tokyo"}, points=5, why="near")
    steps.proposed(aoi, now + timedelta(days=1), threshold=15, criteria=(*steps.CRITERIA[1:], new))

    page = text_of(signed_in(mai), "/definition/2/")

    assert "Points needed" in page
    assert "<ins>" in page
    assert "prefecture is “Tokyo” (+5 points)" in page
    assert "industry is “Manufacturing” (+10 points)" in page  # removed
    assert "2 criteria stay as they are" in page
    assert "Sign for" not in page


def test_superseded_versions_stay_readable(signed_in: Browser, aoi: User, sora: User, mai: User, now: datetime):
    steps.in_force(aoi, aoi, sora, now=now)
    steps.in_force(aoi, aoi, sora, now=now + timedelta(days=1), threshold=20)

    assert "superseded" in text_of(signed_in(mai), "/definition/1/")
    assert signed_in(mai).get("/definition/3/").status_code == 404


def test_the_page_costs_the_same_for_many_criteria_and_versions(
    signed_in: Browser, aoi: User, sora: User, now: datetime
):
    def cost() -> int:
        client = signed_in(sora)
        client.get("/definition/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/definition/")
        return len(queries)

    steps.in_force(aoi, aoi, sora, now=now, criteria=steps.CRITERIA[1:2])  # names a kind of touch as the others do
    one = cost()
    for day in range(1, 6):
        steps.in_force(aoi, aoi, sora, now=now + timedelta(days=day), criteria=steps.CRITERIA, threshold=day)

    assert cost() == one


# -- steps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["start", "1/propose", "1/sign", "1/send-back", "1/withdraw"])
def test_steps_are_never_done_by_following_a_link(step: str, signed_in: Browser, aoi: User, now: datetime):
    steps.proposed(aoi, now)

    assert signed_in(aoi).get(f"/definition/{step}/").status_code == 405


@pytest.mark.parametrize("step", ["1/propose", "1/sign", "1/send-back", "1/withdraw"])
@pytest.mark.parametrize("who", ["mai", "ren"])
def test_steps_are_refused_to_who_may_not(
    step: str, who: str, signed_in: Browser, aoi: User, request: pytest.FixtureRequest
):
    steps.proposed(aoi, timezone.now())
    person = request.getfixturevalue(who)

    assert signed_in(person).post(f"/definition/{step}/").status_code == 403
    assert signed_in(person).post("/definition/start/").status_code == 403
    assert signed_in(person).get("/definition/1/edit/").status_code == 403
    assert DefinitionVersion.objects.get().status == "proposed"


def test_the_whole_way_from_draft_to_force(signed_in: Browser, aoi: User, sora: User):
    factories.definition()
    marketing, sales = signed_in(aoi), signed_in(sora)

    assert marketing.post("/definition/start/").headers["Location"] == "/definition/1/edit/"
    version = DefinitionVersion.objects.get()
    assert marketing.post("/definition/1/edit/", sent(version)).headers["Location"] == "/definition/1/"
    assert marketing.post("/definition/1/propose/", {"reason": "The first one"}).status_code == 302
    assert "Sign for marketing" in text_of(marketing, "/definition/1/")
    marketing.post("/definition/1/sign/", {"seen": version.events.latest("pk").pk})
    sales.post("/definition/1/sign/", {"seen": version.events.latest("pk").pk})

    assert "in force" in text_of(sales, "/definition/1/")
    assert DefinitionVersion.objects.get().status == "in_force"


def test_a_refused_step_shows_its_reason_on_the_page(signed_in: Browser, aoi: User, sora: User):
    version = steps.proposed(aoi, timezone.now())
    client = signed_in(sora)

    answer = client.post("/definition/1/send-back/", {"comment": ""})
    assert answer.status_code == 422
    assert "Write what should change." in answer.content.decode()

    answer = client.post("/definition/1/sign/", {"seen": version.events.earliest("pk").pk})
    assert answer.status_code == 409
    assert "Read it again." in answer.content.decode()


def test_a_draft_lists_what_is_missing_before_it_can_be_proposed(signed_in: Browser, aoi: User):
    steps.draft(aoi, timezone.now(), threshold=50)

    page = text_of(signed_in(aoi), "/definition/1/")

    assert "No lead can reach 50 points: all criteria together give 20." in page
    assert "Propose to both sides" not in page


# -- the builder ---------------------------------------------------------------------------------------


@pytest.fixture
def draft(aoi: User) -> DefinitionVersion:
    return steps.draft(aoi, timezone.now())


def test_what_is_stored_opens_and_saves_unchanged(signed_in: Browser, aoi: User, draft: DefinitionVersion):
    client = signed_in(aoi)
    page = client.get("/definition/1/edit/")
    before = list(draft.criteria.order_by("position").values_list("condition", "points", "why"))

    data = page.context["builder"].data
    assert client.post("/definition/1/edit/", {**data.dict(), "action": "save"}).status_code == 302

    assert list(draft.criteria.order_by("position").values_list("condition", "points", "why")) == before
    assert draft.events.count() == 2  # started, saved: nothing new


@pytest.mark.parametrize(
    ("test", "tree"),
    [
        ({"field": "employees", "op": "at_least", "value": "１，０００"}, ("at_least", 1000)),
        ({"field": "employees", "op": "is", "value": "10.5"}, ("is", 10.5)),
        ({"field": "industry", "op": "in", "value": "Steel、 Paper,Glass"}, ("in", ["Steel", "Paper", "Glass"])),
        ({"field": "captured_at", "op": "within_days", "value": "30"}, ("within_days", 30)),
    ],
)
def test_values_are_read_as_people_type_them(
    test: dict[str, str], tree: Any, signed_in: Browser, aoi: User, draft: DefinitionVersion
):
    data = sent(draft) | {f"c0-t0-{name}": value for name, value in test.items()}

    assert signed_in(aoi).post("/definition/1/edit/", data).status_code == 302

    condition = draft.criteria.get().condition
    assert (condition["op"], condition["value"]) == tree


def test_touches_negations_and_groups_are_made_by_rows(signed_in: Browser, aoi: User, draft: DefinitionVersion):
    data = sent(draft, c0__join="any") | {
        "c0-tests-count": "3",
        "c0-t1-field": "touches",
        "c0-t1-op": "fewer",
        "c0-t1-touch_kind": "seminar",
        "c0-t1-at_least": "2",
        "c0-t1-within_days": "",
        "c0-t2-field": "job_title",
        "c0-t2-op": "not_contains",
        "c0-t2-value": "intern",
    }

    signed_in(aoi).post("/definition/1/edit/", data)

    assert draft.criteria.get().condition == {
        "any": [
            steps.MANUFACTURERS,
            {"not": {"touches": {"kind": "seminar", "at_least": 2, "within_days": None}}},
            {"not": {"field": "job_title", "op": "contains", "value": "intern"}},
        ]
    }


NESTED = {"any": [{"all": [steps.MANUFACTURERS, steps.TWO_DOWNLOADS]}, steps.FREE_MAIL]}


def test_nested_groups_are_shown_and_kept(signed_in: Browser, aoi: User, draft: DefinitionVersion):
    steps.save(draft, aoi, timezone.now(), criteria=[CriterionData(condition=NESTED, points=10, why="deep")])
    line = draft.criteria.get()
    client = signed_in(aoi)
    assert "(industry is “Manufacturing” and download at least 2 times" in text_of(client, "/definition/1/edit/")

    client.post("/definition/1/edit/", sent(draft, c0__keep=str(line.pk), c0__points="15") | {"c0-tests-count": "0"})

    line = draft.criteria.get()
    assert (line.condition, line.points) == (NESTED, 15)


@pytest.mark.parametrize(
    ("tree", "fits"),
    [
        (steps.MANUFACTURERS, True),
        ({"not": steps.FREE_MAIL}, True),
        ({"any": [steps.MANUFACTURERS, {"not": steps.TWO_DOWNLOADS}]}, True),
        (NESTED, False),
        ({"not": {"any": [steps.FREE_MAIL, steps.MANUFACTURERS]}}, False),
        ({"not": {"not": steps.FREE_MAIL}}, False),
        ({"all": []}, False),
        ({"field": "industry", "op": "in", "value": ["Steel, raw", "Paper"]}, False),
    ],
)
def test_rows_take_what_they_can_show_and_nothing_else(tree: Any, fits: bool):
    assert (rows_of(parse(tree, VOCABULARY)) is not None) == fits


@pytest.mark.parametrize(
    ("changes", "where", "message"),
    [
        ({"c0__t0__value": ""}, "id_c0-t0-value", "Enter the value to compare with."),
        ({"c0__t0__field": ""}, "id_c0-t0-field", "Choose the fact that this test looks at."),
        ({"c0__t0__field": "employees", "c0__t0__op": "at_least"}, "id_c0-t0-value", "Enter a number."),
        ({"c0__points": "many"}, "id_c0-points", "Enter a whole number."),
        ({"c0__points": "0"}, "id_c0-points", "Give points from −1000 to 1000, but not 0."),
        ({"threshold": "-5"}, "id_threshold", "The points needed are a whole number, 0 or more."),
        ({"takes_effect_at": "soon"}, "id_takes_effect_at", "Enter a valid date/time."),
    ],
)
def test_a_fault_stands_beside_its_input_and_nothing_is_saved(
    changes: dict[str, str], where: str, message: str, signed_in: Browser, aoi: User, draft: DefinitionVersion
):
    answer = signed_in(aoi).post("/definition/1/edit/", sent(draft, **changes))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{where}"' in page
    assert message in page
    assert "Error:" in page
    assert draft.criteria.count() == 3


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("add", ["A", "B", ""]),
        ("remove-0", ["B"]),
        ("up-1", ["B", "A"]),
        ("down-0", ["B", "A"]),
        ("test-0", ["A", "B"]),
        ("remove-7", ["A", "B"]),
        ("dance-0", ["A", "B"]),
        ("update", ["A", "B"]),
    ],
)
def test_rows_are_moved_without_saving(
    action: str, values: list[str], signed_in: Browser, aoi: User, draft: DefinitionVersion
):
    data = sent(draft, c0__t0__value="A", action=action) | {
        "criteria-count": "2",
        "c1-kind": "points",
        "c1-points": "5",
        "c1-tests-count": "1",
        "c1-t0-field": "industry",
        "c1-t0-op": "is",
        "c1-t0-value": "B",
    }

    builder = signed_in(aoi).post("/definition/1/edit/", data).context["builder"]

    assert [line.row.tests[0].value for line in builder.criteria] == values
    assert draft.criteria.count() == 3


def test_htmx_gets_the_part_that_changed_and_the_count(signed_in: Browser, aoi: User, draft: DefinitionVersion):
    account = factories.account(industry="Manufacturing")
    for months_ago in (3, 3, 4, 5):  # the last full quarter is among them
        factories.lead(account=account, captured_at=timezone.now() - timedelta(days=31 * months_ago))
    client = signed_in(aoi)

    def part(name: str) -> str:
        return client.post(
            "/definition/1/edit/", sent(draft, action="update", part=name), headers=HTMX
        ).content.decode()

    assert part("said-0").lstrip().startswith('<div class="said" id="said-0">')
    assert "industry is “Manufacturing”" in part("said-0")
    assert 'hx-swap-oob="true"' in part("said-0")
    assert part("criterion-0").lstrip().startswith('<fieldset class="card builder-card" id="criterion-card-0"')
    for name in ("", "said-9", "criterion-x", "secret-0"):
        assert part(name).lstrip().startswith('<form class="builder"')
    assert "<html" not in part("said-0") + part("criterion-0") + part("")


def test_saving_by_htmx_leads_to_the_version(signed_in: Browser, aoi: User, draft: DefinitionVersion):
    answer = signed_in(aoi).post("/definition/1/edit/", sent(draft), headers=HTMX)

    assert answer.headers["HX-Redirect"] == "/definition/1/"


def test_an_edit_of_a_signed_proposal_says_what_it_costs(signed_in: Browser, aoi: User, sora: User):
    version = steps.signed_by(steps.proposed(aoi, timezone.now()), aoi, now=timezone.now())
    client = signed_in(sora)
    assert "This version carries a signature." in text_of(client, "/definition/1/edit/")

    page = client.post("/definition/1/edit/", sent(version), follow=True).content.decode()

    assert "The signatures that were there no longer count" in page
    assert DefinitionVersion.objects.get().status == "draft"


def test_an_edit_from_an_old_page_is_refused_with_what_was_typed(signed_in: Browser, aoi: User, sora: User):
    version = steps.draft(aoi, timezone.now())
    old = sent(version, c0__t0__value="Steel")
    steps.save(version, sora, timezone.now(), threshold=20)

    answer = signed_in(aoi).post("/definition/1/edit/", old)

    assert answer.status_code == 409
    assert "Read it again." in answer.content.decode()
    assert 'value="Steel"' in answer.content.decode()


def test_a_version_in_force_is_not_open_for_editing(signed_in: Browser, aoi: User, sora: User, now: datetime):
    steps.in_force(aoi, aoi, sora, now=now)

    assert signed_in(aoi).get("/definition/1/edit/").status_code == 403


def test_the_builder_costs_the_same_for_one_and_for_twenty_criteria(signed_in: Browser, aoi: User):
    version = steps.draft(aoi, timezone.now(), criteria=steps.CRITERIA[:1])
    client = signed_in(aoi)

    def cost() -> int:
        client.get("/definition/1/edit/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/definition/1/edit/")
        return len(queries)

    one = cost()
    steps.save(version, aoi, timezone.now(), criteria=steps.CRITERIA[:1] * 20)

    assert cost() == one


@pytest.mark.parametrize("person", ["sora", "mai"])
def test_whoever_signs_reads_first_how_many_leads_it_reaches(person: str, signed_in: Browser, request, aoi: User, sora):
    now = timezone.now()
    factories.version_in_force(
        {"condition": {"field": "source", "op": "is", "value": "Fair"}, "points": 10}, threshold=1
    )
    quarter = samples.last_quarter(now=now)
    for source in ("Web", "Web", "Fair"):
        factories.lead(source=source, captured_at=quarter.start)
    version = steps.proposed(
        aoi,
        now,
        criteria=[CriterionData(condition={"field": "source", "op": "is", "value": "Web"}, points=10, why="Theirs")],
    )

    page = text_of(signed_in(request.getfixturevalue(person)), f"/definition/{version.number}/")

    signatures = page.partition('id="signatures"')[2]
    assert "With this version <strong>2</strong> of the 3 leads" in signatures
    assert "With the version in force: 1." in signatures
    assert signatures.index("With this version") < signatures.index('class="signatures"')


@pytest.mark.parametrize(
    ("language", "label", "said"),
    [
        ("ja", "変更してほしい点", "変更してほしい点を入力してください。"),
        ("en", "What should change?", "Write what should change."),
    ],
)
def test_what_should_change_is_asked_for_in_our_own_words(
    language: str, label: str, said: str, signed_in: Browser, aoi: User, sora: User
):
    sora.language = language
    sora.save()
    steps.proposed(aoi, timezone.now())
    client = signed_in(sora)

    page = client.post("/definition/1/send-back/", {"comment": " "}).content.decode()

    form = page[page.index('action="/definition/1/send-back/"') - 40 :].partition("</form>")[0]
    assert "novalidate" in form
    assert label in form
    assert said in form.partition('id="id_send_back_error"')[2].partition("</p>")[0]
    assert '<details class="confirm" open' in page
