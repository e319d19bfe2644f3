"""Who may do what in the database: a role owns the tables (DATABASE_OWNER_URL), another uses them (DATABASE_URL).

History is guarded by triggers, and whoever owns a table can switch its triggers off. So web, worker and beat connect as
a role that owns nothing and may not even try to change what the triggers keep. Without DATABASE_OWNER_URL one role does
both, and ``excess`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import sql
from django.db.migrations.recorder import MigrationRecorder
from pghistory.models import Context

from alignment.kernel import history

WORK = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
)
_EXCESS = """
    SELECT role,
           EXISTS (SELECT FROM pg_class JOIN pg_namespace schema ON schema.oid = relnamespace
                   WHERE nspname = current_schema() AND relkind IN ('r', 'p', 'S')
                   AND pg_has_role(role, relowner, 'MEMBER')),
           has_schema_privilege(role, current_schema(), 'CREATE'),
           (SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(%s, %s) AS kept (name, operations)
            WHERE has_table_privilege(role, to_regclass(quote_ident(name))::oid, operations))
    FROM (SELECT coalesce(nullif(%s, ''), current_user)::name) AS asked (role)
"""


class UnfitRole(Exception):
    """The role of the application is none that it should run under; the text says why."""


def is_separated() -> bool:
    """Whether another role than that of the application is named as the owner of the tables."""
    owner = settings.DATABASE_OWNER
    return bool(owner) and owner["USER"] != connection.settings_dict["USER"]


@contextmanager
def as_owner() -> Iterator[None]:
    """Within it this thread works in its database as the owner of the tables, who must be named."""
    ours = connections[DEFAULT_DB_ALIAS]
    owner = ours.copy()
    owner.settings_dict |= {key: value for key, value in settings.DATABASE_OWNER.items() if key != "NAME"}
    connections[DEFAULT_DB_ALIAS] = owner
    try:
        yield
    finally:
        owner.close()
        connections[DEFAULT_DB_ALIAS] = ours


def withheld() -> dict[str, frozenset[str]]:
    """What the application may not do with a table, though it may do it with all others."""
    refused = {model._meta.db_table: frozenset(history.refused(model)) for model in apps.get_models()}
    return {table: operations for table, operations in refused.items() if operations} | {
        Context._meta.db_table: frozenset({"DELETE"}),  # who wrote history; added to while a request lasts
        MigrationRecorder.Migration._meta.db_table: WORK - {"SELECT"},
    }


def grant(role: str, password: str) -> None:
    """Let a role work with all tables and sequences there are, and no more; it is made where it does not exist.

    For their owner, after every migration: until then a new table allows nothing. Raises ``UnfitRole`` where the role
    cannot be made, or has rights from elsewhere that make these useless.
    """
    name = sql.Identifier(role)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        schema, is_there = cursor.fetchone()
        if not is_there:
            _make(role, password)
        cursor.execute("SELECT current_database(), has_database_privilege(%s, current_database(), 'TEMP')", [role])
        database, may_keep_aside = cursor.fetchone()
        if not may_keep_aside:  # imports go through temporary tables
            cursor.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(database), name))
        for statement in _GRANTS:
            cursor.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), role=name))
        for table, operations in withheld().items():
            statement = f"REVOKE {', '.join(sorted(operations))} ON {{}} FROM {{}}"
            cursor.execute(sql.SQL(statement).format(sql.Identifier(table), name))
        if found := excess(role):
            raise UnfitRole(f"{found} DATABASE_URL has to name another one.")


def _make(role: str, password: str) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)), [password])
    except ProgrammingError as error:
        raise UnfitRole(
            f"The role {role} of DATABASE_URL does not exist, and the owner of the tables may not make it. "
            f"Let somebody who may: CREATE ROLE {role} LOGIN PASSWORD '...'"
        ) from error


def excess(role: str = "") -> str:
    """What a role, or the one we are, may do that the application must not; nothing where all is well."""
    kept = {table: ", ".join(sorted(operations | {"TRUNCATE", "TRIGGER"})) for table, operations in withheld().items()}
    with connection.cursor() as cursor:
        cursor.execute(_EXCESS, [list(kept), list(kept.values()), role])
        name, owns, creates, changes = cursor.fetchone()
    if owns:
        return f"The role {name} owns the tables, so it could switch off what guards history."
    if creates:
        return f"The role {name} may make tables of its own."
    return f"The role {name} may change what must stay: {changes}." if changes else ""
