"""Web, worker and beat at work, each as the role that owns nothing; the other fault tests run them like that, too."""

from __future__ import annotations

from django.db import connection

from alignment.local import postgres
from tests.fault.stack import Stack, until


def test_every_process_works_as_a_role_that_owns_nothing(stack: Stack) -> None:
    stack.start("web", "worker", "beat")
    until(lambda: stack.broken_parts() == set(), within=60, what="everything is ready")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [stack.database],
        )
        connected = {name for (name,) in cursor}
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = %s", [postgres.APPLICATION])
        owned = cursor.fetchone()[0]

    assert connected == {postgres.APPLICATION}
    assert owned == 0
