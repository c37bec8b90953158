"""allauth's adapter for sign-in with Entra."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from django.contrib.auth.models import User
from django.http import HttpRequest

from accounts.roles import roles_of
from accounts.sign_in.failures import failure_of
from accounts.sign_in.users import free_username, update_account
from accounts.sign_in.views import refusal

logger = logging.getLogger(__name__)


class EntraAdapter(DefaultSocialAccountAdapter):
    """Signs in users with an app role, and never links accounts by e-mail address.

    The setting SOCIALACCOUNT_ADAPTER.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Update a known user's account, and refuse a user without a role."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            _refuse(request, "An account with a password cannot be connected to an Entra account.")
        claims = claims_of(sociallogin)
        roles = roles_of(claims)
        # They are not used here, and a taken one would make allauth ask for another.
        sociallogin.email_addresses = []
        user = sociallogin.user
        if isinstance(user, User) and sociallogin.is_existing:
            update_account(user, claims, roles)
            if not user.is_active:
                _refuse(request, "Your account was deactivated in Signalman.")
        if not roles:
            _refuse(
                request,
                "You have no role in Signalman. Ask an administrator of your tenant to assign you "
                "Fleet.Reader, Fleet.Operator or Fleet.Admin of this application.",
            )

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Any:
        """Return the account for a user's first sign-in, with its name."""
        user = super().populate_user(request, sociallogin, {**data, "email": ""})
        user.username = free_username(claims_of(sociallogin))
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        """Create the account, with the groups of its roles."""
        user = super().save_user(request, sociallogin, form)
        claims = claims_of(sociallogin)
        update_account(user, claims, roles_of(claims))
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Show what failed, and which setting is likely to be wrong."""
        failure = failure_of(request, exception)
        # allauth takes every access_denied for this; with a code, Entra refused the sign-in.
        if error == AuthError.CANCELLED and not failure.code:
            _refuse(request, "The sign-in was cancelled.")
        logger.warning("Sign-in with Entra failed: %s.", failure)
        _refuse(request, failure.message)


def claims_of(sociallogin: SocialLogin) -> Mapping[str, Any]:
    """Return the claims of the id token, which came from Entra's own token endpoint over TLS.

    Issuer, audience and expiry were checked; the connection vouches for the rest (OpenID Connect
    Core 1.0, section 3.1.3.7).
    """
    claims: Mapping[str, Any] = sociallogin.account.extra_data["id_token"]
    return claims


def _refuse(request: HttpRequest, message: str) -> NoReturn:
    raise ImmediateHttpResponse(refusal(request, message))
