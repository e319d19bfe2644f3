"""Invitations: only admins send them; each opens one door, once, for some days; nothing that opens it is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Invitation, User
from alignment.accounts.services import invitations
from alignment.accounts.services.invitations import DoorIsClosed, NameIsKnown
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from alignment.outbox import mails
from alignment.outbox import services as outbox
from alignment.outbox.models import Notice
from tests import factories
from tests.racing import at_once

PASSWORD = "seven-small-boats"


@pytest.fixture
def invite(kei, now):
    """Kei invites somebody as a marketer."""

    def run(**fields):
        values = {
            "email": "new@example.com",
            "full_name": "Nana New",
            "role": "marketer",
            "side": "marketing",
            "team": None,
            "language": "en",
            "actor": kei,
            "now": timezone.now(),
        }
        return invitations.invite(**(values | fields))

    return run


def link_of_last_mail() -> str:
    notice = Notice.objects.order_by("-pk").first()
    return re.search(r"http://testserver(/invitations/\S+)", mails.render(notice).text)[1]


def token_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def test_the_mail_says_who_invites_and_as_what(invite, kei):
    invite(language="ja")

    notice = Notice.objects.get()
    assert notice.to_address == "new@example.com"
    assert notice.language == "ja"
    assert notice.context["invited_by"] == kei.full_name


def test_an_invited_person_cannot_sign_in_yet(invite):
    invitation = invite()

    assert invitation.user.is_active is False
    assert invitation.expires_at - invitation.created_at == timedelta(days=7)


@pytest.mark.parametrize("who", ["mai", "ren", "aoi", "sora"])
def test_only_admins_invite(invite, request, who):
    with pytest.raises(NotAllowed):
        invite(actor=request.getfixturevalue(who))

    assert not User.objects.filter(email="new@example.com").exists()


def test_somebody_who_can_sign_in_is_not_invited(invite, mai):
    with pytest.raises(InvalidInput) as refused:
        invite(email=mai.email.upper())

    assert (refused.value.code, refused.value.field) == ("already_active", "email")


def test_a_role_that_does_not_fit_its_side_is_refused(invite):
    with pytest.raises(InvalidInput):
        invite(role="sales_rep", side="marketing")


def test_a_team_of_the_other_side_is_refused(invite, field_sales):
    with pytest.raises(InvalidInput) as refused:
        invite(team=field_sales)

    assert refused.value.field == "team"


def test_a_former_colleague_is_invited_back_as_somebody_else(invite, mai):
    User.objects.filter(pk=mai.pk).update(is_active=False)

    invitation = invite(email=mai.email, role="manager", side="sales")

    assert invitation.user.pk == mai.pk
    assert invitation.user.role_name == "Sales manager"


@pytest.fixture
def imported(db) -> User:
    """A name that an import brought."""
    return factories.name_only("山田 花子")


@pytest.mark.parametrize("name", ["山田 花子", "山田\u3000花子", "山田花子"])
def test_a_name_from_an_import_asks_who_is_meant(invite, imported, name):
    with pytest.raises(NameIsKnown) as refused:
        invite(full_name=name)

    assert (refused.value.code, refused.value.field) == ("name_is_known", "same_as")
    assert not Invitation.objects.exists()


def test_the_person_from_an_import_keeps_what_was_imported(invite, imported):
    deal = factories.deal(owner=imported)

    invitation = invite(full_name="山田花子", same_as=imported.pk, role="sales_rep", side="sales")
    invitations.accept(token_hash=invitation.token_hash, full_name="山田", password=PASSWORD, now=timezone.now())

    deal.refresh_from_db()
    assert (deal.owner.email, deal.owner.full_name, deal.owner.is_active) == ("new@example.com", "山田", True)


def test_somebody_else_of_the_same_name_is_a_new_person(invite, imported):
    invitation = invite(full_name="山田花子", is_somebody_else=True)

    imported.refresh_from_db()
    assert invitation.user_id != imported.pk
    assert imported.email is None


def test_a_former_colleague_s_address_is_not_given_to_a_name_from_an_import(invite, imported, mai):
    User.objects.filter(pk=mai.pk).update(is_active=False)

    with pytest.raises(InvalidInput) as refused:
        invite(email=mai.email, full_name="山田花子", same_as=imported.pk)

    assert (refused.value.code, refused.value.field) == ("address_taken", "email")


def test_nobody_becomes_a_person_of_another_name(invite, imported, mai):
    for same_as in (imported.pk, mai.pk, 0):
        with pytest.raises(InvalidInput):
            invite(full_name="Nana New", same_as=same_as)


def test_a_person_from_an_import_is_matched_once(invite, imported):
    invite(full_name="山田花子", same_as=imported.pk)

    with pytest.raises(InvalidInput) as refused:
        invite(email="another@example.com", full_name="山田花子", same_as=imported.pk)

    assert (refused.value.code, refused.value.field) == ("already_matched", "same_as")


def test_the_link_lets_in_once(invite):
    invite()
    link, client = link_of_last_mail(), Client()

    page = client.get(link, follow=True)
    answer = client.post(reverse("accounts:invitation-accept"), {"full_name": "Nana", "password": PASSWORD})
    again = Client().get(link, follow=True)

    assert "Choose a password" in page.text
    assert answer.status_code == 302
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert User.objects.get(email="new@example.com").is_active is True
    assert again.status_code == 410


def test_the_address_bar_and_the_session_do_not_hold_the_token(invite):
    invite()
    link, client = link_of_last_mail(), Client()

    page = client.get(link, follow=True)

    assert page.redirect_chain == [(reverse("accounts:invitation-accept"), 302)]
    assert token_of(link) not in str(dict(client.session))


def test_the_token_is_in_no_table_before_or_after_it_leaves(invite, settings):
    settings.DEMO = False
    invite()
    token = token_of(link_of_last_mail())

    before = tables_with(token)
    outbox.sweep(now=timezone.now())
    Client().get(f"/invitations/{token}/", follow=True)

    assert token in mail.outbox[0].body
    assert before == []
    assert tables_with(token) == []


def test_entering_gives_a_new_session(invite):
    invite()
    client = Client()
    client.get(link_of_last_mail(), follow=True)
    before = client.session.session_key

    client.post(reverse("accounts:invitation-accept"), {"full_name": "Nana", "password": PASSWORD})

    assert client.session.session_key != before


def test_the_language_of_who_enters_is_kept_as_safely_as_any_choice(invite, settings):
    settings.SESSION_COOKIE_SECURE = True
    invite()
    client = Client()
    client.get(link_of_last_mail(), follow=True, secure=True)

    data = {"full_name": "Nana", "password": PASSWORD}
    answer = client.post(reverse("accounts:invitation-accept"), data, secure=True)

    cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["secure"], cookie["httponly"], cookie["samesite"]) == ("en", True, True, "Lax")


def test_an_old_link_opens_nothing(invite):
    invite(now=timezone.now() - timedelta(days=7, seconds=1))

    assert Client().get(link_of_last_mail(), follow=True).status_code == 410


def test_a_made_up_link_says_the_same_as_an_old_one(invite, db):
    invite(now=timezone.now() - timedelta(days=8))

    old = Client().get(link_of_last_mail(), follow=True)
    made_up = Client().get("/invitations/made-up/", follow=True)

    assert old.status_code == made_up.status_code
    assert without_csrf(old.text) == without_csrf(made_up.text)


def test_sending_again_replaces_the_link(invite, kei):
    invitation = invite()
    first = token_of(link_of_last_mail())

    invitations.resend(person_id=invitation.user_id, actor=kei, now=timezone.now())
    second = token_of(link_of_last_mail())

    assert first != second
    with pytest.raises(DoorIsClosed):
        invitations.open_invitation(token_hash=invitations.hash_of(first), now=timezone.now())
    assert invitations.open_invitation(token_hash=invitations.hash_of(second), now=timezone.now())


def test_a_withdrawn_invitation_opens_nothing(invite, kei):
    invitation = invite()
    token = token_of(link_of_last_mail())

    invitations.withdraw(person_id=invitation.user_id, actor=kei, now=timezone.now())

    with pytest.raises(DoorIsClosed):
        invitations.open_invitation(token_hash=invitations.hash_of(token), now=timezone.now())


def test_an_accepted_invitation_is_not_sent_again(invite, kei):
    invitation = invite()
    invitations.accept(token_hash=invitation.token_hash, full_name="Nana", password=PASSWORD, now=timezone.now())

    with pytest.raises(NotFound):
        invitations.resend(person_id=invitation.user_id, actor=kei, now=timezone.now())


def test_a_used_link_does_not_let_somebody_back_in_who_was_shut_out(invite):
    invitation = invite()
    token = token_of(link_of_last_mail())
    invitations.accept(token_hash=invitation.token_hash, full_name="Nana", password=PASSWORD, now=timezone.now())
    User.objects.filter(pk=invitation.user_id).update(is_active=False)

    with pytest.raises(DoorIsClosed):
        invitations.open_invitation(token_hash=invitations.hash_of(token), now=timezone.now())


def test_a_weak_password_is_refused_and_the_door_stays_open(invite):
    invite()
    client = Client()
    client.get(link_of_last_mail(), follow=True)

    answer = client.post(reverse("accounts:invitation-accept"), {"full_name": "Nana", "password": "password"})

    assert answer.status_code == 422
    assert "too common" in answer.text
    assert Invitation.objects.get().accepted_at is None


def test_the_door_speaks_the_language_of_the_guest(invite):
    invite(language="ja")

    page = Client().get(link_of_last_mail(), follow=True)

    assert 'lang="ja"' in page.text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_open_the_same_door_at_once_find_one_open():
    now = timezone.now()
    for number in range(10):
        admin = factories.user(f"admin{number}", role="admin", side="")
        invitation = invitations.invite(
            email=f"guest{number}@example.com",
            full_name="Guest",
            role="marketer",
            side="marketing",
            team=None,
            language="en",
            actor=admin,
            now=now,
        )
        accept = partial(invitations.accept, token_hash=invitation.token_hash, password=PASSWORD, now=now)

        results = at_once(*[partial(accept, full_name=f"Guest {which}") for which in range(4)])

        assert sum(isinstance(result, User) for result in results) == 1
        assert sum(isinstance(result, DomainError) for result in results) == 3


def without_csrf(page: str) -> str:
    return re.sub(r'"[A-Za-z0-9]{64}"', '""', page)


def tables_with(words: str) -> list[str]:
    """The tables in which these words stand anywhere, sessions read as what they hold."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{words}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found
