"""What allauth asks of us while somebody signs in with Entra."""

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

from accounts.authentication import roles_of
from accounts.sign_in.pages import refusal
from accounts.sign_in.people import bring_up_to_date, free_username

logger = logging.getLogger(__name__)


class EntraAdapter(DefaultSocialAccountAdapter):
    """Lets in who has an app role, as what it says; and links nobody to an account by an address.

    The setting SOCIALACCOUNT_ADAPTER.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Bring a known person's account up to date, and let in who has a role."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            _refuse(request, "An account with a password cannot be joined to one of Entra.")
        claims = claims_of(sociallogin)
        roles = roles_of(claims)
        # Nothing here goes by them, and one that is taken would ask for another.
        sociallogin.email_addresses = []
        user = sociallogin.user
        if isinstance(user, User) and sociallogin.is_existing:
            bring_up_to_date(user, claims, roles)
            if not user.is_active:
                _refuse(request, "Your account was deactivated in Signalman.")
        if not roles:
            _refuse(
                request,
                "Entra knows you, and gave you no role in Signalman: ask an administrator of your "
                "tenant for Fleet.Reader, Fleet.Operator or Fleet.Admin of this application.",
            )

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Any:
        """Name the account that is made at somebody's first sign-in."""
        user = super().populate_user(request, sociallogin, {**data, "email": ""})
        user.username = free_username(claims_of(sociallogin))
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        """Make the account, with the groups of its roles."""
        user = super().save_user(request, sociallogin, form)
        claims = claims_of(sociallogin)
        bring_up_to_date(user, claims, roles_of(claims))
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Say on a page of ours what did not work."""
        if error == AuthError.CANCELLED:
            _refuse(request, "You went back, so that nobody was signed in.")
        # Only its kind: the text may quote what Entra answered.
        logger.warning("Sign-in with Entra failed: %s.", type(exception).__name__)
        _refuse(
            request,
            "Entra did not complete the sign-in, or it took too long. Try again; where that does "
            "not help, the log of the portal says what failed.",
        )


def claims_of(sociallogin: SocialLogin) -> Mapping[str, Any]:
    """Return the claims of the id token, which came from Entra's own token endpoint over TLS.

    Issuer, audience and expiry were checked; the connection vouches for the rest (OpenID Connect
    Core 1.0, section 3.1.3.7).
    """
    claims: Mapping[str, Any] = sociallogin.account.extra_data["id_token"]
    return claims


def _refuse(request: HttpRequest, sentence: str) -> NoReturn:
    raise ImmediateHttpResponse(refusal(request, sentence))
