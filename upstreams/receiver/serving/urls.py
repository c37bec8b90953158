"""The receiver's URLs. The operator chooses what follows the instance's name."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from upstreams.receiver.serving.views import UpstreamView

# Callers send a bearer token; cookies are ignored.
receive = csrf_exempt(UpstreamView.as_view())

urlpatterns = [
    path("<str:instance>/", receive, name="upstream"),
    path("<str:instance>/<path:rest>", receive),
]
