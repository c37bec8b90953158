"""Function Apps are imported with one list, and read if templates point at them."""

from __future__ import annotations

import pytest

from arm.errors import Forbidden, NotFound, ServerFailed
from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.components.function_app_targets import set_app_policy
from sync.desired.state import desired_state
from sync.inventory.function_apps import import_function_apps, refresh_function_app
from tests.cloud import LocalAzure
from tests.sync.functions import HOST, chat_to_functions, function_app, to_function
from tests.sync.worker import imported, set_desired
from upstreams.function_apps.instance_requests import signed_requests_by_instance
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db


def test_app_without_templates_costs_no_request(local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    local_azure.delete("/_local/requests")
    assert import_function_apps(Subscription.objects.get()) == []
    app = function_app()
    assert (app.host_name, app.observed, app.policy) == (HOST, None, "observe")
    assert len(local_azure.requests()) == 1


@pytest.mark.usefixtures("local_azure")
def test_app_with_templates_is_read() -> None:
    chat_to_functions()
    auth = function_app().auth
    assert auth is not None
    assert (auth.version, auth.client_id) == ("v2", seed.UPSTREAM_APP_ID)


def test_app_is_found_by_its_custom_host_names(local_azure: LocalAzure) -> None:
    site = {"name": "contoso-custom", "resourceGroup": seed.REALTIME_GROUP}
    names = {"hostNames": ["Events.Contoso.example", "contoso-custom.azurewebsites.net"]}
    local_azure.seed(sites=[site | {"properties": names}])
    instance = chat_to_functions(to_function(host="events.contoso.example"))
    app = function_app("contoso-custom")
    assert app.hosts == {"events.contoso.example", "contoso-custom.azurewebsites.net"}
    assert app.auth is not None
    assert list(FunctionApp.objects.serving(["https://events.contoso.example/api"])) == [app]
    assert not FunctionApp.objects.serving(["https://vents.contoso.example/"]).exists()
    assert list(signed_requests_by_instance(app)) == [instance]
    set_app_policy(app, FunctionApp.Policy.MANAGE, who="ada")
    stored = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    assert [each.name for each in desired_state(stored).function_apps] == ["contoso-custom"]


@pytest.mark.usefixtures("local_azure")
def test_importing_again_keeps_the_policy_and_adds_nothing() -> None:
    chat_to_functions()
    FunctionApp.objects.update(policy="manage")
    import_function_apps(Subscription.objects.get())
    assert function_app().policy == "manage"
    assert FunctionApp.objects.count() == 1


def test_app_deleted_in_azure_is_missing_until_it_returns(local_azure: LocalAzure) -> None:
    chat_to_functions()
    gone = {"path": "Microsoft.Web/sites$", "status": 200, "body": {"value": []}, "times": 1}
    local_azure.post("/_local/faults", [gone])
    import_function_apps(Subscription.objects.get())
    assert (function_app().missing_since is None, function_app().observed) == (False, None)
    import_function_apps(Subscription.objects.get())
    assert function_app().missing_since is None
    assert function_app().auth is not None


def test_unreadable_app_names_the_missing_permission(local_azure: LocalAzure) -> None:
    refusal = {"path": "authsettings/list$", "status": 403, "times": None}
    local_azure.post("/_local/faults", [refusal])
    set_desired(imported(seed.CHAT), "SystemAssigned", to_function())
    assert import_function_apps(Subscription.objects.get()) == []
    assert "Website Contributor" in function_app().problem
    local_azure.delete("/_local/faults")
    refresh_function_app(function_app())
    assert function_app().problem == ""


def test_refusal_is_raised_for_a_single_app(local_azure: LocalAzure) -> None:
    chat_to_functions()
    local_azure.post("/_local/faults", [{"path": "authsettings/list$", "status": 403}])
    with pytest.raises(Forbidden):
        refresh_function_app(function_app())
    assert function_app().auth is not None


def test_refresh_marks_a_deleted_app_missing(local_azure: LocalAzure) -> None:
    chat_to_functions()
    gone = {"path": "authsettings/list$", "status": 404}
    local_azure.post("/_local/faults", [gone])
    with pytest.raises(NotFound):
        refresh_function_app(function_app())
    assert function_app().missing_since is not None


def test_apps_that_cannot_be_listed_stay_unchanged(local_azure: LocalAzure) -> None:
    chat_to_functions()
    broken = {"path": "Microsoft.Web/sites$", "status": 500, "times": None}
    local_azure.post("/_local/faults", [broken])
    with pytest.raises(ServerFailed):
        import_function_apps(Subscription.objects.get())
    assert function_app().missing_since is None
