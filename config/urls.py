"""Every address that Signalman answers."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from observability.health import livez, readyz
from observability.metrics import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # Asked for by every page that names none of its own.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}portal/favicon.svg")),
    path("admin/sign-in/", include("accounts.sign_in.urls")),
    path("admin/", include("portal.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api_urls")),
    path("livez", livez),
    path("metrics", metrics),
    path("readyz", readyz),
    path("readyz/<str:role>", readyz),
    path("upstream/", include("upstreams.receiver.serving.urls")),
]

handler400 = "api.exceptions.bad_request"
handler403 = "api.exceptions.permission_denied"
handler404 = "api.exceptions.page_not_found"
handler500 = "api.exceptions.server_error"
