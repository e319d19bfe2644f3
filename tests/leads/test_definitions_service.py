"""The joint contract takes effect only when both sides have signed what they read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from alignment.outbox.mails import render
from alignment.outbox.models import Notice
from leads import tasks
from leads.models import DefinitionVersion
from leads.rules.versions import VersionNotOpen
from leads.services import definitions, rejudging
from leads.services.definitions import CriterionData
from tests import factories
from tests.leads import definition_steps as steps

pytestmark = pytest.mark.django_db


def kinds(version: DefinitionVersion) -> list[str]:
    return list(version.events.order_by("pk").values_list("kind", flat=True))


def status(version: DefinitionVersion) -> str:
    return DefinitionVersion.objects.get(pk=version.pk).status


# -- drafting ------------------------------------------------------------------------------------


def test_the_first_draft_is_empty_and_recorded(aoi: User, now: datetime):
    version = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=now)

    assert (version.number, version.status, version.criteria.count()) == (1, "draft", 0)
    assert kinds(version) == ["started"]


def test_a_draft_starts_as_a_copy_of_the_version_in_force(aoi: User, now: datetime):
    factories.version_in_force({"condition": steps.MANUFACTURERS, "points": 10, "why": "ours"}, threshold=10)

    version = definitions.start_draft(definition_id=factories.definition().pk, actor=aoi, now=now)

    line = version.criteria.get()
    assert (version.number, version.threshold, line.condition, line.why) == (2, 10, steps.MANUFACTURERS, "ours")


def test_a_second_version_is_not_started_while_one_is_on_its_way(aoi: User, sora: User, now: datetime):
    steps.draft(aoi, now)

    with pytest.raises(DomainError) as refusal:
        definitions.start_draft(definition_id=factories.definition().pk, actor=sora, now=now)

    assert refusal.value.code == "version_open"


def test_only_managers_and_admins_draft(mai: User, ren: User, kei: User, now: datetime):
    for person in (mai, ren):
        with pytest.raises(NotAllowed):
            definitions.start_draft(definition_id=factories.definition().pk, actor=person, now=now)

    assert definitions.start_draft(definition_id=factories.definition().pk, actor=kei, now=now).number == 1


def test_saving_keeps_criteria_in_their_order_with_an_event(aoi: User, now: datetime):
    version = steps.draft(aoi, now)

    lines = list(version.criteria.order_by("position"))
    assert [line.condition for line in lines] == [line.condition for line in steps.CRITERIA]
    assert [line.points for line in lines] == [10, 10, 0]
    assert kinds(version) == ["started", "saved"]


def test_saving_the_same_again_changes_nothing(aoi: User, now: datetime):
    version = steps.draft(aoi, now)
    before = kinds(version)

    steps.save(version, aoi, now)

    assert kinds(version) == before


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (
            CriterionData(condition={"all": [{"field": "age", "op": "is"}]}, points=1),
            "criteria[0].condition.all[0].field",
        ),
        (CriterionData(condition="no tree", points=1), "criteria[0].condition"),
        (CriterionData(condition=steps.FREE_MAIL, points=0), "criteria[0].points"),
        (CriterionData(condition=steps.FREE_MAIL, points=1001), "criteria[0].points"),
        (CriterionData(condition=steps.FREE_MAIL, kind="magic", points=1), "criteria[0].kind"),
        (CriterionData(condition=steps.FREE_MAIL, points=1, why="x" * 301), "criteria[0].why"),
    ],
)
def test_a_faulty_criterion_is_refused_with_its_path(line: CriterionData, field: str, aoi: User, now: datetime):
    version = steps.draft(aoi, now)

    with pytest.raises(InvalidInput) as refusal:
        steps.save(version, aoi, now, criteria=[line])

    assert refusal.value.field == field
    assert version.criteria.count() == 3


def test_an_edit_made_from_an_old_state_is_refused(aoi: User, sora: User, now: datetime):
    version = steps.draft(aoi, now)
    seen = version.events.latest("pk").pk
    steps.save(version, sora, now, threshold=20, seen=seen)

    with pytest.raises(DomainError) as refusal:
        steps.save(version, aoi, now, threshold=5, seen=seen)

    assert refusal.value.code == "changed"
    assert "Sora" in str(refusal.value)
    assert DefinitionVersion.objects.get(pk=version.pk).threshold == 20


# -- proposing ------------------------------------------------------------------------------------


def test_proposing_asks_the_managers_of_both_sides_in_their_language(aoi: User, sora: User, mai: User, now: datetime):
    User.objects.filter(pk=sora.pk).update(language="ja")
    version = steps.proposed(aoi, now)

    notice = Notice.objects.get()  # the proposer knows, and a marketer does not sign
    rendered = render(notice)
    text, html = rendered.text, rendered.html
    assert (notice.to_address, status(version)) == (sora.email, "proposed")
    assert f"/definition/{version.number}/" in text
    assert f"/definition/{version.number}/" in html
    assert "Sales asked for it" in text
    assert kinds(version)[-1] == "proposed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"threshold": 0}, "threshold"),
        ({"threshold": 21}, "threshold"),
        ({"criteria": ()}, "criteria"),
        ({"criteria": (CriterionData(condition=steps.FREE_MAIL, kind="disqualifier", why="x"),)}, "criteria"),
        ({"criteria": (CriterionData(condition=steps.MANUFACTURERS, points=10),)}, "criteria[0].why"),
    ],
)
def test_an_unfinished_draft_is_not_proposed(changes: dict[str, Any], field: str, aoi: User, now: datetime):
    version = steps.draft(aoi, now, **changes)

    with pytest.raises(InvalidInput) as refusal:
        definitions.propose(version_id=version.pk, reason="Because", actor=aoi, now=now)

    assert refusal.value.field == field
    assert status(version) == "draft"


def test_proposing_needs_a_reason(aoi: User, now: datetime):
    version = steps.draft(aoi, now)

    with pytest.raises(InvalidInput) as refusal:
        definitions.propose(version_id=version.pk, reason="  ", actor=aoi, now=now)
    assert refusal.value.field == "reason"

    assert definitions.propose(version_id=version.pk, reason="Because", actor=aoi, now=now).status == "proposed"


def test_sending_back_says_what_should_change_and_voids_the_signature(aoi: User, sora: User, now: datetime):
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)

    with pytest.raises(InvalidInput):
        definitions.send_back(version_id=version.pk, comment="", actor=sora, now=now)
    definitions.send_back(version_id=version.pk, comment="Too strict", actor=sora, now=now)

    event = version.events.latest("pk")
    assert (status(version), event.kind, event.comment, event.data["voided"]) == ("draft", "sent_back", "Too strict", 1)
    assert version.signatures.get().voided_at == now
    assert Notice.objects.filter(template="leads/email/definition_sent_back", to_address=aoi.email).exists()


# -- signing --------------------------------------------------------------------------------------


def test_one_signature_is_not_enough(aoi: User, sora: User, now: datetime):
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)

    assert status(version) == "proposed"


def test_both_signatures_put_it_in_force_at_once(aoi: User, sora: User, mai: User, now: datetime):
    version = steps.in_force(aoi, aoi, sora, now=now)

    assert (version.status, version.in_force_from) == ("in_force", now)
    assert kinds(version)[-3:] == ["signed", "signed", "in_force"]
    assert Notice.objects.filter(template="leads/email/definition_in_force", to_address=mai.email).exists()


def test_the_version_before_ends_at_the_same_moment_and_stays_readable(aoi: User, sora: User, now: datetime):
    first = steps.in_force(aoi, aoi, sora, now=now)
    later = now + timedelta(days=30)

    second = steps.in_force(aoi, sora, aoi, now=later, threshold=20)

    first.refresh_from_db()
    assert (first.status, first.in_force_until, second.in_force_from) == ("superseded", later, later)
    assert first.criteria.count() == 3
    assert kinds(first)[-1] == "superseded"


def test_a_version_with_a_date_waits_for_it(aoi: User, sora: User, now: datetime):
    starts = now + timedelta(days=1)
    version = steps.in_force(aoi, aoi, sora, now=now, takes_effect_at=starts)
    assert status(version) == "signed"

    assert definitions.activate_due_versions(now=starts - timedelta(seconds=1)) == 0
    assert definitions.activate_due_versions(now=starts) == 1
    assert definitions.activate_due_versions(now=starts) == 0

    version.refresh_from_db()
    assert (version.status, version.in_force_from) == ("in_force", starts)


def test_a_side_signs_only_for_itself_and_an_admin_for_nobody(
    aoi: User, sora: User, ren: User, kei: User, now: datetime
):
    version = steps.proposed(aoi, now)

    for person in (ren, kei):
        with pytest.raises(NotAllowed):
            definitions.sign(version_id=version.pk, actor=person, now=now)
    definitions.sign(version_id=version.pk, actor=sora, now=now)

    assert list(version.signatures.values_list("side", "signed_by")) == [("sales", sora.pk)]


def test_a_side_signs_once(aoi: User, now: datetime):
    second_manager = factories.user("akari", role="manager", side="marketing")
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)

    with pytest.raises(DomainError) as refusal:
        definitions.sign(version_id=version.pk, actor=second_manager, now=now)

    assert refusal.value.code == "already_signed"
    assert "Aoi" in str(refusal.value)


def test_a_person_who_changed_sides_does_not_sign_for_both(aoi: User, now: datetime):
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)
    aoi.side = "sales"
    aoi.save()

    with pytest.raises(DomainError) as refusal:
        definitions.sign(version_id=version.pk, actor=aoi, now=now)

    assert refusal.value.code == "already_signed"
    assert status(version) == "proposed"


def test_an_edit_voids_the_signatures_and_makes_it_a_draft(aoi: User, sora: User, now: datetime):
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)

    steps.save(version, sora, now, threshold=20, reason="Sales asked for it")

    assert status(version) == "draft"
    assert version.signatures.get().voided_at == now
    assert version.events.latest("pk").data["voided"] == 1


def test_saving_a_proposed_version_as_it_is_keeps_the_signatures(aoi: User, sora: User, now: datetime):
    version = steps.signed_by(steps.proposed(aoi, now), aoi, now=now)

    steps.save(version, sora, now, reason="Sales asked for it")

    assert status(version) == "proposed"
    assert version.signatures.get().voided_at is None


def test_nobody_signs_what_they_have_not_read(aoi: User, sora: User, now: datetime):
    version = steps.proposed(aoi, now)
    read = version.events.latest("pk").pk
    steps.save(version, aoi, now, threshold=20, reason="Sales asked for it")
    definitions.propose(version_id=version.pk, reason="Stricter", actor=aoi, now=now)

    with pytest.raises(DomainError) as refusal:
        definitions.sign(version_id=version.pk, actor=sora, now=now, seen=read)

    assert refusal.value.code == "changed"
    assert not version.signatures.exists()


@pytest.mark.parametrize("step", ["save", "propose", "sign", "send_back", "withdraw"])
def test_a_version_in_force_is_never_touched(step: str, aoi: User, sora: User, now: datetime):
    version = steps.in_force(aoi, aoi, sora, now=now)
    attempts = {
        "save": lambda: steps.save(version, aoi, now, threshold=1),
        "propose": lambda: definitions.propose(version_id=version.pk, reason="x", actor=aoi, now=now),
        "sign": lambda: definitions.sign(version_id=version.pk, actor=aoi, now=now),
        "send_back": lambda: definitions.send_back(version_id=version.pk, comment="x", actor=aoi, now=now),
        "withdraw": lambda: definitions.withdraw(version_id=version.pk, actor=aoi, now=now),
    }

    with pytest.raises(VersionNotOpen):
        attempts[step]()

    assert status(version) == "in_force"


def test_a_signed_version_can_be_withdrawn_before_its_date(aoi: User, sora: User, mai: User, now: datetime):
    starts = now + timedelta(days=1)
    version = steps.in_force(aoi, aoi, sora, now=now, takes_effect_at=starts)

    with pytest.raises(NotAllowed):
        definitions.withdraw(version_id=version.pk, actor=mai, now=now)
    definitions.withdraw(version_id=version.pk, actor=sora, now=now, comment="The market changed")

    assert definitions.activate_due_versions(now=starts) == 0
    assert (status(version), version.events.latest("pk").comment) == ("withdrawn", "The market changed")


def test_an_unknown_version_is_not_found(aoi: User, now: datetime):
    with pytest.raises(NotFound):
        definitions.sign(version_id=10**9, actor=aoi, now=now)


# -- leads are judged anew ---------------------------------------------------------------------------


def test_leads_in_marketings_hands_are_judged_by_the_new_version(aoi: User, sora: User, now: datetime):
    maker = factories.account(industry="Manufacturing")
    fits, other = factories.lead(account=maker), factories.lead()
    with_sales = factories.lead(account=maker, stage="with_sales")
    version = steps.in_force(aoi, aoi, sora, now=now)

    assert rejudging.judge_anew(now=now) == 2
    assert rejudging.judge_anew(now=now) == 0
    later = now + timedelta(hours=2)
    assert rejudging.judge_anew(now=later) == 0

    for lead in (fits, other, with_sales):
        lead.refresh_from_db()
    version.refresh_from_db()
    assert (fits.stage, other.stage, with_sales.verdict) == ("qualified", "captured", None)
    assert other.verdict.version_id == version.pk
    assert version.judged_anew_at == later


def test_a_lead_that_was_being_captured_while_the_version_took_effect_is_found_later(aoi: User, sora: User, now):
    version = steps.in_force(aoi, aoi, sora, now=now)
    rejudging.judge_anew(now=now)  # finds nothing: the capture below is not committed yet

    lead = factories.lead(account=factories.account(industry="Manufacturing"))

    assert rejudging.judge_anew(now=now + timedelta(minutes=1)) == 1
    lead.refresh_from_db()
    assert lead.verdict.version == version


def test_what_depends_on_the_day_is_judged_again_every_day(aoi: User, now: datetime):
    recent = {"touches": {"kind": "download", "at_least": 1, "within_days": 30}}
    factories.version_in_force({"condition": recent, "points": 10, "why": "Interest"}, since=now - timedelta(days=9))
    lead = factories.lead()
    factories.touch(lead, at=now - timedelta(days=29))
    rejudging.judge_anew(now=now)
    rejudging.judge_anew(now=now)
    lead.refresh_from_db()
    assert lead.stage == "qualified"

    assert rejudging.judge_anew(now=now + timedelta(hours=1)) == 0  # the same day
    assert rejudging.judge_anew(now=now + timedelta(days=2)) == 1

    lead.refresh_from_db()
    assert lead.stage == "captured"
    assert rejudging.judge_anew(now=now + timedelta(days=2)) == 0


def test_what_does_not_depend_on_the_day_is_left_in_peace(aoi: User, now: datetime):
    factories.version_in_force({"condition": steps.MANUFACTURERS, "points": 10}, since=now)
    factories.lead()
    for hours in (0, 2):
        rejudging.judge_anew(now=now + timedelta(hours=hours))

    assert rejudging.judge_anew(now=now + timedelta(days=2)) == 0


def test_the_tick_activates_and_judges(aoi: User, sora: User, now: datetime):
    lead = factories.lead(account=factories.account(industry="Manufacturing"))
    past = now - timedelta(days=300)
    version = steps.in_force(aoi, aoi, sora, now=past - timedelta(days=1), takes_effect_at=past)

    assert tasks.activate_due_versions(unknown="argument of a newer release") == 1

    lead.refresh_from_db()
    assert (status(version), lead.stage) == ("in_force", "qualified")


def test_telling_many_costs_no_more_than_telling_few(aoi: User, sora: User, now: datetime):
    def cost(number: int) -> int:
        for person in range(number):
            factories.user(language="ja" if person % 2 else "en")
        version = steps.proposed(aoi, now=now)
        definitions.sign(version_id=version.pk, actor=aoi, now=now)
        with CaptureQueriesContext(connection) as queries:
            definitions.sign(version_id=version.pk, actor=sora, now=now)
        return len(queries)

    cost(2)  # the first version supersedes none
    few = cost(2)

    assert cost(20) <= few


def test_a_version_does_not_take_effect_in_the_year_one(aoi: User, now: datetime):
    with pytest.raises(InvalidInput) as refused:
        steps.draft(aoi, now, takes_effect_at=datetime(1, 1, 1, tzinfo=UTC))

    assert refused.value.field == "takes_effect_at"
