from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from arm.state import TemplateState
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from upstreams.function_app_authentication import Caller
from upstreams.models import FunctionApp, UpstreamTemplate
from upstreams.signed_requests import caller_of, is_same_tenant, signed_requests_to

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


def test_an_app_is_named_as_its_arm_id_ends(app: FunctionApp) -> None:
    assert (app.name, app.host_name) == ("Contoso", "contoso.azurewebsites.net")


def test_one_app_has_one_row_in_whatever_case_arm_writes_it(app: FunctionApp) -> None:
    twin = FunctionApp(subscription=app.subscription, arm_id=app.arm_id.upper(), host_name="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    with pytest.raises(ValidationError, match="already in Signalman"):
        twin.validate_constraints()


def test_a_template_points_at_the_app_whose_host_it_names(
    app: FunctionApp, instance: SignalRInstance
) -> None:
    for url in (URL, "https://CONTOSO.azurewebsites.net:443/{event}", f"https://x.example/?{URL}"):
        UpstreamTemplate.objects.create(
            instance=instance, url_template=url, auth_type="ManagedIdentity", resource="api://a"
        )
    assert len(UpstreamTemplate.objects.signed().pointing_at(app.host_name)) == 2
    assert UpstreamTemplate.objects.hosts() == {app.host_name, "x.example"}
    assert list(FunctionApp.objects.serving([URL])) == [app]
    assert list(FunctionApp.objects.serving(["https://x.example"])) == []


def test_a_demand_holds_what_the_templates_that_point_at_the_app_ask_for(
    app: FunctionApp, instance: SignalRInstance
) -> None:
    templates = [
        signed("api://chat"),
        signed("api://chat"),
        signed("api://elsewhere", "https://elsewhere.example"),
        signed(None),
        TemplateState(URL),
    ]
    demand = signed_requests_to(app, instance, templates)
    assert demand.issuer == f"https://sts.windows.net/{TENANT}/"
    assert demand.resources == ("api://chat",)
    assert demand.callers == (Caller(str(PRINCIPAL)),)


def test_without_a_signed_template_nothing_is_demanded(
    app: FunctionApp, instance: SignalRInstance
) -> None:
    demand = signed_requests_to(app, instance, [TemplateState(URL)])
    assert (demand.resources, demand.callers) == ((), ())


def test_a_borrowed_identity_calls_by_its_own_ids(instance: SignalRInstance) -> None:
    borrowed = UserAssignedIdentity.objects.create(
        arm_id="/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/"
        "Microsoft.ManagedIdentity/userAssignedIdentities/one",
        principal_id=uuid.UUID(int=1),
        client_id=CLIENT,
    )
    instance.identity.become(instance.identity.Type.USER_ASSIGNED, borrowed)
    assert caller_of(instance) == Caller(str(uuid.UUID(int=1)), str(CLIENT))


def test_an_identity_that_azure_has_yet_to_make_has_no_principal(
    instance: SignalRInstance,
) -> None:
    instance.observed = {"identity": {"type": "UserAssigned"}, "templates": []}
    assert caller_of(instance) == Caller()


def test_an_app_of_another_tenant_is_out_of_reach(
    app: FunctionApp, instance: SignalRInstance
) -> None:
    assert is_same_tenant(app, instance)
    instance.identity.tenant_id = uuid.uuid4()
    assert not is_same_tenant(app, instance)


def test_the_portal_shows_an_app_to_read(admin_client: Client, app: FunctionApp) -> None:
    listed = admin_client.get(reverse("admin:upstreams_functionapp_changelist"))
    assert "contoso.azurewebsites.net" in listed.content.decode()
    url = reverse("admin:upstreams_functionapp_change", args=[app.pk])
    assert admin_client.get(url).status_code == 200
    assert admin_client.post(url, {"policy": "manage"}).status_code == 403
