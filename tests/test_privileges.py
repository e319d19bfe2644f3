"""What the role that web, worker and beat connect as may do in the database: their work, and nothing to history."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from alignment.accounts.models import User
from alignment.health import doctor
from alignment.kernel import privileges
from handoff.services import activities, decisions
from leads.models import LeadEvent, Signature
from reviews.models import AgendaItem
from tests import everything as worlds
from tests.everything import NOW, REP
from tests.test_history import HISTORY

REFUSED = "permission denied|must be owner"
ROLE = f"test_application_{os.getpid()}"


def execute(statement: str) -> list[tuple]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def may_make_roles() -> bool:
    return execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")[0][0]


@pytest.fixture(autouse=True)
def _may_make_roles(db: None) -> None:
    if not may_make_roles():
        pytest.skip("The role of DATABASE_URL may make no roles on this server.")


@pytest.fixture
def role() -> str:
    """A role as `migrate` makes it, which ends with the test."""
    privileges.grant(ROLE, "secret")
    execute(f"GRANT {ROLE} TO CURRENT_USER")
    return ROLE


@pytest.fixture
def as_application(role: str) -> Callable[[], None]:
    """From its call on, everything is done as that role."""
    return lambda: execute(f"SET LOCAL ROLE {role}") and None


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
def test_history_is_out_of_its_reach(as_application: Callable[[], None], model: type[Model]) -> None:
    as_application()
    table, key = model._meta.db_table, model._meta.pk.column
    trigger = execute(f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal")[0][0]

    for statement in (
        f"UPDATE {table} SET {key} = {key}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} DISABLE TRIGGER {trigger}",
        f"DROP TRIGGER {trigger} ON {table}",
        f"DROP TABLE {table} CASCADE",
        f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING",
    ):
        with pytest.raises(ProgrammingError, match=REFUSED):
            execute(statement)
    execute(f"SELECT {key} FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM {Signature._meta.db_table}",
        "DELETE FROM pghistory_context",
        "DELETE FROM django_migrations",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('leads', '9999', now())",
        "TRUNCATE leads_lead CASCADE",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(name) RETURNS bool LANGUAGE sql AS 'SELECT true'",
        "CREATE ROLE another",
    ],
)
def test_nor_may_it_get_round_that(as_application: Callable[[], None], statement: str) -> None:
    as_application()

    with pytest.raises(ProgrammingError, match=REFUSED):
        execute(statement)


def test_it_owns_nothing(role: str) -> None:
    owned = f"SELECT count(*) FROM pg_shdepend WHERE refobjid = '{role}'::regrole AND deptype = 'o'"

    assert execute(owned) == [(0,)]
    assert privileges.excess(role) == ""


def test_the_whole_loop_works_under_it(
    as_application: Callable[[], None],
    mai: User, ren: User, rei: User, aoi: User, sora: User, kei: User,
    signed_in: Callable[[User], Client],
) -> None:  # fmt: skip
    as_application()

    people = dict(zip((worlds.MARKETER, REP, worlds.OUTSIDER), (mai, ren, rei), strict=True))
    people |= {worlds.MARKETING_MANAGER: aoi, worlds.SALES_MANAGER: sora, worlds.ADMIN: kei}
    world = worlds.make(people)
    activities.record(lead_id=world.sold.pk, actor=ren, now=NOW, kind="call", outcome="spoke")
    decisions.accept(handoff_id=world.handoff.pk, actor=ren, now=NOW)
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    page = signed_in(ren).get(reverse("home"))
    file = signed_in(ren).get(reverse("leads:export", args=["csv"]))

    assert (page.status_code, file.status_code) == (200, 200)
    empty = {model.__name__ for model in HISTORY if not model._default_manager.exists()}
    assert empty == set(), "every table of history has been written to"
    assert AgendaItem.objects.exists()


def test_the_doctor_is_content_with_it(as_application: Callable[[], None]) -> None:
    assert "owns the tables" in _what_the_doctor_says_of_the_role()

    as_application()

    assert _what_the_doctor_says_of_the_role() == "The application owns no table and cannot change history."


def _what_the_doctor_says_of_the_role() -> str:
    return {finding.part: finding.says for finding in doctor.examine(now=NOW)}["database role"]


def test_a_new_table_is_opened_by_the_next_grant(role: str) -> None:
    execute("CREATE TABLE later (id bigint GENERATED BY DEFAULT AS IDENTITY)")
    may = f"SELECT has_table_privilege('{role}', 'later', 'INSERT'), has_sequence_privilege('{role}', %s, 'USAGE')"

    before = execute(may.replace("%s", "'later_id_seq'"))
    privileges.grant(role, "secret")

    assert before == [(False, False)]
    assert execute(may.replace("%s", "'later_id_seq'")) == [(True, True)]


def test_a_grant_takes_back_what_was_given_too_much(role: str) -> None:
    table = LeadEvent._meta.db_table
    execute(f"GRANT ALL ON {table} TO {role}")
    assert table in privileges.excess(role)

    privileges.grant(role, "secret")

    assert privileges.excess(role) == ""


def test_the_owner_of_the_tables_is_no_role_for_the_application() -> None:
    assert "owns the tables" in privileges.excess()

    (owner,) = execute("SELECT current_user")[0]
    with pytest.raises(privileges.UnfitRole, match="owns the tables"):
        privileges.grant(owner, "secret")


def test_nor_is_one_that_may_make_tables(role: str) -> None:
    execute(f"GRANT CREATE ON SCHEMA public TO {role}")

    assert "make tables" in privileges.excess(role)


def test_nor_is_one_that_may_act_as_an_owner(role: str) -> None:
    execute(f"CREATE ROLE {role}_chief")
    execute(f"GRANT {role}_chief TO CURRENT_USER, {role}")
    execute(f"GRANT CREATE ON SCHEMA public TO {role}_chief")
    execute(f"ALTER TABLE {LeadEvent._meta.db_table} OWNER TO {role}_chief")
    execute(f"REVOKE CREATE ON SCHEMA public FROM {role}_chief")

    assert "owns the tables" in privileges.excess(role)


def test_who_may_make_no_roles_is_told_what_to_ask_for(as_application: Callable[[], None]) -> None:
    as_application()

    with pytest.raises(privileges.UnfitRole, match="CREATE ROLE another LOGIN"):
        privileges.grant("another", "secret")


@pytest.fixture
def separated(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """DATABASE_URL names a role that does not exist yet, DATABASE_OWNER_URL the owner; how to sign in as the former."""
    ours = connection.settings_dict
    settings.DATABASE_OWNER = dict(ours)
    for key, value in {"USER": ROLE, "PASSWORD": "a secret"}.items():
        monkeypatch.setitem(ours, key, value)
    yield {"host": ours["HOST"], "port": ours["PORT"], "dbname": ours["NAME"], "user": ROLE, "password": "a secret"}
    with privileges.as_owner():
        if execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            execute(f"GRANT {ROLE} TO CURRENT_USER")
            execute(f"DROP OWNED BY {ROLE}")
            execute(f"DROP ROLE {ROLE}")


def test_migrating_makes_the_role_and_lets_it_in(separated: dict[str, object]) -> None:
    call_command("migrate", verbosity=0)

    with closing(psycopg2.connect(**separated)) as theirs, theirs.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 10
        with pytest.raises(psycopg2.Error, match=REFUSED):
            cursor.execute(f"ALTER TABLE {LeadEvent._meta.db_table} DISABLE TRIGGER ALL")


@pytest.mark.parametrize("option", ["plan", "check_unapplied"])
def test_asking_what_there_is_to_migrate_changes_nothing(separated: dict[str, object], option: str) -> None:
    call_command("migrate", verbosity=0, **{option: True})

    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(**separated)


def test_migrating_fails_aloud_where_the_separation_would_be_none(separated: dict[str, object]) -> None:
    call_command("migrate", verbosity=0)
    with privileges.as_owner():
        execute(f"GRANT CREATE ON SCHEMA public TO {ROLE}")

    with pytest.raises(CommandError, match="make tables"):
        call_command("migrate", verbosity=0)
