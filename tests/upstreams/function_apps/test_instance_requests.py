from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from arm.instance_state import TemplateState
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from tests.registrations import register
from upstreams.function_apps.instance_requests import caller_of, is_same_tenant, signed_requests_to
from upstreams.function_apps.signed_requests import Caller
from upstreams.models import FunctionApp, UpstreamTemplate

pytestmark = pytest.mark.django_db

TENANT = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001")
PRINCIPAL = uuid.UUID("eeeeeeee-0000-4000-8000-000000000001")
CLIENT = uuid.UUID("ffffffff-0000-4000-8000-000000000001")
URL = "https://contoso.azurewebsites.net/api"


@pytest.fixture
def subscription() -> Subscription:
    return Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=TENANT)


@pytest.fixture
def instance(subscription: Subscription) -> SignalRInstance:
    """An instance whose system-assigned identity Azure has answered."""
    instance = SignalRInstance.objects.create(
        name="chat-prod",
        subscription=subscription,
        resource_group="apps",
        observed={"identity": {"type": "SystemAssigned"}, "templates": []},
    )
    instance.identity.type = "SystemAssigned"
    instance.identity.principal_id = PRINCIPAL
    instance.identity.save()
    return instance


@pytest.fixture
def app(subscription: Subscription) -> FunctionApp:
    return FunctionApp.objects.create(
        subscription=subscription,
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/Contoso",
        host_name="Contoso.azurewebsites.net",
    )


def signed(resource: str | None, url: str = URL) -> TemplateState:
    return TemplateState(url, auth_type="ManagedIdentity", resource=resource)


def test_app_name_is_end_of_arm_id(app: FunctionApp) -> None:
    assert (app.name, app.host_name) == ("Contoso", "contoso.azurewebsites.net")


def test_app_has_one_row_in_any_case(app: FunctionApp) -> None:
    twin = FunctionApp(subscription=app.subscription, arm_id=app.arm_id.upper(), host_name="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    with pytest.raises(ValidationError, match="already in Signalman"):
        twin.validate_constraints()


def test_template_points_at_app_by_host(app: FunctionApp, instance: SignalRInstance) -> None:
    for url in (URL, "https://CONTOSO.azurewebsites.net:443/{event}", f"https://x.example/?{URL}"):
        UpstreamTemplate.objects.create(
            instance=instance, url_template=url, auth_type="ManagedIdentity", resource="api://a"
        )
    assert len(UpstreamTemplate.objects.signed().pointing_at(app.host_name)) == 2
    assert UpstreamTemplate.objects.hosts() == {app.host_name, "x.example"}
    assert list(FunctionApp.objects.serving([URL])) == [app]
    assert list(FunctionApp.objects.serving(["https://x.example"])) == []


def test_collects_requests_of_templates_for_app(
    app: FunctionApp, instance: SignalRInstance
) -> None:
    templates = [
        signed("api://chat"),
        signed("api://chat"),
        signed("api://elsewhere", "https://elsewhere.example"),
        signed(None),
        TemplateState(URL),
    ]
    register(instance, "api://chat")
    requests = signed_requests_to(app, instance, templates)
    assert requests.issuer == f"https://sts.windows.net/{TENANT}/"
    assert requests.audiences == ("api://chat",)
    assert requests.callers == (Caller(str(PRINCIPAL)),)


def test_no_requests_without_signed_template(app: FunctionApp, instance: SignalRInstance) -> None:
    requests = signed_requests_to(app, instance, [TemplateState(URL)])
    assert (requests.audiences, requests.callers) == ((), ())


def test_user_assigned_identity_is_the_caller(instance: SignalRInstance) -> None:
    user_assigned = UserAssignedIdentity.objects.create(
        arm_id="/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/"
        "Microsoft.ManagedIdentity/userAssignedIdentities/one",
        principal_id=uuid.UUID(int=1),
        client_id=CLIENT,
    )
    instance.identity.become(instance.identity.Type.USER_ASSIGNED, user_assigned)
    assert caller_of(instance) == Caller(str(uuid.UUID(int=1)), str(CLIENT))


def test_identity_to_be_created_has_no_principal(
    instance: SignalRInstance,
) -> None:
    instance.observed = {"identity": {"type": "UserAssigned"}, "templates": []}
    assert caller_of(instance) == Caller()


def test_no_requests_to_app_of_another_tenant(app: FunctionApp, instance: SignalRInstance) -> None:
    assert is_same_tenant(app, instance)
    instance.identity.tenant_id = uuid.uuid4()
    assert not is_same_tenant(app, instance)


def test_portal_shows_app_read_only(admin_client: Client, app: FunctionApp) -> None:
    listed = admin_client.get(reverse("admin:upstreams_functionapp_changelist"))
    assert "contoso.azurewebsites.net" in listed.content.decode()
    url = reverse("admin:upstreams_functionapp_change", args=[app.pk])
    assert admin_client.get(url).status_code == 200
    assert admin_client.post(url, {"policy": "manage"}).status_code == 403
