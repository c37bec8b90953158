"""The real SDK's clients, with Signalman's own credential."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.signalr import SignalRManagementClient

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm


@pytest.fixture
def quick(local_azure: LocalAzure) -> LocalAzure:
    """Local Azure whose operations end at the first poll, so that the SDK does not sleep."""
    local_azure.post("/_local/operations", {"polls": 0, "retryAfter": 0.01})
    return local_azure


@pytest.fixture
def credential(local_azure: LocalAzure) -> Iterator[ClientSecretCredential]:
    """azure-identity unchanged; only its documented settings differ."""
    with ClientSecretCredential(
        seed.TENANT_ID,
        seed.CLIENT_ID,
        seed.CLIENT_SECRET,
        authority=local_azure.url,
        disable_instance_discovery=True,
    ) as one:
        yield one


@pytest.fixture
def signalr(
    local_azure: LocalAzure, credential: ClientSecretCredential
) -> Iterator[SignalRManagementClient]:
    """azure-mgmt-signalr, which retries nothing."""
    with SignalRManagementClient(
        credential, seed.SUBSCRIPTION_ID, base_url=local_azure.url, retry_total=0
    ) as client:
        yield client


@pytest.fixture
def msi(
    local_azure: LocalAzure, credential: ClientSecretCredential
) -> Iterator[ManagedServiceIdentityClient]:
    """azure-mgmt-msi."""
    with ManagedServiceIdentityClient(
        credential, seed.SUBSCRIPTION_ID, base_url=local_azure.url
    ) as client:
        yield client


@pytest.fixture
def arm(local_azure: LocalAzure) -> Arm:
    """ARM for Signalman's own principal, without an SDK."""
    return Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)
