"""Every address that Signalman answers, and those of the project's own apps."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLResolver, include, path
from django.utils.module_loading import module_has_submodule
from django.views.generic import RedirectView

from observability.health import livez, readyz
from observability.metrics import metrics


def app_urls() -> Iterator[URLResolver]:
    """Yield the URLs of each app that SIGNALMAN_APPS names and that has a `urls` module."""
    for app in apps.get_app_configs():
        is_named = any(
            entry == app.name or entry.startswith(f"{app.name}.")
            for entry in settings.SIGNALMAN_APPS
        )
        if is_named and app.module is not None and module_has_submodule(app.module, "urls"):
            yield path("", include(f"{app.name}.urls"))


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # Browsers request it for every page that names no icon of its own.
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
    # Last: an app does not replace an address of Signalman's.
    *app_urls(),
]

handler400 = "api.exception_handler.bad_request"
handler403 = "api.exception_handler.permission_denied"
handler404 = "api.exception_handler.page_not_found"
handler500 = "portal.error_pages.server_error"
