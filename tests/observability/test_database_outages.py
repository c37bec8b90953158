"""Outages of the database by its errors; tests/config/outages has real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from observability.database_outages import AWAY, READ_ONLY, outage_of, skipped_if_read_only


@contextmanager
def read_only() -> Iterator[None]:
    """Refuse writes within the block, which is in a transaction."""
    is_sqlite = connection.vendor == "sqlite"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON" if is_sqlite else "SET TRANSACTION READ ONLY")
        try:
            yield
        finally:
            if is_sqlite:
                cursor.execute("PRAGMA query_only = OFF")


@pytest.mark.django_db
def test_read_only_database_is_recognised() -> None:
    with read_only(), pytest.raises(OperationalError) as caught, transaction.atomic():
        User.objects.create_user("ada")
    assert outage_of(caught.value) is READ_ONLY


@pytest.mark.django_db
def test_unimportant_write_is_left_out() -> None:
    with read_only():
        with skipped_if_read_only():
            User.objects.create_user("ada")
        assert not User.objects.exists()


def test_other_errors() -> None:
    assert outage_of(OperationalError("connection refused")) is AWAY
    assert outage_of(InterfaceError("connection already closed")) is AWAY
    assert outage_of(DatabaseError("syntax error")) is None
    assert outage_of(None) is None
