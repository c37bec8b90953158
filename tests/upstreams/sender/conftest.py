"""An instance of Local Azure with connected clients, called with an access key or with Entra."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from arm.transport import credentials as azure
from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.service.application import NAME, Application, running
from upstreams.sender import context, credentials
from upstreams.sender.transport.client import ServiceClient

SCOPE = seed.resource_id("rg-test", "Microsoft.SignalRService/SignalR", NAME)
OWNER = "SignalR REST API Owner"

Grant = Callable[[str], None]


def use_connection_string(settings: Settings, folder: Path, text: str, name: str = NAME) -> None:
    """Write a connection string into a file of its own, and configure that."""
    path = folder / "connection-strings.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: text}))
    settings.SENDER = settings.SENDER | {"CONNECTION_STRINGS_FILE": str(path)}


@pytest.fixture(autouse=True)
def _no_tokens() -> Iterator[None]:
    """Forget the credential, its tokens and keys: tests name several."""
    context.install(ServiceClient())
    yield
    azure.credential.cache_clear()
    credentials._entra_tokens.cache_clear()  # noqa: SLF001


@pytest.fixture
def service(local_azure: LocalAzure, settings: Settings) -> Iterator[Application]:
    """An instance in Serverless mode that is the default one, called with Microsoft Entra."""
    with running(local_azure) as one:
        settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME, "RETRY_SECONDS": 0.01}
        yield one


@pytest.fixture
def grant(service: Application) -> Grant:
    """Assign a role on the instance to Signalman's own principal."""

    def assign(role: str) -> None:
        one: dict[str, Any] = {
            "role": role,
            "principalId": seed.CLIENT_OBJECT_ID,
            "scope": SCOPE,
        }
        service.cloud.seed(roleAssignments=[one])

    return assign


@pytest.fixture(params=["Entra", "access key"])
def allowed(
    request: pytest.FixtureRequest,
    service: Application,
    grant: Grant,
    settings: Settings,
    tmp_path: Path,
) -> Application:
    """The instance, called by each kind of credential that may send."""
    if request.param == "Entra":
        grant(OWNER)
    else:
        text = f"Endpoint={service.endpoint};AccessKey={service.key};Version=1.0;"
        use_connection_string(settings, tmp_path, text)
    return service
