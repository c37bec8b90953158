"""The receiver's addresses. What follows the instance's name is the operator's to choose."""

from __future__ import annotations

from django.urls import path

from upstreams.receiver.serving.views import UpstreamView

receive = UpstreamView.as_view()

urlpatterns = [
    path("<str:instance>/", receive, name="upstream"),
    path("<str:instance>/<path:rest>", receive),
]
