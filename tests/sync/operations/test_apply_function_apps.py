"""A Function App's authentication through plan and apply, against Local Azure."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.components.function_app_targets import managed_apps, set_app_policy
from sync.desired.accept_drift import accept
from sync.desired.sync_status import sync_status
from sync.inventory.drift import compare
from sync.inventory.function_apps import import_function_apps, refresh_function_app
from sync.inventory.refresh import refresh, refresh_subscription
from sync.models import AuditEvent, Operation, SyncStatus
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.functions import (
    HOST,
    RECEIVERS,
    V1_ISSUER,
    auth_settings,
    change_app_in_azure,
    chat_to_functions,
    function_app,
    to_function,
)
from tests.sync.worker import (
    UNSIGNED,
    drive,
    drive_to,
    imported,
    patches,
    set_desired,
    stage,
    start,
)
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _receivers(local_azure: LocalAzure) -> None:
    """Register the application of the templates' resources."""
    local_azure.seed(applications=[RECEIVERS])


SECOND = "contoso-second"
SECOND_HOST = f"{SECOND}.azurewebsites.net"


def stored(instance: SignalRInstance) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


def managed_chat(*templates: dict[str, Any]) -> SignalRInstance:
    """The chat instance, which sends to the managed app."""
    instance = chat_to_functions(*templates)
    for app in FunctionApp.objects.all():
        set_app_policy(app, FunctionApp.Policy.MANAGE, who="ada")
    return stored(instance)


def kinds(instance: SignalRInstance) -> list[str]:
    return [step.kind for step in plan_instance(instance).steps]


@pytest.mark.usefixtures("local_azure")
def test_observed_app_is_in_no_plan() -> None:
    assert kinds(chat_to_functions()) == ["templates"]


@pytest.mark.usefixtures("local_azure")
def test_managed_app_is_planned_before_the_templates_that_sign_for_it() -> None:
    plan = plan_instance(managed_chat())
    assert [step.kind for step in plan.steps] == ["function_apps", "templates"]
    (change,) = plan.steps[0].changes
    assert (change.path, change.after) == (f"function_apps[{seed.FUNCTION_APP}].issuer", V1_ISSUER)


def test_apply_writes_the_planned_field_and_keeps_the_rest(local_azure: LocalAzure) -> None:
    operation = drive(start(managed_chat()))
    assert operation.state == "succeeded"
    sent = auth_settings(local_azure)
    aad = sent["identityProviders"]["azureActiveDirectory"]
    assert aad["registration"] == {"openIdIssuer": V1_ISSUER, "clientId": seed.UPSTREAM_APP_ID}
    assert aad["validation"] == {"allowedAudiences": [seed.UPSTREAM_APP_URI]}
    assert sent["platform"] == {"enabled": True, "runtimeVersion": "~1"}


def test_plan_after_an_apply_is_empty(local_azure: LocalAzure) -> None:
    instance = managed_chat()
    drive(start(instance))
    instance = stored(instance)
    assert plan_instance(instance).is_empty
    assert sync_status(instance) == SyncStatus.SYNCED
    local_azure.delete("/_local/requests")
    refresh(instance)
    assert plan_instance(stored(instance)).is_empty


@pytest.mark.usefixtures("local_azure")
def test_write_is_audited_with_its_changes() -> None:
    drive(start(managed_chat()))
    event = AuditEvent.objects.get(action="write function_apps")
    issuers = [app[0]["auth"]["issuer"] for app in (event.before, event.after) if app]
    assert event.who == "ada"
    assert issuers == [f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0", V1_ISSUER]


def test_writes_nothing_if_the_app_was_changed_meanwhile(local_azure: LocalAzure) -> None:
    operation = start(managed_chat())
    change_app_in_azure(allowed_audiences=("api://others",))
    local_azure.delete("/_local/requests")
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert local_azure.requests("PUT") == patches(local_azure) == []


def two_apps(local_azure: LocalAzure) -> SignalRInstance:
    local_azure.seed(sites=[{"name": SECOND, "resourceGroup": seed.REALTIME_GROUP}])
    second = to_function(resource=seed.UPSTREAM_APP_ID, host=SECOND_HOST)
    return managed_chat(to_function() | {"hubPattern": "chat"}, second)


def test_apply_interrupted_between_two_apps_writes_the_other_one(
    local_azure: LocalAzure,
) -> None:
    operation = start(two_apps(local_azure))
    local_azure.delete("/_local/requests")
    broken = {"method": "PUT", "path": f"{SECOND}/", "status": 500, "times": 1}
    local_azure.post("/_local/faults", [broken])
    drive(operation)
    assert operation.state == "succeeded"
    sites = [each["path"] for each in local_azure.requests("PUT")]
    assert [seed.FUNCTION_APP in path for path in sites] == [True, False, False]


def test_write_whose_answer_was_lost_is_not_sent_twice(local_azure: LocalAzure) -> None:
    operation = start(managed_chat())
    local_azure.delete("/_local/requests")
    lost = {"method": "PUT", "path": "authsettings", "drop": True, "after": True}
    local_azure.post("/_local/faults", [lost])
    drive(operation)
    assert operation.state == "succeeded"
    assert len(local_azure.requests("PUT")) == 1


def test_app_without_authentication_requires_it_once_templates_sign(
    local_azure: LocalAzure,
) -> None:
    local_azure.seed(sites=[{"name": SECOND, "resourceGroup": seed.REALTIME_GROUP}])
    unsigned = {"urlTemplate": f"https://{SECOND_HOST}/api"}
    drive(start(set_desired(imported(seed.CHAT), "SystemAssigned", unsigned)))
    instance = managed_chat(to_function(resource=seed.UPSTREAM_APP_ID, host=SECOND_HOST))
    plan = plan_instance(instance)
    assert [step.kind for step in plan.steps] == ["templates", "function_apps"]
    assert "for all of its functions" in plan.steps[1].warnings[0]
    assert drive(start(instance)).state == "succeeded"
    refresh_function_app(function_app(SECOND))
    auth = function_app(SECOND).auth
    assert auth is not None
    assert (auth.is_enabled, auth.client_id) == (True, seed.UPSTREAM_APP_ID)


@pytest.mark.usefixtures("local_azure")
def test_shared_app_accepts_both_instances() -> None:
    chat = managed_chat(to_function(resource="api://chat"))
    lab = set_desired(imported(seed.LAB), "SystemAssigned", to_function(resource="api://lab"))
    for instance in (chat, lab):
        assert drive(start(stored(instance))).state == "succeeded"
    assert plan_instance(stored(chat)).is_empty
    auth = function_app().auth
    assert auth is not None
    assert {"api://chat", "api://lab"} < set(auth.allowed_audiences)


@pytest.mark.usefixtures("local_azure")
def test_plan_is_stale_when_another_instances_plan_changed_the_app() -> None:
    chat = managed_chat(to_function(resource="api://chat"))
    lab = set_desired(imported(seed.LAB), "SystemAssigned", to_function(resource="api://lab"))
    late = start(chat)
    drive(start(lab))
    assert drive(late).error_code == "StalePlan"
    refresh(stored(chat))
    assert drive(start(stored(chat))).state == "succeeded"


@pytest.mark.usefixtures("local_azure")
def test_change_made_elsewhere_is_drift() -> None:
    instance = managed_chat()
    drive(start(instance))
    change_app_in_azure(unauthenticated_action="AllowAnonymous")
    refresh_subscription(Subscription.objects.get())
    (entry,) = compare([stored(instance)]).entries
    assert entry.status == SyncStatus.OUT_OF_SYNC
    assert kinds(stored(instance)) == ["function_apps"]


@pytest.mark.usefixtures("local_azure")
def test_accepted_drift_sets_the_app_to_observe() -> None:
    instance = managed_chat()
    drive(start(instance))
    change_app_in_azure(unauthenticated_action="AllowAnonymous")
    refresh(stored(instance))
    path = f"function_apps[{seed.FUNCTION_APP}].unauthenticated_action"
    (change,) = accept(stored(instance), [path], who="ada")
    assert change.path == path
    assert function_app().policy == "observe"
    assert plan_instance(stored(instance)).is_empty


@pytest.mark.usefixtures("local_azure")
def test_selected_template_includes_the_app_that_accepts_it() -> None:
    instance = managed_chat(to_function(resource="api://new"))
    (path, *_) = [
        change.path for change in plan_instance(instance).changes if "templates" in change.path
    ]
    chosen = plan_instance(instance, [path])
    assert [step.kind for step in chosen.steps] == ["function_apps", "templates"]


def test_unreadable_app_is_left_out(local_azure: LocalAzure) -> None:
    instance = managed_chat()
    local_azure.post("/_local/faults", [{"path": "authsettings", "status": 403, "times": None}])
    refresh(instance)
    assert kinds(stored(instance)) == ["templates"]
    assert function_app().problem


@pytest.mark.usefixtures("local_azure")
def test_app_of_another_tenant_is_in_no_plan() -> None:
    instance = managed_chat()
    instance.identity.tenant_id = seed.OTHER_TENANT_ID
    assert "function_apps" not in kinds(instance)


@pytest.mark.usefixtures("local_azure")
def test_unsigned_template_requires_nothing() -> None:
    unsigned = UNSIGNED | {"urlTemplate": f"https://{HOST}/api"}
    assert kinds(managed_chat(unsigned)) == ["templates"]


@pytest.mark.usefixtures("local_azure")
def test_comparing_a_fleet_reads_its_apps_once() -> None:
    instance = managed_chat()

    def count(times: int) -> int:
        rows = [stored(instance) for _ in range(times)]
        with CaptureQueriesContext(connection) as queries:
            compare(rows)
        return len(queries)

    assert count(1) == count(20)
    assert [app.name for app in managed_apps()] == [seed.FUNCTION_APP]


def test_next_worker_continues_after_a_write(local_azure: LocalAzure) -> None:
    operation = start(managed_chat())
    step = drive_to(operation, "pending")
    Operation.objects.filter(pk=operation.pk).update(state="running")
    step.state = "sending"
    step.save()
    change_app_in_azure(issuer=V1_ISSUER)
    local_azure.delete("/_local/requests")
    stage(operation)
    assert operation.steps.get(position=0).state == "done"
    assert local_azure.requests("PUT") == []


@pytest.mark.usefixtures("local_azure")
def test_managed_app_stays_managed_through_imports() -> None:
    managed_chat()
    import_function_apps(Subscription.objects.get())
    assert function_app().policy == "manage"
