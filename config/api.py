"""Every address of the API, below /api/v1/."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from diagnosis.api import views as diagnosis
from identities.api import views as identities
from sync.api import wanted, work
from upstreams.api import views as upstreams

# The schema says nothing that the repository does not, so that tools may read it without a caller.
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("redoc/", SpectacularRedocView.as_view(url_name="api-schema")),
    path("subscriptions/", identities.SubscriptionList.as_view()),
    path("subscriptions/<uuid:pk>/", identities.SubscriptionDetail.as_view()),
    path("instances/", identities.InstanceList.as_view()),
    path("instances/<str:name>/", identities.InstanceDetail.as_view()),
    path("instances/<str:name>/identity/", wanted.WantedIdentity.as_view()),
    path("instances/<str:name>/upstream/", wanted.WantedTemplates.as_view()),
    path("instances/<str:name>/plan/", work.InstancePlan.as_view()),
    path("instances/<str:name>/apply/", work.InstanceApply.as_view()),
    path("instances/<str:name>/drift/", work.InstanceDrift.as_view()),
    path("instances/<str:name>/diagnosis/", diagnosis.InstanceDiagnosis.as_view()),
    path("instances/<str:name>/deliveries/", upstreams.DeliveryList.as_view()),
    path("instances/<str:name>/traffic/", upstreams.InstanceTraffic.as_view()),
    path("operations/", work.OperationList.as_view()),
    path("operations/<uuid:pk>/", work.OperationDetail.as_view(), name="api-operation"),
    path("operations/<uuid:pk>/cancel/", work.OperationCancel.as_view()),
    path("user-assigned-identities/", identities.UserAssignedIdentityList.as_view()),
    path("function-apps/", upstreams.FunctionAppList.as_view()),
    path("tokens/inspect/", diagnosis.TokenInspection.as_view()),
]
