"""The schema against the code: requests that it allows, and requests that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from config.wsgi import application
from tests.accounts.callers import DAY, Scope, user
from tests.api.fleet import instance
from tests.cloud import REPOSITORY

pytestmark = pytest.mark.django_db

# Besides what is usual: 428 where If-Match is missing, 412 where it is stale, and what cannot be
# done as things stand is well formed all the same.
EXPECTED = {
    "missing_required_header": {"expected-statuses": [400, 401, 428]},
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 412, 422, 429, 502]
    },
}
schema = schemathesis.openapi.from_path(
    REPOSITORY / "docs" / "openapi.yaml",
    config=schemathesis.Config.from_dict({"checks": EXPECTED}),
)
schema.app = application


@pytest.fixture(autouse=True)
def open_connection() -> Iterator[None]:
    """Keep the test's own connection open between requests, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(settings: Any) -> dict[str, str]:
    settings.API = settings.API | {"REQUESTS_A_MINUTE": 100_000}
    instance()
    _, secret = PersonalAccessToken.issue(
        user(Role.OPERATOR), name="fuzz", scope=Scope.WRITE, lifetime=DAY
    )
    return {"Authorization": f"Bearer {secret}"}


@schema.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_api_is_as_its_schema_says(case: Any, headers: dict[str, str]) -> None:
    case.call_and_validate(headers=headers)
