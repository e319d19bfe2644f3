"""What a fault of the database says of the change that was asked for."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, connection, transaction

from alignment.kernel import outages


def fault(statement):
    with pytest.raises(outages.FAULTS) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return caught.value


@pytest.mark.django_db
def test_a_statement_that_took_too_long_is_undone():
    assert outages.is_undone(fault("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)"))


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_says_nothing_of_the_change():
    error = fault("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()

    assert not outages.is_undone(error)


def test_a_connection_that_was_closed_says_nothing_of_the_change():
    assert not outages.is_undone(InterfaceError("connection already closed"))
