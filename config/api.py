"""Every address of the API, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from identities.api import views as identities
from sync.api import wanted

urlpatterns = [
    path("subscriptions/", identities.SubscriptionList.as_view()),
    path("subscriptions/<uuid:pk>/", identities.SubscriptionDetail.as_view()),
    path("instances/", identities.InstanceList.as_view()),
    path("instances/<str:name>/", identities.InstanceDetail.as_view()),
    path("instances/<str:name>/identity/", wanted.WantedIdentity.as_view()),
    path("instances/<str:name>/upstream/", wanted.WantedTemplates.as_view()),
    path("user-assigned-identities/", identities.UserAssignedIdentityList.as_view()),
]
