"""The portal's own addresses, under `/admin/`."""

from __future__ import annotations

from django.urls import path

from portal.dashboard import RunningOperationsPage
from portal.first_run import ConnectPage
from portal.instance.diagnosis import DiagnosisPage
from portal.instance.identity import IdentityPage
from portal.instance.overview import OverviewPage
from portal.instance.traffic import TrafficPage

app_name = "portal"

urlpatterns = [
    path("connect/", ConnectPage.view(), name="connect"),
    path("running/", RunningOperationsPage.view(), name="running-operations"),
    path("instances/<str:name>/", OverviewPage.view(), name="instance-overview"),
    path("instances/<str:name>/identity/", IdentityPage.view(), name="instance-identity"),
    path("instances/<str:name>/diagnosis/", DiagnosisPage.view(), name="instance-diagnosis"),
    path("instances/<str:name>/traffic/", TrafficPage.view(), name="instance-traffic"),
]
