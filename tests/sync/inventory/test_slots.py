"""Deployment slots and Web Apps are imported where a template points at them, and written to."""

from __future__ import annotations

from typing import Any

import pytest

from identities.models import Subscription
from localazure import seed
from sync.components.function_app_targets import set_app_policy
from sync.inventory.function_apps import import_function_apps
from tests.cloud import LocalAzure
from tests.sync.functions import V1_ISSUER, to_function
from tests.sync.worker import drive, imported, set_desired, start
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db

SLOT = "contoso-shop-staging"
V2_ISSUER = f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0"


def settings(issuer: str = V2_ISSUER) -> dict[str, Any]:
    return {
        "platform": {"enabled": True},
        "globalValidation": {
            "requireAuthentication": True,
            "unauthenticatedClientAction": "Return401",
        },
        "identityProviders": {
            "azureActiveDirectory": {
                "registration": {"openIdIssuer": issuer, "clientId": seed.UPSTREAM_APP_ID},
                "validation": {"allowedAudiences": [seed.UPSTREAM_APP_URI]},
            }
        },
    }


@pytest.fixture(autouse=True)
def _shop(local_azure: LocalAzure) -> None:
    """A Web App with a slot, and another Web App that nothing points at."""
    shop = {
        "name": "contoso-shop",
        "resourceGroup": seed.REALTIME_GROUP,
        "kind": "app,linux",
        "authsettingsV2": settings(V1_ISSUER),
        "slots": {"staging": {"authsettingsV2": settings()}, "other": {}},
    }
    blog = {"name": "contoso-blog", "resourceGroup": seed.REALTIME_GROUP, "kind": "app"}
    local_azure.seed(sites=[shop, blog])


def import_with(host: str) -> list[str]:
    """Import with a template that points at that host; return the names of the apps."""
    set_desired(imported(seed.CHAT), "SystemAssigned", to_function(host=host))
    assert import_function_apps(Subscription.objects.get()) == []
    return sorted(FunctionApp.objects.values_list("name", flat=True))


def test_imports_slot_that_a_template_points_at() -> None:
    assert import_with(f"{SLOT}.azurewebsites.net") == [seed.FUNCTION_APP, SLOT]
    slot = FunctionApp.objects.get(name=SLOT)
    assert slot.auth is not None
    assert (slot.auth.issuer, slot.label) == (V2_ISSUER, f"Web App {SLOT}")


def test_imports_web_app_that_a_template_points_at(local_azure: LocalAzure) -> None:
    local_azure.delete("/_local/requests")
    host = "contoso-shop.azurewebsites.net"
    assert import_with(host) == [seed.FUNCTION_APP, "contoso-shop"]
    # No template points at a host that may be that of a slot.
    assert not any(each["path"].endswith("/slots") for each in local_azure.requests("GET"))


def test_slot_is_kept_when_no_template_points_at_it() -> None:
    import_with(f"{SLOT}.azurewebsites.net")
    import_with("receiver.example")
    assert FunctionApp.objects.get(name=SLOT).missing_since is None


def test_apply_writes_to_the_slot_alone(local_azure: LocalAzure) -> None:
    import_with(f"{SLOT}.azurewebsites.net")
    set_app_policy(FunctionApp.objects.get(name=SLOT), FunctionApp.Policy.MANAGE, who="ada")
    operation = drive(start(imported(seed.CHAT)))
    assert operation.state == "succeeded", operation.error_message
    (written,) = [each for each in local_azure.requests("PUT") if "authsettings" in each["path"]]
    assert "/sites/contoso-shop/slots/staging/config/" in written["path"]
    issuer = written["body"]["properties"]["identityProviders"]["azureActiveDirectory"]
    assert issuer["registration"]["openIdIssuer"] == V1_ISSUER


def test_function_app_slot_has_functions_of_its_own(local_azure: LocalAzure) -> None:
    app = {"name": "contoso-jobs", "resourceGroup": seed.REALTIME_GROUP, "slots": {"blue": {}}}
    local_azure.seed(sites=[app])
    import_with("contoso-jobs-blue.azurewebsites.net")
    slot = FunctionApp.objects.get(name="contoso-jobs-blue")
    assert (slot.http_functions, slot.access_problem, slot.is_web_app) == ((), "", False)
