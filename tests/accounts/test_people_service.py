"""Changing people: it acts on their next request, and there is always an admin."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse

from alignment.accounts.models import ApiToken, User
from alignment.accounts.services import people, tokens
from alignment.accounts.services.people import LastAdmin
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from tests import factories
from tests.racing import at_once


@pytest.fixture
def edit(kei, now):
    def run(person: User, **fields):
        values = {name: getattr(person, name) for name in ("full_name", "role", "side", "team")}
        return people.edit_person(person_id=person.pk, **(values | fields), actor=fields.pop("actor", kei), now=now)

    return run


def test_a_new_role_acts_on_the_next_request(kei, mai, now, signed_in):
    client = signed_in(mai)
    before = client.get(reverse("accounts:organisation")).status_code

    people.edit_person(person_id=mai.pk, full_name=mai.full_name, role="admin", side="", team=None, actor=kei, now=now)

    assert before == 403
    assert client.get(reverse("accounts:organisation")).status_code == 200


@pytest.mark.parametrize("who", ["mai", "ren", "aoi", "sora"])
def test_only_admins_change_people(request, who, riku, now):
    with pytest.raises(NotAllowed):
        people.deactivate(person_id=riku.pk, actor=request.getfixturevalue(who), now=now)


def test_nobody_who_is_unknown_is_changed(kei, now):
    with pytest.raises(NotFound):
        people.deactivate(person_id=10**9, actor=kei, now=now)


def test_shutting_out_ends_sessions_and_tokens_at_once(kei, mai, now, signed_in, client):
    browser = signed_in(mai)
    _token, secret = tokens.create_token(person=mai, name="x", valid_for=timedelta(days=1), now=now)
    header = {"Authorization": f"Token {secret}"}
    before = (browser.get("/").status_code, client.get("/api/v1/handoffs/", headers=header).status_code)

    people.deactivate(person_id=mai.pk, actor=kei, now=now)

    assert before == (200, 200)
    assert browser.get("/").status_code == 302
    assert client.get("/api/v1/handoffs/", headers=header).status_code == 401
    assert not ApiToken.objects.filter(user=mai).exists()


def test_somebody_let_in_again_does_not_get_old_sessions_back(kei, mai, now, signed_in):
    browser = signed_in(mai)
    people.deactivate(person_id=mai.pk, actor=kei, now=now)

    people.activate(person_id=mai.pk, actor=kei, now=now)

    assert browser.get("/").status_code == 302


def test_signing_out_everywhere_leaves_the_person_active(kei, mai, now, signed_in):
    browser = signed_in(mai)

    people.end_sessions(person_id=mai.pk, actor=kei, now=now)

    mai.refresh_from_db()
    assert mai.is_active
    assert browser.get("/").status_code == 302


def test_one_may_sign_oneself_out_everywhere_and_nobody_else(mai, ren, now):
    people.end_sessions(person_id=mai.pk, actor=mai, now=now)

    with pytest.raises(NotAllowed):
        people.end_sessions(person_id=ren.pk, actor=mai, now=now)


def test_a_changed_password_ends_other_sessions(mai, signed_in):
    browser = signed_in(mai)
    mai.set_password("another-good-phrase")
    mai.save()

    assert browser.get("/").status_code == 302


def test_nobody_shuts_themselves_out(kei, now):
    with pytest.raises(InvalidInput):
        people.deactivate(person_id=kei.pk, actor=kei, now=now)


def test_the_last_admin_cannot_step_down(edit, kei):
    with pytest.raises(LastAdmin):
        edit(kei, role="marketer", side="marketing")


def test_an_admin_may_step_down_while_there_is_another(edit, kei):
    factories.user("kai", role="admin", side="")

    assert edit(kei, role="marketer", side="marketing").role == "marketer"


def test_an_imported_name_is_not_let_in_without_an_invitation(kei, now):
    name = User.objects.create(full_name="From a file", role="sales_rep", side="sales", is_active=False)
    name.set_unusable_password()
    name.save()

    with pytest.raises(InvalidInput):
        people.activate(person_id=name.pk, actor=kei, now=now)


@pytest.mark.parametrize(
    ("role", "side"),
    [("marketer", "sales"), ("sales_rep", "marketing"), ("manager", ""), ("nobody", "sales"), ("admin", "north")],
)
def test_roles_and_sides_that_do_not_go_together_are_refused(edit, mai, role, side):
    with pytest.raises(InvalidInput):
        edit(mai, role=role, side=side)


def test_changes_leave_a_history(edit, mai):
    edit(mai, full_name="Mai Two")

    assert list(mai.history.order_by("pgh_id").values_list("full_name", flat=True))[-2:] == ["Mai", "Mai Two"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_step_down_at_once_leave_one(now):
    for number in range(10):
        User.objects.filter(role="admin").update(role="marketer", side="marketing")
        pair = [factories.user(f"admin{number}{which}", role="admin", side="") for which in "ab"]

        results = at_once(
            *[
                partial(
                    people.edit_person,
                    person_id=admin.pk,
                    full_name="x",
                    role="marketer",
                    side="marketing",
                    team=None,
                    actor=admin,
                    now=now,
                )
                for admin in pair
            ]
        )

        assert sum(isinstance(result, DomainError) for result in results) == 1
        assert User.objects.active().filter(role="admin").count() == 1
