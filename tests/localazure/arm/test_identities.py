from __future__ import annotations

import pytest
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.msi.models import FederatedIdentityCredential, Identity

from localazure import seed
from tests.localazure.rest import Arm

LOCATION = Identity(location="westeurope")


def test_lists_identities(msi: ManagedServiceIdentityClient) -> None:
    found = {one.name: one for one in msi.user_assigned_identities.list_by_subscription()}
    assert set(found) == {seed.ORDERS_IDENTITY, seed.SHARED_IDENTITY}
    assert found[seed.ORDERS_IDENTITY].principal_id == seed.ORDERS_PRINCIPAL_ID
    in_group = list(msi.user_assigned_identities.list_by_resource_group(seed.PAYMENTS_GROUP))
    assert [one.name for one in in_group] == [seed.SHARED_IDENTITY]


def test_creates_and_deletes_identity(msi: ManagedServiceIdentityClient) -> None:
    group = seed.PAYMENTS_GROUP
    created = msi.user_assigned_identities.create_or_update(group, "id-new", LOCATION)
    assert created.tenant_id == seed.TENANT_ID
    assert created.principal_id != created.client_id
    again = msi.user_assigned_identities.create_or_update(group, "id-new", LOCATION)
    assert again.principal_id == created.principal_id
    msi.user_assigned_identities.delete(group, "id-new")
    with pytest.raises(ResourceNotFoundError):
        msi.user_assigned_identities.get(group, "id-new")


@pytest.mark.parametrize("name", ["ab", "-abc", "a" * 129, "a.b.c"])
def test_refuses_invalid_name(msi: ManagedServiceIdentityClient, name: str) -> None:
    with pytest.raises(HttpResponseError):
        msi.user_assigned_identities.create_or_update(seed.PAYMENTS_GROUP, name, LOCATION)


def test_refuses_missing_group(msi: ManagedServiceIdentityClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        msi.user_assigned_identities.create_or_update("rg-nowhere", "id-new", LOCATION)


CREDENTIAL = FederatedIdentityCredential(
    issuer="https://issuer.example/", subject="one", audiences=["api://AzureADTokenExchange"]
)


def test_manages_federated_credentials(msi: ManagedServiceIdentityClient) -> None:
    where = (seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    credentials = msi.federated_identity_credentials
    created = credentials.create_or_update(*where, "first", CREDENTIAL)
    assert (created.name, created.subject) == ("first", "one")
    assert [one.name for one in credentials.list(*where)] == ["first"]
    with pytest.raises(ResourceExistsError):
        credentials.create_or_update(*where, "second", CREDENTIAL)
    credentials.delete(*where, "first")
    with pytest.raises(ResourceNotFoundError, match="NotFound"):
        credentials.get(*where, "first")


def test_lists_resources_that_use_identity(arm: Arm) -> None:
    path = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    answer = arm.call("POST", f"{path}/listAssociatedResources", version="2022-01-31-preview")
    assert [one["name"] for one in answer.json()["value"]] == [seed.ORDERS]


def test_lists_operations(arm: Arm) -> None:
    path = "/providers/Microsoft.ManagedIdentity/operations"
    names = {one["name"] for one in arm.document(path, "2023-01-31")["value"]}
    assert "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action" in names
