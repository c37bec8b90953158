"""Two concurrent writers with the same entity tag: one succeeds, the other gets 412.

A thousand times, on PostgreSQL, each writer on its own connection.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from sync.models import DesiredRevision
from tests.accounts.callers import DAY, Scope, bearing, user
from tests.api.fleet import instance
from tests.conditions import on_postgresql

RACES: Final = 1_000
ADDRESS: Final = "/api/v1/instances/contoso-a/upstream/"
WRITERS: Final = 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    on_postgresql,
]


class Writer:
    """A caller with its own thread, and so its own connection to the database."""

    def __init__(self, number: int, secret: str, start: Barrier) -> None:
        self.number = number
        self.client: APIClient = bearing(secret)
        self._start = start
        self._thread = ThreadPoolExecutor(1)

    def begin(self, tag: str, race: int) -> Any:
        """Write as soon as both writers are ready."""
        return self._thread.submit(self._write, tag, race)

    def end(self) -> None:
        """Close the connection and the thread."""
        self._thread.submit(lambda: connection.close()).result()  # noqa: PLW0108  the thread's own
        self._thread.shutdown()

    def _write(self, tag: str, race: int) -> tuple[int, str]:
        document = [{"urlTemplate": f"https://receiver.example/{race}/{self.number}"}]
        self._start.wait()
        answer = self.client.put(ADDRESS, document, format="json", headers={"If-Match": tag})
        return answer.status_code, answer.headers.get("ETag", "")


@pytest.fixture
def writers(settings: Settings) -> Any:
    settings.API = settings.API | {"REQUESTS_A_MINUTE": 1_000_000}
    instance()
    _, secret = PersonalAccessToken.issue(
        user(Role.OPERATOR), name="race", scope=Scope.WRITE, lifetime=DAY
    )
    start = Barrier(WRITERS)
    found = [Writer(number, secret, start) for number in range(WRITERS)]
    yield found
    for writer in found:
        writer.end()


def test_one_of_two_writers_of_the_same_tag_wins(writers: list[Writer]) -> None:
    reader = writers[0].client
    tag = reader.get(ADDRESS)["ETag"]
    outcomes: Counter[tuple[int, ...]] = Counter()
    for race in range(RACES):
        answers = [each.result() for each in [writer.begin(tag, race) for writer in writers]]
        outcomes[tuple(sorted(status for status, _ in answers))] += 1
        (tag,) = [tag for status, tag in answers if status == 200]
    assert outcomes == {(200, 412): RACES}
    assert reader.get(ADDRESS)["ETag"] == tag
    assert DesiredRevision.objects.filter(action="set upstream").count() == RACES
