"""URLs under `/admin/sign-in/`, with the names that allauth uses."""

from __future__ import annotations

from django.urls import path

from accounts.sign_in.views import arrive, leave

urlpatterns = [
    path("<str:provider_id>/login/", leave, name="openid_connect_login"),
    path("<str:provider_id>/login/callback/", arrive, name="openid_connect_callback"),
]
