"""The pages about people: a list to search, and what an admin does there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Invitation, User
from alignment.accounts.services import invitations
from alignment.outbox.models import Notice
from tests import factories

LIST = "accounts:members"


@pytest.fixture
def invited(kei):
    invitation = invitations.invite(
        email="new@example.com",
        full_name="Nana New",
        role="marketer",
        side="marketing",
        team=None,
        language="en",
        actor=kei,
        now=timezone.now(),
    )
    return invitation.user


def names(answer) -> set[str]:
    return {person.full_name for person in answer.context["page"].object_list}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=re", {"Ren", "Rei"}),
        ("q=MAI@", {"Mai"}),
        ("position=manager:sales", {"Sora"}),
        ("position=admin:", {"Kei"}),
        ("state=invited", {"Nana New"}),
        ("state=active&q=nana", set()),
        ("team=none-such", {"Mai", "Ren", "Rei", "Aoi", "Sora", "Kei", "Nana New"}),
    ],
)
def test_the_list_is_narrowed(signed_in, mai, ren, rei, aoi, sora, kei, invited, query, found):
    assert names(signed_in(kei).get(f"{reverse(LIST)}?{query}")) == found


def test_the_list_is_narrowed_by_team(signed_in, ren, rei, kei):
    assert names(signed_in(kei).get(reverse(LIST), {"team": ren.team_id})) == {"Ren"}


def test_the_list_alone_answers_htmx(signed_in, mai):
    answer = signed_in(mai).get(reverse(LIST), headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert 'id="people"' in answer.text


def test_a_search_without_result_says_how_to_go_on(signed_in, mai):
    page = signed_in(mai).get(reverse(LIST), {"q": "zzz"}).text

    assert "Nobody fits this search" in page
    assert "Show everybody" in page


def test_only_admins_see_what_admins_do(signed_in, mai, kei):
    invite = reverse("accounts:member-invite")

    assert invite in signed_in(kei).get(reverse(LIST)).text
    assert invite not in signed_in(mai).get(reverse(LIST)).text


def test_the_list_costs_the_same_for_one_and_for_twenty(signed_in, kei):
    client = signed_in(kei)
    client.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(LIST))
    for _number in range(20):
        factories.user(team=factories.team(name="Web", side="marketing"))

    with CaptureQueriesContext(connection) as many:
        client.get(reverse(LIST))

    assert len(many) == len(few)


def test_an_admin_invites_from_the_page(signed_in, kei):
    data = {
        "email": "new@example.com",
        "full_name": "Nana",
        "position": "sales_rep:sales",
        "team": "",
        "language": "ja",
    }

    page = signed_in(kei).post(reverse("accounts:member-invite"), data, follow=True)

    assert "new@example.com" in page.text
    assert Notice.objects.get().template == "accounts/email/invitation"
    assert Invitation.objects.get().user.role == "sales_rep"


@pytest.mark.parametrize(("answer", "is_same"), [("same", True), ("new", False)])
def test_an_admin_says_whether_a_name_from_an_import_is_meant(signed_in, kei, answer, is_same):
    imported, client = factories.name_only("Hanako Yamada"), signed_in(kei)
    data = {"email": "hy@example.com", "full_name": "hanako  yamada", "position": "sales_rep:sales", "language": "ja"}

    asked = client.post(reverse("accounts:member-invite"), data)
    chosen = str(imported.pk) if answer == "same" else "new"
    done = client.post(reverse("accounts:member-invite"), data | {"same_as": chosen})

    assert asked.status_code == 422
    assert "Say whether it is the same person." in asked.text
    assert "Hanako Yamada from the imported records" in asked.text
    assert done.status_code == 302
    assert (Invitation.objects.get().user == imported) is is_same


def test_a_name_from_an_import_leads_to_the_invitation(signed_in, kei):
    imported, client = factories.name_only("Hanako Yamada"), signed_in(kei)

    page = client.get(reverse("accounts:member-edit", args=[imported.pk])).text
    form = client.get(f"{reverse('accounts:member-invite')}?full_name=Hanako%20Yamada").text

    assert f"{reverse('accounts:member-invite')}?full_name=Hanako%20Yamada" in page
    assert 'value="Hanako Yamada"' in form


def test_what_is_missing_is_said_beside_the_field(signed_in, kei):
    page = signed_in(kei).post(reverse("accounts:member-invite"), {"email": "not an address"})

    assert page.status_code == 422
    assert "Write an e-mail address such as" in page.text
    assert "Enter the name." in page.text
    assert "<title>Error:" in page.text


def test_a_refusal_of_the_service_stands_beside_its_field(signed_in, kei, mai):
    data = {"email": mai.email, "full_name": "Mai", "position": "marketer:marketing", "team": "", "language": "ja"}

    page = signed_in(kei).post(reverse("accounts:member-invite"), data)

    assert page.status_code == 422
    assert "This person can already sign in." in page.text


def test_an_admin_changes_a_role(signed_in, kei, mai):
    data = {"full_name": "Mai", "position": "manager:marketing", "team": ""}

    signed_in(kei).post(reverse("accounts:member-edit", args=[mai.pk]), data)

    mai.refresh_from_db()
    assert mai.role_name == "Marketing manager"


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [("member-deactivate", True, False), ("member-activate", False, True), ("member-end-sessions", True, True)],
)
def test_an_admin_lets_in_and_shuts_out(signed_in, kei, mai, action, before, after):
    User.objects.filter(pk=mai.pk).update(is_active=before)

    page = signed_in(kei).post(reverse(f"accounts:{action}", args=[mai.pk]), follow=True)

    mai.refresh_from_db()
    assert page.status_code == 200
    assert mai.is_active is after


def test_an_invitation_is_sent_again_and_withdrawn(signed_in, kei, invited):
    client = signed_in(kei)

    again = client.post(reverse("accounts:invitation-resend", args=[invited.pk]), follow=True)
    gone = client.post(reverse("accounts:invitation-withdraw", args=[invited.pk]), follow=True)

    assert "the earlier one no longer works" in again.text
    assert "is withdrawn" in gone.text
    assert not Invitation.objects.exists()


def test_an_admin_cannot_shut_themselves_out_from_the_page(signed_in, kei):
    client = signed_in(kei)
    address = reverse("accounts:member-deactivate", args=[kei.pk])

    page = client.get(reverse("accounts:member-edit", args=[kei.pk])).text
    answer = client.post(address)

    assert address not in page
    assert answer.status_code == 400
    assert "cannot stop your own access" in answer.text


def test_a_person_who_does_not_exist_is_not_found(signed_in, kei):
    assert signed_in(kei).get(reverse("accounts:member-edit", args=[10**9])).status_code == 404


AWAY = {"absence-starts_on": "2026-05-01", "absence-ends_on": "2026-05-06", "absence-note": "Golden Week"}


def test_a_manager_plans_the_absences_of_the_people_of_their_side(signed_in, sora, ren, mai):
    client = signed_in(sora)
    page = reverse("accounts:member-absences", args=[ren.pk])

    people = client.get(reverse(LIST)).text
    added = client.post(reverse("accounts:absence-add", args=[ren.pk]), AWAY, follow=True)
    removed = client.post(reverse("accounts:absence-remove", args=[ren.absences.get().pk]), follow=True)

    assert page in people
    assert reverse("accounts:member-absences", args=[mai.pk]) not in people
    assert (added.status_code, added.redirect_chain) == (200, [(page, 302)])
    assert "Golden Week" in added.text
    assert (removed.status_code, removed.redirect_chain) == (200, [(page, 302)])
    assert not ren.absences.exists()


def test_an_absence_that_makes_no_sense_is_refused_on_the_page_of_the_manager(signed_in, sora, ren):
    data = AWAY | {"absence-ends_on": "2026-04-01"}

    answer = signed_in(sora).post(reverse("accounts:absence-add", args=[ren.pk]), data)

    assert answer.status_code == 422
    assert "must not be before" in answer.text
    assert "Golden Week" in answer.text


def test_an_admin_returns_to_the_page_of_the_person(signed_in, kei, ren):
    answer = signed_in(kei).post(reverse("accounts:absence-add", args=[ren.pk]), AWAY)

    assert answer["Location"] == reverse("accounts:member-edit", args=[ren.pk])


def test_nobody_else_sees_when_somebody_is_away(signed_in, ren, riku, aoi):
    page = reverse("accounts:member-absences", args=[ren.pk])

    assert [signed_in(person).get(page).status_code for person in (riku, aoi)] == [403, 403]
