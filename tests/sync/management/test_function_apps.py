from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from identities.models import Subscription
from localazure import seed
from sync.inventory.function_apps import import_function_apps
from sync.models import AuditEvent
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.functions import V1_ISSUER, chat_to_functions, function_app, to_function
from tests.sync.worker import imported, set_desired
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db


def agree() -> None:
    """Store the right issuer in the app's row."""
    app = function_app()
    assert app.auth is not None
    app.observed = replace(app.auth, issuer=V1_ISSUER).to_json()
    app.save()


@pytest.mark.usefixtures("local_azure")
def test_reports_why_an_app_differs() -> None:
    chat_to_functions()
    outcome = run("function_apps")
    assert outcome.code == 2
    assert outcome.out.startswith(f"{seed.FUNCTION_APP}\tobserve\tdisagrees\t{seed.CHAT}\t")
    assert "v2 tokens" in outcome.out


@pytest.mark.usefixtures("local_azure")
def test_reports_that_an_app_agrees() -> None:
    chat_to_functions()
    agree()
    outcome = run("function_apps", seed.FUNCTION_APP, "--json")
    (document,) = outcome.document
    assert (outcome.code, document["status"], document["mismatches"]) == (0, "agrees", [])
    assert document["auth"]["client_id"] == seed.UPSTREAM_APP_ID


@pytest.mark.usefixtures("local_azure")
def test_lists_the_fix_for_each_instance() -> None:
    chat_to_functions()
    set_desired(imported(seed.LAB), "SystemAssigned", to_function("api://unknown"))
    app = function_app()
    assert app.auth is not None
    app.observed = replace(app.auth, client_id="").to_json()
    app.save()
    (document,) = run("function_apps", "--json").document
    missing = [each for each in document["mismatches"] if each["code"] == "client_id_missing"]
    known, unknown = sorted((each["fix"] for each in missing), reverse=True)
    assert known == f"Set its client ID to {seed.UPSTREAM_APP_ID}."
    assert unknown.startswith("Add Microsoft as its identity provider")
    # The message is the same for both.
    assert run("function_apps").out.count(missing[0]["message"]) == 1


@pytest.mark.usefixtures("local_azure")
def test_unused_app_is_not_compared() -> None:
    chat_to_functions()
    function_app().subscription.instances.get().upstream_templates.all().delete()
    assert "\tnot used\t" in run("function_apps").out


@pytest.mark.usefixtures("local_azure")
def test_unread_app_is_unknown() -> None:
    chat_to_functions()
    FunctionApp.objects.update(observed=None, problem="Not allowed.")
    outcome = run("function_apps")
    assert outcome.code == 0
    assert "\tunknown\t" in outcome.out
    assert "Not allowed." in outcome.out


@pytest.mark.usefixtures("local_azure")
def test_app_of_another_tenant_is_unknown() -> None:
    chat_to_functions()
    Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    FunctionApp.objects.update(
        subscription=Subscription.objects.exclude(instances__name=seed.CHAT).get()
    )
    assert "\tunknown\t" in run("function_apps").out


@pytest.mark.usefixtures("local_azure")
def test_refresh_reads_azure_again() -> None:
    chat_to_functions()
    agree()
    assert run("function_apps").code == 0
    assert run("function_apps", "--refresh").code == 2


def test_read_error_is_an_error(local_azure: LocalAzure) -> None:
    chat_to_functions()
    local_azure.post("/_local/faults", [{"path": "authsettings", "status": 403, "times": None}])
    outcome = run("function_apps", "--refresh")
    assert outcome.code == 1
    assert outcome.error.startswith(f"{seed.FUNCTION_APP}: ")


@pytest.mark.usefixtures("local_azure")
def test_policy_change_is_audited_once() -> None:
    chat_to_functions()
    for _ in range(2):
        run("function_apps", seed.FUNCTION_APP.upper(), "--policy", "manage")
    assert function_app().policy == "manage"
    (event,) = AuditEvent.objects.filter(object=function_app().arm_id)
    assert (event.action, event.before, event.after) == ("set policy", "observe", "manage")


@pytest.mark.usefixtures("local_azure")
def test_refuses_to_set_the_policy_of_all_apps() -> None:
    chat_to_functions()
    assert run("function_apps", "--policy", "manage").code == 1
    assert function_app().policy == "observe"


def test_names_unknown_app() -> None:
    assert "Unknown Function App 'absent'" in run("function_apps", "absent").error


def test_reports_missing_app(local_azure: LocalAzure) -> None:
    chat_to_functions()
    none = {"path": "Microsoft.Web/sites$", "status": 200, "body": {"value": []}}
    local_azure.post("/_local/faults", [none])
    import_function_apps(Subscription.objects.get())
    assert "\tmissing\t" in run("function_apps").out
