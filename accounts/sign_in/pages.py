"""The addresses of the sign-in with Entra: away to it, back from it, and why it did not work."""

from __future__ import annotations

import logging

from allauth.socialaccount.providers.openid_connect.views import callback as allauth_callback
from allauth.socialaccount.providers.openid_connect.views import login as allauth_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

logger = logging.getLogger(__name__)


@require_POST
@never_cache
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to Entra. A POST, so that no other site signs anybody in."""
    try:
        answer: HttpResponse = allauth_login(request, provider_id)
    except RequestException as error:
        logger.warning("Sign-in with Entra failed: %s.", type(error).__name__)
        return refusal(request, "Entra cannot be reached at present: try again in a moment.", 502)
    return answer


@require_GET
@never_cache
def arrive(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the code that Entra sends, and sign in whom it stands for."""
    answer: HttpResponse = allauth_callback(request, provider_id)
    return answer


def refusal(request: HttpRequest, sentence: str, status: int = 403) -> HttpResponse:
    """Return the page that says in a sentence why nobody was signed in."""
    request.current_app = admin.site.name
    frame = admin.site.each_context(request)
    context = {**frame, "title": "You are not signed in", "sentence": sentence}
    return render(request, "accounts/refused.html", context, status=status)
