"""URLs of the project, served beside Signalman's."""

from __future__ import annotations

from django.urls import include, path

from upstreams.negotiation import negotiation_urls

urlpatterns = [path("negotiate/", include(negotiation_urls()))]
