"""The page of a user's own personal access tokens for the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Final

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.models import DEFAULT_LIFETIME, PersonalAccessToken, longest_lifetime
from portal.page import PortalPage

# Days.
_LIFETIMES: Final = (7, 30, 90, 365)


class NewTokenForm(forms.Form):
    """Name, scope and lifetime of a new token."""

    name = forms.CharField(max_length=100, help_text="What the token is for, such as a pipeline.")
    scope = forms.ChoiceField(
        choices=PersonalAccessToken.Scope,
        help_text="A token never has more permissions than you have.",
    )
    days = forms.TypedChoiceField(label="Expires after", coerce=int)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        longest = longest_lifetime(user).days
        choices = [(days, f"{days} days") for days in _LIFETIMES if days <= longest]
        self.fields["days"].choices = choices  # type: ignore[attr-defined]
        self.fields["days"].initial = DEFAULT_LIFETIME.days


@method_decorator(never_cache, name="dispatch")
class AccessTokensPage(PortalPage):
    """List the user's tokens. A POST creates one; only its response contains the token."""

    title = "Your access tokens"
    template_name = "portal/access_tokens.html"
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Create a token and show it."""
        user = _user(request)
        form = NewTokenForm(user, request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        token, text = PersonalAccessToken.issue(
            user,
            name=form.cleaned_data["name"],
            scope=PersonalAccessToken.Scope(form.cleaned_data["scope"]),
            lifetime=timedelta(days=form.cleaned_data["days"]),
        )
        return self.render_to_response(self.get_context_data(created=token, text=text))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form and the user's tokens, each with whether it is still valid."""
        user = _user(self.request)
        now = timezone.now()
        rows = PersonalAccessToken.objects.filter(user=user).select_related("user")
        tokens = [(row, row.is_usable(now)) for row in rows]
        return super().get_context_data(**{"form": NewTokenForm(user), **kwargs}, tokens=tokens)


class RevokeToken(PortalPage):
    """Revoke one of the user's own tokens; a token of another user is a 404."""

    http_method_names = ["post"]
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def post(self, request: HttpRequest, token: int) -> HttpResponse:
        """Revoke the token; it stays in the list."""
        get_object_or_404(PersonalAccessToken, user=_user(request), pk=token).revoke()
        return redirect("portal:access-tokens")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  The page requires a signed-in user.
    return request.user
