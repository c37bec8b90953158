"""The views of sign-in with Entra: the redirect to it, its callback, and the error page."""

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

from accounts.sign_in.configuration import UID_CLAIM
from accounts.sign_in.failures import failure_of

logger = logging.getLogger(__name__)

_NO_OBJECT_ID = (
    "Entra's ID token has no object ID (oid), which identifies the account. Ask an "
    "administrator to check the claims of the app registration."
)


@require_POST
@never_cache
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Redirect to Entra. A POST, so that no other site can sign a user in."""
    try:
        answer: HttpResponse = allauth_login(request, provider_id)
    except RequestException as error:
        failure = failure_of(request, error)
        logger.warning("Sign-in with Entra failed: %s.", failure)
        return refusal(request, failure.message, 502)
    return answer


@require_GET
@never_cache
def arrive(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Exchange the code that Entra sent for the user's id token, and sign the user in."""
    try:
        answer: HttpResponse = allauth_callback(request, provider_id)
    except KeyError as error:
        # allauth reads the setting `uid_field` of the id token's claims without looking.
        if error.args != (UID_CLAIM,):
            raise
        logger.warning("Sign-in with Entra failed: the ID token has no %s.", UID_CLAIM)
        return refusal(request, _NO_OBJECT_ID)
    return answer


def refusal(request: HttpRequest, message: str, status: int = 403) -> HttpResponse:
    """Return the page that says why the sign-in failed."""
    request.current_app = admin.site.name
    frame = admin.site.each_context(request)
    context = {**frame, "title": "You are not signed in", "message": message}
    return render(request, "accounts/refused.html", context, status=status)
