"""Marketing's pages: a new lead, and leads that wait to be handed over."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from handoff.models import Handoff
from leads.models import Lead
from tests import factories

SUBMIT = reverse("handoff:submit")
WAITING = reverse("handoff:waiting")
MANY = reverse("handoff:hand-over-many")
ROWS = {"touches-TOTAL_FORMS": "2", "touches-INITIAL_FORMS": "0"}
BIG = {"full_name": "Hanako Tanaka", "company_name": "Yamada Works", "employee_count": "250", "source": "Web"} | ROWS


@pytest.mark.parametrize(("person", "status"), [("mai", 200), ("aoi", 200), ("kei", 200), ("ren", 403), ("sora", 403)])
def test_who_may_submit(person, status, request, signed_in, agreements):
    client = signed_in(request.getfixturevalue(person))

    assert client.get(SUBMIT).status_code == status
    assert client.post(SUBMIT, {}).status_code == (422 if status == 200 else 403)


def test_a_submitted_lead_leads_to_its_verdict_and_where_it_went(version, rule, mai, ren, signed_in):
    client = signed_in(mai)

    answer = client.post(SUBMIT, BIG, follow=True)

    assert Handoff.objects.get().offered_to == ren
    for said in (
        "It qualifies",
        "10 points, 10 needed, by version 1",
        "number of employees is at least 100",
        "found: 250",
        "Ren",
    ):
        assert said in answer.text


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([0-9a-f-]{36})"', page)
    assert found
    return found[1]


def test_the_same_form_sent_twice_makes_one_lead_and_one_offer(version, rule, mai, ren, signed_in):
    client = signed_in(mai)
    form = BIG | {"once": once_of(client.get(SUBMIT).text)}

    first = client.post(SUBMIT, form)
    again = client.post(SUBMIT, form, follow=True)

    assert again.redirect_chain == [(first.url, 302)]
    assert "This form was sent before" in again.text
    assert (Lead.objects.count(), Handoff.objects.count()) == (1, 1)
    assert Lead.objects.get().source_system == "portal"


def test_two_forms_make_two_leads(version, rule, mai, ren, signed_in):
    client = signed_in(mai)

    for name in ("Hanako Tanaka", "Jiro Sato"):
        client.post(SUBMIT, BIG | {"full_name": name, "email": "", "once": once_of(client.get(SUBMIT).text)})

    assert Lead.objects.count() == 2


@pytest.mark.parametrize(("given", "status"), [({"source": ""}, 422), ({"add_row": "1"}, 200)])
def test_a_form_that_comes_back_is_still_the_same_form(given, status, mai, signed_in, agreements):
    client = signed_in(mai)
    once = once_of(client.get(SUBMIT).text)

    answer = client.post(SUBMIT, BIG | {"once": once} | given)

    assert (answer.status_code, once_of(answer.text)) == (status, once)


def test_a_form_whose_name_was_changed_is_refused_in_words(version, rule, mai, signed_in):
    answer = signed_in(mai).post(SUBMIT, BIG | {"once": "mine"})

    assert answer.status_code == 422
    assert "Load the page again" in answer.text
    assert not Lead.objects.exists()


def test_a_lead_that_does_not_qualify_says_what_is_missing(version, rule, mai, ren, signed_in):
    answer = signed_in(mai).post(SUBMIT, BIG | {"employee_count": "3"}, follow=True)

    assert "It does not qualify yet" in answer.text
    assert "It stays with marketing." in answer.text
    assert not Handoff.objects.exists()


@pytest.mark.parametrize(("language", "said"), [("en", "Ruled out by: "), ("ja", "対象外に該当: ")])
def test_a_lead_that_is_ruled_out_says_by_what_in_words(language, said, agreements, rule, mai, signed_in):
    mai.language = language
    mai.save()
    condition = {"field": "source", "op": "is", "value": "Web"}
    factories.version_in_force({"condition": condition, "kind": "disqualifier"}, threshold=1)

    answer = signed_in(mai).post(SUBMIT, BIG, follow=True)

    assert said in answer.text
    assert "It does not qualify yet" not in answer.text
    assert not Handoff.objects.exists()


def test_touches_of_the_form_are_kept(version, rule, mai, ren, signed_in):
    campaign = factories.campaign("Spring fair")
    yesterday = timezone.localdate() - timedelta(days=1)
    rows = {
        "touches-0-kind": "download",
        "touches-0-detail": "Guide",
        "touches-1-kind": "seminar",
        "touches-1-on": yesterday.isoformat(),
        "campaign": str(campaign.pk),
    }

    signed_in(mai).post(SUBMIT, BIG | rows)

    lead = Lead.objects.get()
    assert lead.campaign == campaign
    assert [touch.kind_id for touch in lead.touches.order_by("-at")] == ["download", "seminar"]


def test_one_more_row_of_touches_keeps_what_was_written(mai, signed_in, agreements):
    answer = signed_in(mai).post(SUBMIT, BIG | {"add_row": "1", "touches-0-kind": "download"})

    assert answer.status_code == 200
    assert 'name="touches-2-kind"' in answer.text
    assert 'value="Hanako Tanaka"' in answer.text
    assert '<option value="download" selected>' in answer.text
    assert not Lead.objects.exists()


@pytest.mark.parametrize("rows", ["x", "-1", "", "99999999999", "²"])
def test_nonsense_about_the_rows_is_no_fault_of_the_server(rows, mai, signed_in, agreements):
    client = signed_in(mai)

    assert client.post(SUBMIT, BIG | {"add_row": "1", "touches-TOTAL_FORMS": rows}).status_code == 200
    assert client.post(SUBMIT, BIG | {"touches-TOTAL_FORMS": rows, "source": ""}).status_code == 422


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source": ""}, "Enter where the lead came from."),
        ({"full_name": "", "company_name": ""}, "Enter at least a name, an e-mail address or a company."),
        ({"email": "not an address"}, "“not an address” is not an e-mail address: write it such as name@example.com."),
        ({"phone": "abc"}, "“abc” is not a phone number: write it with its area code, such as 03-1234-5678."),
        ({"touches-0-detail": "A guide"}, "Choose what they did, or empty the row."),
        ({"touches-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
        ({"employee_count": "many"}, "Enter the number of employees in digits, such as 1200."),
    ],
)
def test_what_cannot_be_taken_comes_back_with_the_form(given, said, version, rule, mai, signed_in):
    answer = signed_in(mai).post(SUBMIT, BIG | given)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Lead.objects.exists()


def summary_of(page: str) -> list[tuple[str, str]]:
    """The lines on top with the fields they lead to."""
    assert page.count('class="error-summary"') == 1
    found = re.findall(r'<li><a href="#([^"]*)">(.*?)</a></li>', page)
    return [(field, html.unescape(line)) for field, line in found]


def everything_wrong() -> dict[str, str]:
    later = timezone.localdate() + timedelta(days=2)
    return BIG | {
        "email": "hanako@",
        "phone": "12",
        "employee_count": "many",
        "source": "",
        "touches-0-kind": "download",
        "touches-0-on": later.isoformat(),
        "touches-1-detail": "A guide",
    }


@pytest.mark.parametrize(
    ("language", "date", "detail"),
    [
        ("en", "Touch 1, date: enter today or an earlier day.", "Touch 2: choose what they did, or empty the row."),
        (
            "ja",
            "接点1の日付: 今日以前の日付を入力してください。",
            "接点2: 接点の種類を選択するか、行を空にしてください。",
        ),
    ],
)
def test_all_faults_are_said_at_once_and_each_leads_to_its_field(language, date, detail, mai, signed_in, agreements):
    mai.language = language
    mai.save()

    said = summary_of(signed_in(mai).post(SUBMIT, everything_wrong()).text)

    assert [field for field, _line in said] == [
        *("id_email", "id_phone", "id_employee_count", "id_source"),
        *("id_touches-0-on", "id_touches-1-kind"),
    ]
    assert [line for _field, line in said][-2:] == [date, detail]


@pytest.mark.parametrize(("language", "row"), [("en", "Touch 2, "), ("ja", "接点2の")])
def test_what_only_the_service_knew_of_a_touch_leads_to_its_row_too(language, row, mai, signed_in, agreements):
    mai.language = language
    mai.save()
    wrong = {"touches-1-kind": "download", "touches-1-on": "1969-12-31", "touches-1-detail": "A\u202eguide"}

    said = summary_of(signed_in(mai).post(SUBMIT, BIG | wrong | {"department": "\u202eSales"}).text)

    assert [field for field, _line in said] == ["id_department", "id_touches-1-on", "id_touches-1-detail"]
    assert all(line.startswith(row) for _field, line in said[1:])


@pytest.mark.parametrize(("language", "named"), [("en", "Phone: “12” is not"), ("ja", "電話番号")])
def test_a_wrong_number_names_its_field(language, named, mai, signed_in, agreements):
    mai.language = language
    mai.save()

    said = dict(summary_of(signed_in(mai).post(SUBMIT, BIG | {"phone": "12"}).text))

    assert named in said["id_phone"]


def test_that_one_of_three_is_needed_is_said_before_anything_is_sent(mai, signed_in, agreements):
    assert "<p>Enter at least a name, an e-mail address or a company.</p>" in signed_in(mai).get(SUBMIT).text


@pytest.mark.parametrize("typed", ["250", "２５０", "1,250", "１，２５０名", "250 人"])
def test_employees_are_taken_as_they_are_typed(typed, version, rule, mai, signed_in):
    signed_in(mai).post(SUBMIT, BIG | {"employee_count": typed})

    assert Lead.objects.get().account.employee_count in (250, 1250)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Enter the number of employees in digits, such as 1200."),
        ("ja", "従業員数は数字で入力してください(例: 1200)。"),
    ],
)
def test_employees_in_words_are_asked_for_in_digits(language, said, mai, signed_in, agreements):
    mai.language = language
    mai.save()

    assert said in signed_in(mai).post(SUBMIT, BIG | {"employee_count": "about a hundred"}).text


def test_known_values_are_offered_most_used_first(mai, signed_in, agreements):
    for source in ("Web", "Fair", "Fair"):
        factories.lead(source=source)
    factories.account(industry="Food", prefecture="大阪府")

    page = signed_in(mai).get(SUBMIT).text

    assert '<datalist id="known-source"><option value="Fair"></option><option value="Web"></option></datalist>' in page
    assert '<datalist id="known-industry"><option value="Food"></option></datalist>' in page
    assert 'list="known-prefecture"' in page


def test_the_source_of_a_campaign_is_offered_where_none_is_given(version, rule, mai, signed_in):
    campaign = factories.campaign("Spring fair")
    factories.lead(campaign=campaign, source="Exhibition")

    answer = signed_in(mai).post(SUBMIT, BIG | {"source": "", "campaign": campaign.pk})

    assert answer.status_code == 422
    assert 'value="Exhibition"' in answer.text
    assert ("id_source", "“Exhibition” was filled in from the campaign. Send the form again to keep it.") in [
        (field, line.removeprefix("Source: ")) for field, line in summary_of(answer.text)
    ]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "Hanako Tanaka at Yamada Works may be the same person. Open that lead, or go on if it is somebody else.",
        ),
        (
            "ja",
            "Yamada WorksのHanako Tanakaさんと同じ人かもしれません。"
            "既存のリードを開くか、別の人であればこのまま登録してください。",
        ),
    ],
)
def test_a_known_address_is_warned_of_once(language, said, version, rule, mai, signed_in):
    mai.language = language
    mai.save()
    there = factories.lead(full_name="Hanako Tanaka", company_name="Yamada Works", email="hanako@yamada.example")
    client = signed_in(mai)
    form = BIG | {"email": "Hanako@Yamada.example"}

    warned = client.post(SUBMIT, form)
    count_then = Lead.objects.count()
    client.post(SUBMIT, form | {"warned": hidden(warned.text, "warned"), "once": once_of(client.get(SUBMIT).text)})

    assert (warned.status_code, count_then) == (409, 1)
    assert said in warned.text.replace("<wbr>", "")
    assert reverse("leads:detail", args=[there.pk]) in warned.text
    assert Lead.objects.filter(email="hanako@yamada.example").count() == 2


def test_the_same_form_again_is_not_warned_of_itself(version, rule, mai, ren, signed_in):
    client = signed_in(mai)
    form = BIG | {"email": "hanako@yamada.example", "once": once_of(client.get(SUBMIT).text)}

    answers = [client.post(SUBMIT, form) for _time in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_leads_that_wait_are_listed_for_everybody(lead, ren, mai, signed_in):
    assert lead.full_name in signed_in(ren).get(WAITING).text
    assert "Hand over the chosen leads" in signed_in(mai).get(WAITING).text
    assert "Hand over the chosen leads" not in signed_in(ren).get(WAITING).text


def test_one_lead_is_handed_over_from_its_page(lead, rule, mai, ren, signed_in):
    answer = signed_in(mai).post(reverse("handoff:hand-over", args=[lead.pk]), follow=True)

    assert "Hanako Tanaka is offered to Ren." in answer.text


def test_several_leads_are_handed_over_each_for_itself(make_lead, rule, mai, ren, signed_in):
    good, bad = make_lead(full_name="Good"), make_lead(full_name="Bad", account=factories.account(employee_count=3))
    client = signed_in(mai)

    answer = client.post(MANY, {"lead": [good.pk, bad.pk, "nonsense"]})

    assert Handoff.objects.get().lead == good
    assert answer.status_code == 409
    assert "1 lead was handed over." in answer.text


def test_a_lead_that_cannot_be_handed_over_stays_with_its_reason(lead, offer, mai, signed_in):
    """Somebody else had handed it over a moment before."""
    other = factories.qualified_lead()
    Lead.objects.filter(pk=other.pk).update(stage="qualified")

    answer = signed_in(mai).post(MANY, {"lead": [offer.lead_id, other.pk]})

    assert answer.status_code == 409
    assert Handoff.objects.filter(lead=other).exists()


def test_choosing_nothing_is_said(lead, mai, signed_in):
    assert "Choose at least one lead." in signed_in(mai).post(MANY, {}, follow=True).text


@pytest.mark.parametrize("person", ["ren", "sora"])
def test_sales_hands_over_nothing(person, lead, rule, request, signed_in):
    client = signed_in(request.getfixturevalue(person))

    assert client.post(MANY, {"lead": [lead.pk]}).status_code == 403
    assert client.post(reverse("handoff:hand-over", args=[lead.pk])).status_code == 403
    assert not Handoff.objects.exists()
