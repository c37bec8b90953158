"""An instance that Local Azure and Signalman's rows agree on, and who calls for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from identities.models import SignalRInstance, Subscription
from localazure import seed
from tests.cloud import LocalAzure
from tests.upstreams.receiver.requests import headers, json_call
from upstreams.models import UpstreamTemplate

RESOURCE = seed.UPSTREAM_APP_URI

Tokens = Callable[..., str]


def plant_rows() -> SignalRInstance:
    """Write the rows of the seed's instance with a system-assigned identity."""
    subscription = Subscription.objects.create(
        subscription_id=seed.SUBSCRIPTION_ID, tenant_id=seed.TENANT_ID
    )
    instance = SignalRInstance.objects.create(
        name=seed.CHAT, subscription=subscription, resource_group=seed.REALTIME_GROUP
    )
    instance.identity.principal_id = seed.CHAT_PRINCIPAL_ID
    instance.identity.type = "SystemAssigned"
    instance.identity.save()
    UpstreamTemplate.objects.create(
        instance=instance,
        url_template=f"https://app.example.com/upstream/{seed.CHAT}/",
        auth_type="ManagedIdentity",
        resource=RESOURCE,
    )
    return instance


@pytest.fixture
def chat(db: None) -> SignalRInstance:
    """The instance, as Signalman knows it."""
    return plant_rows()


@pytest.fixture
def token(local_azure: LocalAzure) -> Tokens:
    """Make a token in Local Azure: the instance's own, or with `changes` another."""

    def make(resource: str = RESOURCE, **changes: Any) -> str:
        order = {"principal": seed.CHAT, "resource": resource, **changes}
        made: str = local_azure.post("/_local/tokens", order)["token"]
        return made

    return make


@dataclass
class Service:
    """The SignalR service, as far as one request goes. Its CSRF checks are on, as a browser's."""

    bearer: str
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def post(
        self,
        body: bytes = b"",
        *,
        path: str = f"/upstream/{seed.CHAT}/",
        authorization: str | None = None,
        **found: Any,
    ) -> HttpResponse:
        """Send a request with these `headers`, by default an invocation of `echo`."""
        sent: dict[str, Any] = dict(headers(**found))
        content_type = sent.pop("CONTENT_TYPE")
        if authorization is None:
            authorization = f"Bearer {self.bearer}"
        if authorization:
            sent["HTTP_AUTHORIZATION"] = authorization
        response = self.client.generic(
            "POST", path, body or json_call(["hi"]), content_type=content_type, **sent
        )
        assert isinstance(response, HttpResponse)
        return response


@pytest.fixture
def service(token: Tokens) -> Service:
    """The service with the token of the instance's identity."""
    return Service(token())
