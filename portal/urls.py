"""The portal's own addresses, under `/admin/`."""

from __future__ import annotations

from django.urls import path

from portal.access_tokens import AccessTokensPage, RevokeToken
from portal.dashboard import RunningOperationsPage
from portal.first_run import ConnectPage
from portal.fleet import ApplyFleet
from portal.importing import ImportPage
from portal.instance.commanding import RefreshInstance, SetPolicy
from portal.instance.deletion import DeletionPage, ProtectInstance
from portal.instance.diagnosis import DiagnosisPage
from portal.instance.drift import DriftPage
from portal.instance.functions import FunctionsPage
from portal.instance.history import HistoryPage, RollbackPage
from portal.instance.identity import IdentityPage
from portal.instance.operations import OperationsPage
from portal.instance.overview import OverviewPage
from portal.instance.plan import PlanPage
from portal.instance.resources import ResourcesPage
from portal.instance.traffic import TrafficPage
from portal.instance.upstream import UpstreamPage
from portal.instance.vaults import VaultsPage
from portal.operation import CancelOperation, OperationPage
from portal.token_inspector import TokenInspectorPage

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
    path("instances/<str:name>/vaults/", VaultsPage.view(), name="instance-vaults"),
    path("instances/<str:name>/functions/", FunctionsPage.view(), name="instance-functions"),
    path("instances/<str:name>/plan/", PlanPage.view(), name="instance-plan"),
    path("instances/<str:name>/operations/", OperationsPage.view(), name="instance-operations"),
    path("instances/<str:name>/refresh/", RefreshInstance.view(), name="instance-refresh"),
    path("instances/<str:name>/policy/", SetPolicy.view(), name="instance-policy"),
    path("instances/<str:name>/delete/", DeletionPage.view(), name="instance-delete"),
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
