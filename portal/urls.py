"""The portal's own addresses, under `/admin/`."""

from __future__ import annotations

from django.urls import path

from portal.instance.overview import OverviewPage

app_name = "portal"

urlpatterns = [
    path("instances/<str:name>/", OverviewPage.view(), name="instance-overview"),
]
