"""Marketing's pages: a new lead, and leads that wait to be handed over."""

from __future__ import annotations

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

    for _form in range(2):
        client.post(SUBMIT, BIG | {"once": once_of(client.get(SUBMIT).text)})

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
    assert [touch.kind for touch in lead.touches.order_by("-at")] == ["download", "seminar"]


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
        ({"full_name": "", "company_name": ""}, "Enter a name, an e-mail address or a company."),
        ({"email": "not an address"}, "“not an address” is not an e-mail address."),
        ({"phone": "abc"}, "“abc” is not a phone number."),
        ({"touches-0-detail": "A guide"}, "Choose what they did, or empty the row."),
        ({"touches-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
        ({"employee_count": "many"}, "Enter a whole number."),
    ],
)
def test_what_cannot_be_taken_comes_back_with_the_form(given, said, version, rule, mai, signed_in):
    answer = signed_in(mai).post(SUBMIT, BIG | given)

    assert answer.status_code == 422
    assert said in answer.text
    assert not Lead.objects.exists()


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
