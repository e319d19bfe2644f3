"""Admins decide which kinds of touches there are; what names one stays readable."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone, translation
from rest_framework.test import APIClient

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from handoff.services import agreements
from leads.models import Lead, Touch, TouchKind
from leads.rules.conditions import ConditionFault
from leads.selectors.verdicts import explain
from leads.services import capture_forms, judging, touch_kinds
from leads.services.capture import LeadData, TouchData, capture_lead
from leads.services.definitions import CriterionData
from leads.services.touches import add_touch
from tests import factories
from tests.leads import definition_steps as steps

Browser = Callable[[User], Client]
WEBINAR = {"key": "webinar", "label_en": "webinar", "label_ja": "ウェビナー", "position": 5}
ONE_WEBINAR = {"touches": {"kind": "webinar", "at_least": 1, "within_days": None}}


@pytest.fixture
def webinar(kei: User) -> TouchKind:
    """A kind that an admin has made."""
    return touch_kinds.add_kind(**WEBINAR, actor=kei)


def retire(kind: TouchKind, actor: User) -> TouchKind:
    labels = {"label_en": kind.label_en, "label_ja": kind.label_ja}
    return touch_kinds.edit_kind(key=kind.key, **labels, position=kind.position, is_active=False, actor=actor)


def test_a_kind_of_their_own_is_recorded_judged_and_said(webinar: TouchKind, mai: User, now: datetime):
    factories.version_in_force({"condition": ONE_WEBINAR, "points": 10})
    lead = capture_lead(data=LeadData(full_name="Aki"), actor=mai, now=now).lead

    add_touch(lead_id=lead.pk, kind="webinar", at=None, detail="", actor=mai, now=now)

    lead.refresh_from_db()
    assert lead.stage == "qualified"
    with translation.override("en"):
        assert explain(lead.verdict).lines[0].sentence == "webinar at least once"
    with translation.override("ja"):
        assert explain(lead.verdict).lines[0].sentence == "ウェビナーが1回以上"


def test_a_kind_out_of_use_takes_no_new_touch(webinar: TouchKind, kei: User, mai: User, now: datetime):
    lead = factories.lead()
    add_touch(lead_id=lead.pk, kind="webinar", at=None, detail="", actor=mai, now=now)
    retire(webinar, kei)

    with pytest.raises(InvalidInput, match="in use") as refusal:
        add_touch(lead_id=lead.pk, kind="webinar", at=None, detail="", actor=mai, now=now)
    with pytest.raises(InvalidInput, match="in use") as of_new:
        capture_lead(data=LeadData(full_name="Bo", touches=(TouchData("webinar"),)), actor=mai, now=now)

    assert (refusal.value.field, of_new.value.field) == ("kind", "touches[0].kind")
    assert Touch.objects.count() == 1
    assert add_touch(lead_id=lead.pk, kind="seminar", at=None, detail="", actor=mai, now=now)


def test_what_published_forms_count_as_stays_in_use(webinar: TouchKind, kei: User, now: datetime):
    form = factories.capture_form(name="Spring", touch_kind=webinar)

    with pytest.raises(InvalidInput, match="Spring") as refusal:
        retire(webinar, kei)

    assert refusal.value.field == "is_active"
    capture_forms.close(form_id=form.pk, actor=kei, now=now)
    assert not retire(webinar, kei).is_active
    with pytest.raises(InvalidInput, match="in use"):
        capture_forms.publish(form_id=form.pk, actor=kei, now=now)


def test_a_signed_version_goes_on_counting_a_kind_out_of_use(webinar: TouchKind, kei: User, mai: User, now: datetime):
    factories.version_in_force({"condition": ONE_WEBINAR, "points": 10})
    lead = factories.lead()
    factories.touch(lead, kind="webinar", at=now)
    retire(webinar, kei)

    verdict = judging.judge(lead_ids=[lead.pk], now=now)[lead.pk]

    assert verdict.is_qualified
    with translation.override("en"):
        assert explain(verdict).lines[0].sentence == "webinar at least once"


def test_a_condition_names_kinds_that_are_known_also_those_out_of_use(
    webinar: TouchKind, kei: User, aoi: User, now: datetime
):
    draft = steps.draft(aoi, now)
    unknown = {"touches": {"kind": "postcard", "at_least": 1, "within_days": None}}

    with pytest.raises(ConditionFault) as refusal:
        steps.save(draft, aoi, now, criteria=[CriterionData(condition={"any": [unknown]}, points=10)])
    retire(webinar, kei)
    steps.save(draft, aoi, now, criteria=[CriterionData(condition=ONE_WEBINAR, points=10)])

    assert refusal.value.field == "criteria[0].condition.any[0].touches.kind"
    assert draft.criteria.get().condition == ONE_WEBINAR


def test_a_routing_rule_names_kinds_that_are_known(webinar: TouchKind, kei: User, field_sales, now: datetime):
    rule = {"rule_id": None, "name": "Webinars", "team": field_sales, "position": 1, "actor": kei, "now": now}

    with pytest.raises(ConditionFault):
        agreements.save_rule(condition={"touches": {"kind": "postcard", "at_least": 1}}, **rule)

    assert agreements.save_rule(condition=ONE_WEBINAR, **rule).pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "Web inar"}, "key"),
        ({"key": "1st"}, "key"),
        ({"key": "a" * 21}, "key"),
        ({"key": "download"}, "key"),
        ({"label_ja": " "}, "label_ja"),
        ({"label_en": "a" * 101}, "label_en"),
        ({"position": -1}, "position"),
    ],
)
def test_a_kind_without_key_or_words_is_refused(changes: dict[str, object], field: str, kei: User):
    with pytest.raises(InvalidInput) as refusal:
        touch_kinds.add_kind(**WEBINAR | changes, actor=kei)

    assert refusal.value.field == field
    assert touch_kinds.add_kind(**WEBINAR, actor=kei)


def test_only_admins_change_kinds(kei: User, aoi: User):
    words = {"label_en": "paper", "label_ja": "資料", "position": 1, "is_active": True}

    with pytest.raises(NotAllowed):
        touch_kinds.add_kind(**WEBINAR, actor=aoi)
    with pytest.raises(NotAllowed):
        touch_kinds.edit_kind(key="download", **words, actor=aoi)
    with pytest.raises(NotFound):
        touch_kinds.edit_kind(key="postcard", **words, actor=kei)

    assert touch_kinds.edit_kind(key="download", **words, actor=kei).label_en == "paper"


def test_the_database_knows_the_kinds_too(db: None):
    touch = factories.touch(factories.lead())

    def rename(kind: str) -> None:
        with transaction.atomic():
            Touch.objects.filter(pk=touch.pk).update(kind=kind)
            connection.check_constraints()

    with pytest.raises(IntegrityError):
        rename("postcard")
    rename("seminar")


def test_programs_read_which_kinds_there_are(
    api: Callable[[User], APIClient], webinar: TouchKind, kei: User, mai: User
):
    factories.touch_kind("download")
    retire(webinar, kei)

    told = {kind["key"]: kind for kind in api(mai).get("/api/v1/touch-kinds/").json()}

    assert told["webinar"] == {"key": "webinar", "label_ja": "ウェビナー", "label_en": "webinar", "is_active": False}
    assert told["download"]["is_active"]


def test_who_renamed_a_kind_stays_known(webinar: TouchKind, kei: User):
    retire(webinar, kei)

    rows = webinar.history.order_by("pgh_id")
    assert [row.is_active for row in rows] == [True, False]
    assert {row.pgh_context.metadata["user"] for row in rows} == {kei.pk}


def test_the_page_tells_what_uses_a_kind(webinar: TouchKind, signed_in: Browser, kei: User):
    factories.version_in_force({"condition": {"not": ONE_WEBINAR}, "points": 10})
    factories.touch(factories.lead(), kind="webinar")
    client = signed_in(kei)

    listed, page = (client.get(path).content.decode() for path in ("/touch-kinds/", "/touch-kinds/webinar/"))

    assert "webinar" in listed
    assert "1 touch" in page
    assert "named in 1 criterion" in page


def test_an_admin_makes_a_kind_and_takes_one_out_of_use(signed_in: Browser, kei: User, mai: User):
    client = signed_in(kei)

    assert client.post("/touch-kinds/new/", {**WEBINAR, "position": "70"}).status_code == 302
    assert client.post("/touch-kinds/new/", {**WEBINAR, "position": "70"}).status_code == 422
    words = {"label_en": "letter", "label_ja": "手紙", "position": "10"}
    assert client.post("/touch-kinds/mail_click/", words).status_code == 302

    form = signed_in(mai).get("/leads/new/").content.decode()
    assert "webinar" in form
    assert 'value="mail_click"' not in form


def test_the_builder_offers_a_kind_out_of_use_only_where_it_stands(
    webinar: TouchKind, signed_in: Browser, aoi: User, kei: User
):
    draft = steps.draft(aoi, timezone.now())
    lines = [CriterionData(condition=ONE_WEBINAR, points=10), CriterionData(condition=steps.TWO_DOWNLOADS, points=5)]
    steps.save(draft, aoi, timezone.now(), criteria=lines)
    retire(webinar, kei)

    page = signed_in(aoi).get(f"/definition/{draft.number}/edit/").content.decode()

    assert page.count('value="webinar"') == 1


def test_a_program_is_told_which_kinds_there_are(api: Callable[[User], APIClient], mai: User):
    lead: Lead = factories.lead()
    body = {"items": [{"lead": {"id": lead.pk}, "kind": kind} for kind in ("postcard", "seminar")]}

    results = api(mai).post("/api/v1/touches/batch/", body, format="json").json()["results"]

    assert [result["status"] for result in results] == ["refused", "created"]
    assert results[0]["errors"][0]["attr"] == "kind"
    assert "seminar" in results[0]["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("label_en", "key"), [("Free trial", "free_trial"), ("A very long name of a kind", "a_very_long_name_of")]
)
def test_a_kind_without_a_key_gets_it_from_its_english_name(label_en: str, key: str, kei: User):
    kind = touch_kinds.add_kind(key="", label_en=label_en, label_ja="体験", position=1, actor=kei)

    assert kind.key == key


def test_a_kind_whose_english_name_makes_no_key_is_asked_for_one(signed_in: Browser, kei: User):
    data = {"key": "", "label_en": "無料体験", "label_ja": "無料体験", "position": "70"}
    client = signed_in(kei)

    answer = client.post("/touch-kinds/new/", data)
    assert answer.status_code == 422
    assert "Use up to 20 small letters" in answer.content.decode()
    assert client.post("/touch-kinds/new/", data | {"label_en": "Free trial"}).status_code == 302
    assert TouchKind.objects.filter(key="free_trial").exists()
