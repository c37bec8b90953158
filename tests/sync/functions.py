"""A fleet whose chat instance sends signed events to the built-in Function App."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.azure_client import arm_client
from sync.inventory.function_apps import import_function_apps
from tests.cloud import LocalAzure
from tests.sync.worker import imported, set_desired
from upstreams.models import FunctionApp

HOST = f"{seed.FUNCTION_APP}.azurewebsites.net"
SITE_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.Web/sites", seed.FUNCTION_APP)
V1_ISSUER = f"https://sts.windows.net/{seed.TENANT_ID}/"


# What the templates of these tests request tokens for.
RECEIVERS = {
    "displayName": "Receivers",
    "appId": "cccccccc-0000-4000-8000-00000000000c",
    "identifierUris": ["api://chat", "api://lab", "api://new"],
}


def to_function(resource: str = seed.UPSTREAM_APP_URI, host: str = HOST) -> dict[str, Any]:
    """Return a signed template that points at a Function App."""
    return {
        "urlTemplate": f"https://{host}/runtime/webhooks/signalr",
        "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}},
    }


def chat_to_functions(*templates: dict[str, Any]) -> SignalRInstance:
    """Import the chat instance, send its events to the app, and import the app."""
    instance = set_desired(imported(seed.CHAT), "SystemAssigned", *(templates or (to_function(),)))
    assert import_function_apps(Subscription.objects.get()) == []
    return instance


def function_app(name: str = seed.FUNCTION_APP) -> FunctionApp:
    """Return the app's row."""
    return FunctionApp.objects.select_related("subscription").get(name=name)


def auth_settings(local_azure: LocalAzure) -> dict[str, Any]:
    """Return the `properties` of the last authentication settings (V2) written."""
    sent = [each for each in local_azure.requests("PUT") if "authsettings" in each["path"].lower()]
    properties: dict[str, Any] = sent[-1]["body"]["properties"]
    return properties


def change_app_in_azure(**changes: Any) -> None:
    """Change the app's authentication in Azure, outside Signalman."""
    apps = arm_client(seed.SUBSCRIPTION_ID).function_apps
    before = apps.read_auth(SITE_ID)
    apps.write_auth(SITE_ID, before=before, after=replace(before, **changes))
