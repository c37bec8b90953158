"""The client ID of a system-assigned identity is read where an app restricts callers by it."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.checklist import diagnose
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from localazure.entra.directory.managed_identities import client_id
from sync.desired.state import desired_state
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh
from tests.cloud import LocalAzure
from tests.sync.inventory.test_refresh import APP, AUTH, SITE, instance
from upstreams.models import FunctionApp, TokenResource

pytestmark = pytest.mark.django_db

PRINCIPAL = "77777777-0000-4000-8000-000000000007"
CLIENT = client_id(PRINCIPAL)
OTHER = "99999999-0000-4000-8000-000000000009"
SYSTEM = {"type": "SystemAssigned", "principalId": PRINCIPAL}
FORBIDDEN = {"status": 403, "times": None}
IDENTITIES, GRAPH = ".*/identities/default$", "/v1.0/servicePrincipals/"


def site(*applications: str) -> dict[str, Any]:
    """Return the app, which accepts these client IDs only."""
    entra = AUTH["identityProviders"]["azureActiveDirectory"]
    policy = {"defaultAuthorizationPolicy": {"allowedApplications": list(applications)}}
    restricted = entra | {"validation": entra["validation"] | policy}
    auth = AUTH | {"identityProviders": {"azureActiveDirectory": restricted}}
    return SITE | {"authsettingsV2": auth}


def imported(cloud: LocalAzure, *applications: str) -> SignalRInstance:
    cloud.seed(
        instances=[instance("sends") | {"identity": SYSTEM}],
        sites=[site(*applications)],
    )
    import_subscription(seed.SUBSCRIPTION_ID)
    return SignalRInstance.objects.with_desired().get(name="sends")


def outcomes(code: str) -> list[str]:
    row = SignalRInstance.objects.with_desired().get(name="sends")
    found = [each for each in diagnose(row) if each.key == f"function_apps[{APP}].{code}"]
    return [each.outcome for each in found]


def stored() -> str | None:
    found = ManagedIdentity.objects.get(instance__name="sends").client_id
    return str(found) if found else None


def forbid(cloud: LocalAzure, *paths: str) -> None:
    cloud.post("/_local/faults", [FORBIDDEN | {"path": path} for path in paths])


def test_listed_client_id_is_accepted_and_another_is_not(local_azure: LocalAzure) -> None:
    imported(local_azure, CLIENT.upper())
    assert (stored(), outcomes("agrees")) == (CLIENT, ["pass"])
    local_azure.seed(sites=[site(OTHER)])
    refresh(SignalRInstance.objects.with_desired().get(name="sends"))
    assert outcomes("application_excluded") == ["fail"]


def test_plan_adds_the_client_id(local_azure: LocalAzure) -> None:
    imported(local_azure, OTHER)
    FunctionApp.objects.update(policy="manage")
    (app,) = desired_state(SignalRInstance.objects.with_desired().get(name="sends")).function_apps
    assert app.auth.allowed_applications == (OTHER, CLIENT)


def test_client_id_is_read_once_and_only_if_needed(local_azure: LocalAzure) -> None:
    def reads() -> int:
        return len([x for x in local_azure.requests("GET") if "identities/default" in x["path"]])

    row = imported(local_azure)
    assert (stored(), reads()) == (None, 0)
    local_azure.seed(sites=[site(OTHER)])
    refresh(row)
    refresh(row)
    assert (stored(), reads()) == (CLIENT, 1)


def test_graph_has_it_where_resource_manager_does_not(local_azure: LocalAzure) -> None:
    forbid(local_azure, IDENTITIES)
    imported(local_azure, CLIENT)
    assert (stored(), outcomes("agrees")) == (CLIENT, ["pass"])


def test_unreadable_client_id_is_unknown_among_unknown_ids(local_azure: LocalAzure) -> None:
    forbid(local_azure, IDENTITIES, GRAPH)
    imported(local_azure, seed.UPSTREAM_APP_ID, OTHER)
    assert (stored(), outcomes("application_unknown")) == (None, ["unknown"])


def test_registrations_are_never_a_system_assigned_identity(local_azure: LocalAzure) -> None:
    # The default of the Azure portal lists the app's own registration.
    forbid(local_azure, IDENTITIES, GRAPH)
    imported(local_azure, seed.UPSTREAM_APP_ID)
    assert outcomes("application_excluded") == ["fail"]
    TokenResource.objects.create(
        tenant_id=seed.TENANT_ID, resource="api://other", kind="application", client_id=OTHER
    )
    app = FunctionApp.objects.get(name=APP)
    assert app.observed is not None
    listed = [OTHER, seed.UPSTREAM_APP_ID, "not-an-id"]
    app.observed = {**app.observed, "allowed_applications": listed}
    app.save()
    assert outcomes("application_excluded") == ["fail"]


def test_replaced_identity_has_another_client_id(local_azure: LocalAzure) -> None:
    row = imported(local_azure, CLIENT)
    assert stored() == CLIENT
    local_azure.seed(
        instances=[instance("sends") | {"identity": SYSTEM | {"principalId": OTHER}}],
        sites=[site()],
    )
    refresh(row)
    assert stored() is None
