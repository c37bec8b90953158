"""Function Apps of instances that are created, deleted, or changed during an apply."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.components.function_app_targets import set_app_policy
from sync.desired.deletion_protection import protect
from sync.desired.sync_status import sync_status
from sync.inventory.function_apps import import_function_apps
from sync.inventory.token_resources import list_tenant_applications
from sync.models import SyncStatus
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_delete
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.functions import (
    RECEIVERS,
    auth_settings,
    change_app_in_azure,
    chat_to_functions,
    function_app,
    to_function,
)
from tests.sync.worker import drive, set_desired, start
from upstreams.models import FunctionApp
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _receivers(local_azure: LocalAzure) -> None:
    """Register the application of the templates' resources."""
    local_azure.seed(applications=[RECEIVERS])


NEW = "contoso-new"


def stored(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def manage() -> None:
    set_app_policy(function_app(), FunctionApp.Policy.MANAGE, who="ada")


def new_instance_to_functions() -> SignalRInstance:
    """Add a new instance that is to send to the managed app."""
    run(
        "create_instance",
        NEW,
        f"--subscription={seed.SUBSCRIPTION_ID}",
        f"--resource-group={seed.REALTIME_GROUP}",
        "--location=westeurope",
    )
    instance = set_desired(stored(NEW), "SystemAssigned", to_function(resource="api://new"))
    list_tenant_applications()
    import_function_apps(Subscription.objects.get())
    manage()
    return stored(instance.name)


@pytest.mark.usefixtures("local_azure")
def test_app_accepts_a_new_instance_before_it_sends() -> None:
    plan = plan_instance(new_instance_to_functions())
    assert [step.kind for step in plan.steps] == [
        "existence",
        "function_apps",
        "identity",
        "templates",
    ]


def test_new_instance_and_its_app_agree_after_an_apply(local_azure: LocalAzure) -> None:
    instance = new_instance_to_functions()
    operation = drive(start(instance))
    assert operation.state == "succeeded", operation.error_message
    aad = auth_settings(local_azure)["identityProviders"]["azureActiveDirectory"]
    assert "api://new" in aad["validation"]["allowedAudiences"]
    assert plan_instance(stored(NEW)).is_empty
    assert sync_status(stored(NEW)) == SyncStatus.SYNCED


def test_deleting_an_instance_leaves_its_app_unchanged(local_azure: LocalAzure) -> None:
    chat_to_functions()
    manage()
    drive(start(stored(seed.CHAT)))
    protect(stored(seed.CHAT), who="ada", is_protected=False)
    operation = start_delete(stored(seed.CHAT), confirm=seed.CHAT, actor=Actor("ada"))
    change_app_in_azure(allowed_audiences=("api://others",))
    local_azure.delete("/_local/requests")
    drive(operation)
    assert operation.state == "succeeded", operation.error_message
    assert local_azure.requests("PUT") == []
    assert sync_status(stored(seed.CHAT)) == SyncStatus.MISSING


@pytest.mark.usefixtures("local_azure")
def test_editing_templates_keeps_the_apps_of_a_running_plan() -> None:
    chat_to_functions()
    manage()
    operation = start(stored(seed.CHAT))
    load_templates(stored(seed.CHAT), [])
    drive(operation)
    assert operation.state == "succeeded", operation.error_message


@pytest.mark.usefixtures("local_azure")
def test_app_set_to_observe_during_an_apply_is_not_written() -> None:
    chat_to_functions()
    manage()
    operation = start(stored(seed.CHAT))
    set_app_policy(function_app(), FunctionApp.Policy.OBSERVE, who="ada")
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
