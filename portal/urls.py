"""The portal's URLs, under `/admin/`."""

from __future__ import annotations

from django.urls import path

from portal.instance.actions import RefreshInstance, SetPolicy, SetSenders, SetServiceMode
from portal.instance.delete import DeletePage, ProtectInstance
from portal.instance.diagnosis import DiagnosisPage
from portal.instance.drift import DriftPage
from portal.instance.function_apps.views import FunctionAppsPage
from portal.instance.history import HistoryPage, RollbackPage
from portal.instance.identity.views import IdentityPage
from portal.instance.key_vault.views import KeyVaultPage
from portal.instance.operations import OperationsPage
from portal.instance.overview.views import OverviewPage
from portal.instance.plan import PlanPage
from portal.instance.traffic import TrafficPage
from portal.instance.upstream.resources import ResourcesPage
from portal.instance.upstream.views import UpstreamPage
from portal.pages.access_tokens import AccessTokensPage, RevokeToken
from portal.pages.connect import ConnectPage
from portal.pages.dashboard import RunningOperationsPage
from portal.pages.fleet_plan import ApplyFleet
from portal.pages.import_instances import ImportPage
from portal.pages.operation import CancelOperation, OperationPage
from portal.pages.token_inspector import TokenInspectorPage

app_name = "portal"

urlpatterns = [
    path("connect/", ConnectPage.view(), name="connect"),
    path("access-tokens/", AccessTokensPage.view(), name="access-tokens"),
    path("access-tokens/<int:token>/revoke/", RevokeToken.view(), name="revoke-token"),
    path("token-inspector/", TokenInspectorPage.view(), name="token-inspector"),
    path("running/", RunningOperationsPage.view(), name="running-operations"),
    path("instances/<str:name>/", OverviewPage.view(), name="instance-overview"),
    path("instances/<str:name>/identity/", IdentityPage.view(), name="instance-identity"),
    path("instances/<str:name>/upstream/", UpstreamPage.view(), name="instance-upstream"),
    path(
        "instances/<str:name>/upstream/resources/",
        ResourcesPage.view(),
        name="instance-resources",
    ),
    path("instances/<str:name>/key-vault/", KeyVaultPage.view(), name="instance-key-vault"),
    path(
        "instances/<str:name>/function-apps/",
        FunctionAppsPage.view(),
        name="instance-function-apps",
    ),
    path("instances/<str:name>/plan/", PlanPage.view(), name="instance-plan"),
    path("instances/<str:name>/operations/", OperationsPage.view(), name="instance-operations"),
    path("instances/<str:name>/refresh/", RefreshInstance.view(), name="instance-refresh"),
    path("instances/<str:name>/policy/", SetPolicy.view(), name="instance-policy"),
    path(
        "instances/<str:name>/service-mode/",
        SetServiceMode.view(),
        name="instance-service-mode",
    ),
    path("instances/<str:name>/senders/", SetSenders.view(), name="instance-senders"),
    path("instances/<str:name>/delete/", DeletePage.view(), name="instance-delete"),
    path("instances/<str:name>/protection/", ProtectInstance.view(), name="instance-protection"),
    path("import/", ImportPage.view(), name="import"),
    path("fleet/apply/", ApplyFleet.view(), name="fleet-apply"),
    path("operations/<uuid:pk>/", OperationPage.view(), name="operation"),
    path("operations/<uuid:pk>/cancel/", CancelOperation.view(), name="operation-cancel"),
    path("instances/<str:name>/drift/", DriftPage.view(), name="instance-drift"),
    path("instances/<str:name>/history/", HistoryPage.view(), name="instance-history"),
    path(
        "instances/<str:name>/history/<int:number>/",
        RollbackPage.view(),
        name="instance-rollback",
    ),
    path("instances/<str:name>/diagnosis/", DiagnosisPage.view(), name="instance-diagnosis"),
    path("instances/<str:name>/traffic/", TrafficPage.view(), name="instance-traffic"),
]
