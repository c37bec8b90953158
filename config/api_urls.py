"""URLs of the API, below /api/v1/."""

from __future__ import annotations

from typing import Final

from django.urls import path
from drf_spectacular.views import (
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from accounts.api import own_tokens
from api.schema.views import SchemaView
from diagnosis.api import views as diagnosis
from identities.api import views as identities
from sync.api import (
    applications,
    audit,
    desired_state,
    drift,
    function_apps,
    history,
    instances,
    key_vault_references,
    operations,
    request_requirements,
    subscriptions,
    user_assigned_identities,
)
from sync.api.plans import fleet as fleet_plan
from sync.api.plans import instance as instance_plan
from upstreams.api import data_planes, deliveries, traffic
from upstreams.api import function_apps as known_function_apps

_READ: Final = ["get", "head"]

# The schema says nothing that the repository does not, so that tools may read it without a caller.
urlpatterns = [
    path("schema/", SchemaView.as_view(http_method_names=_READ), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", http_method_names=_READ),
        name="api-docs",
    ),
    path(
        "redoc/",
        SpectacularRedocView.as_view(url_name="api-schema", http_method_names=_READ),
    ),
    path("subscriptions/", identities.SubscriptionList.as_view()),
    path("subscriptions/visible/", subscriptions.VisibleSubscriptions.as_view()),
    path("subscriptions/<uuid:subscription_id>/", identities.SubscriptionDetail.as_view()),
    path(
        "subscriptions/<uuid:subscription_id>/import/", subscriptions.SubscriptionImport.as_view()
    ),
    path(
        "subscriptions/<uuid:subscription_id>/refresh/", subscriptions.SubscriptionRefresh.as_view()
    ),
    path("instances/", instances.InstanceCollection.as_view()),
    path("instances/<str:name>/", instances.InstanceDetail.as_view(), name="api-instance"),
    path("instances/<str:name>/deletion/", instances.InstanceDeletion.as_view()),
    path("instances/<str:name>/settings/", instances.InstanceSettings.as_view()),
    path("instances/<str:name>/identity/", desired_state.DesiredIdentity.as_view()),
    path("instances/<str:name>/service-mode/", desired_state.DesiredServiceMode.as_view()),
    path("instances/<str:name>/upstream/", desired_state.DesiredTemplates.as_view()),
    path("instances/<str:name>/grants/", desired_state.DesiredGrants.as_view()),
    path("instances/<str:name>/senders/", desired_state.DesiredSenders.as_view()),
    path("instances/<str:name>/references/", key_vault_references.InstanceReferences.as_view()),
    path("instances/<str:name>/receiver/", request_requirements.RequestRequirements.as_view()),
    path("instances/<str:name>/receiver/secret/", request_requirements.ReceiverSecret.as_view()),
    path("instances/<str:name>/history/", history.RevisionList.as_view()),
    path("instances/<str:name>/rollback/", history.InstanceRollback.as_view()),
    path("instances/<str:name>/plan/", instance_plan.InstancePlan.as_view()),
    path("instances/<str:name>/apply/", instance_plan.InstanceApply.as_view()),
    path("instances/<str:name>/drift/", drift.InstanceDrift.as_view()),
    path("instances/<str:name>/drift/accept/", drift.DriftAcceptance.as_view()),
    path("instances/<str:name>/diagnosis/", diagnosis.InstanceDiagnosis.as_view()),
    path("instances/<str:name>/chain/", diagnosis.InstanceChain.as_view()),
    path("instances/<str:name>/deliveries/", deliveries.DeliveryList.as_view()),
    path("instances/<str:name>/traffic/", traffic.InstanceTraffic.as_view()),
    # Of many instances, by the filters of their list. Any name could be an instance's, so that
    # these are beside the list and not in it.
    path("plan/", fleet_plan.FleetPlan.as_view()),
    path("apply/", fleet_plan.FleetApply.as_view()),
    path("operations/", operations.OperationList.as_view()),
    path("operations/<uuid:pk>/", operations.OperationDetail.as_view(), name="api-operation"),
    path("operations/<uuid:pk>/cancel/", operations.OperationCancel.as_view()),
    path("user-assigned-identities/", user_assigned_identities.UserAssignedIdentities.as_view()),
    path("function-apps/", known_function_apps.FunctionAppList.as_view()),
    path("function-apps/<str:name>/", function_apps.FunctionAppDetail.as_view()),
    path("function-apps/<str:name>/settings/", function_apps.FunctionAppSettings.as_view()),
    path("key-vaults/", identities.KeyVaultList.as_view()),
    path("applications/", applications.Applications.as_view()),
    path("data-planes/", data_planes.DataPlaneList.as_view()),
    path("audit-events/", audit.AuditEventList.as_view()),
    path("tokens/", own_tokens.TokenList.as_view()),
    path("tokens/<int:pk>/", own_tokens.TokenDetail.as_view()),
    path("tokens/inspect/", diagnosis.TokenInspection.as_view()),
]
