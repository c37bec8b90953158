"""The API against its schema: requests that it allows, and requests that it does not.

Every check runs in every phase: for each operation alone in `test_api_matches_its_schema`, and for
sequences along the schema's links.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from accounts.models import PREFIX, PersonalAccessToken
from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import token
from tests.cloud import REPOSITORY, LocalAzure
from tests.sync.worker import SIGNED, imported, set_desired

pytestmark = pytest.mark.django_db

# Besides the usual statuses: 428 without If-Match, 412 for a stale one, and 409 for a well-formed
# request that the current state does not allow.
_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "missing_required_header": {"expected-statuses": [400, 401, 428]},
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 412, 422, 429]
    },
}
_CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
    "object_level_authorization",
)
# In seconds.
_LONGEST: Final = 30
_ON: Final = {name: {"enabled": True} | _OPTIONS.get(name, {}) for name in _CHECKS}
schema = schemathesis.openapi.from_path(
    REPOSITORY / "docs" / "openapi.yaml",
    config=schemathesis.Config.from_dict({"checks": {**_ON, "max_response_time": _LONGEST}}),
)
schema.app = get_wsgi_application()
# A constant, as every generated request has to send it.
_SECRET: Final = PREFIX + "the-token-of-every-request"


@schema.auth()
class Bearer:
    """Sends the bearer token."""

    def get(self, _case: Any, _context: Any) -> str:
        return _SECRET

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


BOUNDED = settings(
    max_examples=5,
    stateful_step_count=6,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def open_connection() -> Iterator[None]:
    """Keep the test's own connection open between requests, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def operator(settings: Any, local_azure: LocalAzure) -> None:
    settings.API = settings.API | {"REQUESTS_A_MINUTE": 100_000, "REFUSALS_A_MINUTE": 100_000}
    set_desired(imported(seed.CHAT), "SystemAssigned", SIGNED)
    row, _ = token(Role.OPERATOR)
    PersonalAccessToken.objects.filter(pk=row.pk).update(
        digest=hashlib.sha256(_SECRET.encode()).hexdigest()
    )


@schema.parametrize()
@BOUNDED
@pytest.mark.usefixtures("operator")
def test_api_matches_its_schema(case: Any) -> None:
    case.call_and_validate()


@pytest.mark.usefixtures("operator")
def test_api_matches_its_schema_along_links() -> None:
    schema.as_state_machine().run(settings=BOUNDED)
