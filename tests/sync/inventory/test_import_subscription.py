from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arm.errors import ServerFailed
from arm.instance_state import IdentityState, InstanceState, TemplateState
from arm.request_bodies import identity_patch, templates_patch
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from localazure import seed
from sync.azure_client import arm_client
from sync.components.registry import REGISTRY
from sync.components.service_mode import with_mode
from sync.desired.state import declared_state, desired_state, observed_state
from sync.inventory.create_and_update_instances import ImportReport
from sync.inventory.import_subscription import import_instance, import_subscription
from sync.models import DesiredRevision
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db

FLEET = {seed.CHAT, seed.ORDERS, seed.PAYMENTS, seed.LAB}
ORDERS_IDENTITY = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
FOREIGN_SUBSCRIPTION = "bbbbbbbb-0000-4000-8000-000000000009"


def _import(**options: Any) -> ImportReport:
    return import_subscription(seed.SUBSCRIPTION_ID, **options)


def _instance(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def _write(group: str, name: str, patch: dict[str, Any]) -> None:
    """Change an instance in Azure, outside Signalman."""
    client = arm_client(seed.SUBSCRIPTION_ID)
    write = client.patch_instance(group, name, patch)
    while not write.done and not client.poll(write.continuation).done:
        pass


def _delete(local_azure: LocalAzure, *remaining: str) -> None:
    """Make Azure list only these instances."""
    resources = [
        each.raw
        for each in arm_client(seed.SUBSCRIPTION_ID).list_instances()
        if each.name in remaining
    ]
    _answer(local_azure, {"value": resources})


def _answer(local_azure: LocalAzure, body: object, path: str = "/signalR$") -> None:
    fault = {"method": "GET", "path": path, "times": None, "status": 200, "body": body}
    local_azure.post("/_local/faults", [fault])


@pytest.mark.usefixtures("local_azure")
def test_imports_a_subscription() -> None:
    report = _import()
    assert set(report.created) == FLEET
    assert set(SignalRInstance.objects.values_list("name", flat=True)) == FLEET
    assert str(Subscription.objects.get().tenant_id) == seed.TENANT_ID


@pytest.mark.usefixtures("local_azure")
def test_import_records_what_the_rows_declare() -> None:
    _import()
    recorded = {each.instance_id: each.read_state() for each in DesiredRevision.objects.all()}
    rows = SignalRInstance.objects.with_desired()
    assert recorded == {row.pk: declared_state(row) for row in rows}
    assert len(recorded) == len(FLEET)
    assert any(state.templates for state in recorded.values())


@pytest.mark.usefixtures("local_azure")
def test_plan_after_an_import_is_empty() -> None:
    _import()
    for instance in SignalRInstance.objects.with_desired():
        observed = observed_state(instance)
        assert observed is not None
        assert REGISTRY.plan(desired_state(instance), observed, instance=instance.name).is_empty


@pytest.mark.usefixtures("local_azure")
def test_importing_again_changes_nothing() -> None:
    _import()
    before = {each.name: desired_state(each) for each in SignalRInstance.objects.with_desired()}
    report = _import()
    assert (set(report.unchanged), report.created, report.updated) == (FLEET, (), ())
    after = {each.name: desired_state(each) for each in SignalRInstance.objects.with_desired()}
    assert after == before


@pytest.mark.usefixtures("local_azure")
def test_imports_one_resource_group() -> None:
    assert set(_import(resource_group=seed.REALTIME_GROUP).created) == {seed.CHAT, seed.ORDERS}


@pytest.mark.usefixtures("local_azure")
def test_imports_one_instance() -> None:
    instance = import_instance(seed.SUBSCRIPTION_ID, seed.REALTIME_GROUP, seed.ORDERS)
    assert desired_state(instance).identity.user_assigned_id == ORDERS_IDENTITY.lower()
    assert SignalRInstance.objects.count() == 1


@pytest.mark.usefixtures("local_azure")
def test_stores_system_assigned_principal() -> None:
    _import()
    identity = _instance(seed.CHAT).identity
    assert identity.principal_id == UUID(seed.CHAT_PRINCIPAL_ID)
    assert identity.tenant_id == UUID(seed.TENANT_ID)


@pytest.mark.usefixtures("local_azure")
def test_user_assigned_principal_is_that_of_its_identity() -> None:
    _import()
    identity = _instance(seed.ORDERS).identity
    assert identity.user_assigned == UserAssignedIdentity.objects.get(name=seed.ORDERS_IDENTITY)
    assert identity.principal_id == UUID(seed.ORDERS_PRINCIPAL_ID)
    assert identity.tenant_id == UUID(seed.TENANT_ID)


@pytest.mark.usefixtures("local_azure")
def test_imports_user_assigned_identities_used_or_not() -> None:
    _import()
    shared = UserAssignedIdentity.objects.get(name=seed.SHARED_IDENTITY)
    assert (shared.location, shared.client_id) == (seed.LOCATION, UUID(seed.SHARED_CLIENT_ID))


def test_identity_of_an_unreadable_subscription_is_stored_by_its_id(
    local_azure: LocalAzure,
) -> None:
    foreign = ORDERS_IDENTITY.replace(seed.SUBSCRIPTION_ID, FOREIGN_SUBSCRIPTION)
    local_azure.seed(identities=[{"id": foreign, "name": seed.ORDERS_IDENTITY}])
    identity = {"type": "UserAssigned", "userAssignedIdentities": {foreign: {}}}
    local_azure.seed(
        instances=[{"name": "contoso-far", "resourceGroup": "rg", "identity": identity}]
    )
    _import()
    stored = _instance("contoso-far").identity.user_assigned
    assert stored is not None
    assert (stored.arm_id, stored.location) == (foreign, "")


def test_unlistable_identities_do_not_stop_an_import(local_azure: LocalAzure) -> None:
    refusal = {"path": "userAssignedIdentities$", "status": 403, "times": None}
    local_azure.post("/_local/faults", [refusal])
    assert set(_import().created) == FLEET
    assert _instance(seed.ORDERS).identity.principal_id == UUID(seed.ORDERS_PRINCIPAL_ID)


@pytest.mark.usefixtures("local_azure")
def test_change_in_azure_updates_only_the_observed_state() -> None:
    _import()
    desired = desired_state(_instance(seed.LAB))
    _write(seed.PAYMENTS_GROUP, seed.LAB, identity_patch(IdentityState("SystemAssigned")))
    assert _import().updated == (seed.LAB,)
    instance = _instance(seed.LAB)
    found = InstanceState(IdentityState("SystemAssigned"))
    assert observed_state(instance) == with_mode(found, "Serverless")
    assert desired_state(instance) == desired


@pytest.mark.usefixtures("local_azure")
def test_accepting_drift_copies_azures_state() -> None:
    _import()
    _write(seed.PAYMENTS_GROUP, seed.LAB, templates_patch((TemplateState("https://new"),)))
    assert _import(accept=True).updated == (seed.LAB,)
    assert desired_state(_instance(seed.LAB)).templates == (TemplateState("https://new"),)


def test_deleted_instance_is_missing_and_has_no_principal(
    local_azure: LocalAzure,
) -> None:
    _import()
    _delete(local_azure, seed.ORDERS, seed.PAYMENTS, seed.LAB)
    assert _import().missing == (seed.CHAT,)
    instance = _instance(seed.CHAT)
    assert (instance.observed, instance.identity.principal_id) == (None, None)
    assert instance.missing_since is not None
    assert desired_state(instance).identity.type == "SystemAssigned"


def test_instance_is_reported_missing_once_and_found_again(local_azure: LocalAzure) -> None:
    _import()
    _delete(local_azure, seed.ORDERS, seed.PAYMENTS, seed.LAB)
    _import()
    since = _instance(seed.CHAT).missing_since
    assert _import().missing == ()
    assert _instance(seed.CHAT).missing_since == since
    local_azure.delete("/_local/faults")
    assert _import().updated == (seed.CHAT,)
    assert _instance(seed.CHAT).missing_since is None


@pytest.mark.usefixtures("local_azure")
def test_importing_one_group_marks_nothing_missing_in_another() -> None:
    _import()
    assert _import(resource_group=seed.REALTIME_GROUP).missing == ()


def test_instance_with_unknown_values_does_not_hide_the_rest(local_azure: LocalAzure) -> None:
    _import()
    resources = [dict(each.raw) for each in arm_client(seed.SUBSCRIPTION_ID).list_instances()]
    resources[0]["identity"] = {"type": "SystemAssigned,UserAssigned"}
    _answer(local_azure, {"value": resources})
    report = _import()
    assert len(report.unreadable) == 1
    assert resources[0]["name"] in report.unreadable[0]
    assert (len(report.unchanged), report.missing) == (3, ())


def test_instance_with_unknown_values_is_not_missing_in_any_case(
    local_azure: LocalAzure,
) -> None:
    _import()
    resources = [dict(each.raw) for each in arm_client(seed.SUBSCRIPTION_ID).list_instances()]
    resources[0] |= {"name": resources[0]["name"].upper(), "identity": {"type": "Both"}}
    _answer(local_azure, {"value": resources})
    assert _import().missing == ()


def test_instance_on_two_pages_is_imported_once(local_azure: LocalAzure) -> None:
    (resource, *_) = arm_client(seed.SUBSCRIPTION_ID).list_instances()
    _answer(local_azure, {"value": [resource.raw, resource.raw]})
    assert _import().created == (resource.name,)


def test_failed_import_writes_nothing(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/paging", {"size": 2})
    last_page = {"path": "/signalR$", "skip": 1, "status": 500, "times": None}
    local_azure.post("/_local/faults", [last_page])
    with pytest.raises(ServerFailed):
        _import()
    assert not SignalRInstance.objects.exists()


def test_number_of_queries_does_not_grow_with_the_fleet(local_azure: LocalAzure) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            _import()
        return len(queries)

    count()
    few = count()
    fleet = [{"name": f"contoso-{n}", "resourceGroup": "rg"} for n in range(100)]
    local_azure.seed(instances=fleet)
    _import()
    assert count() == few
