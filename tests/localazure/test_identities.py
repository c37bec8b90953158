from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.msi.models import Identity

from localazure import seed

LOCATION = Identity(location="westeurope")


def test_identities_are_listed(msi: ManagedServiceIdentityClient) -> None:
    found = {one.name: one for one in msi.user_assigned_identities.list_by_subscription()}
    assert set(found) == {seed.ORDERS_IDENTITY, seed.SHARED_IDENTITY}
    assert found[seed.ORDERS_IDENTITY].principal_id == seed.ORDERS_PRINCIPAL_ID
    in_group = list(msi.user_assigned_identities.list_by_resource_group(seed.PAYMENTS_GROUP))
    assert [one.name for one in in_group] == [seed.SHARED_IDENTITY]


def test_an_identity_is_made_and_deleted(msi: ManagedServiceIdentityClient) -> None:
    group = seed.PAYMENTS_GROUP
    made = msi.user_assigned_identities.create_or_update(group, "id-new", LOCATION)
    assert made.tenant_id == seed.TENANT_ID
    assert made.principal_id != made.client_id
    again = msi.user_assigned_identities.create_or_update(group, "id-new", LOCATION)
    assert again.principal_id == made.principal_id
    msi.user_assigned_identities.delete(group, "id-new")
    with pytest.raises(ResourceNotFoundError):
        msi.user_assigned_identities.get(group, "id-new")


@pytest.mark.parametrize("name", ["ab", "-abc", "a" * 129, "a.b.c"])
def test_a_name_has_rules(msi: ManagedServiceIdentityClient, name: str) -> None:
    with pytest.raises(HttpResponseError):
        msi.user_assigned_identities.create_or_update(seed.PAYMENTS_GROUP, name, LOCATION)


def test_a_group_has_to_be_there(msi: ManagedServiceIdentityClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        msi.user_assigned_identities.create_or_update("rg-nowhere", "id-new", LOCATION)
