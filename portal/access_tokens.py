"""A person's own access tokens for the API: made, shown once, and revoked."""

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

from accounts.models import PersonalAccessToken
from portal.page import PortalPage

_LIFETIMES: Final = (7, 30, 90, 365)
# Days. Entra's word on somebody is heard at a sign-in, and a token signs nobody in.
_LONGEST_WITH_ENTRA: Final = 30


class NewTokenForm(forms.Form):
    """What a new token is for, what it may do and how long."""

    name = forms.CharField(max_length=100, help_text="What it is for: a pipeline, a script.")
    scope = forms.ChoiceField(
        label="May",
        choices=PersonalAccessToken.Scope,
        help_text="Never more than you may yourself.",
    )
    days = forms.TypedChoiceField(label="Expires after", coerce=int)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        longest = _LIFETIMES[-1] if user.has_usable_password() else _LONGEST_WITH_ENTRA
        choices = [(days, f"{days} days") for days in _LIFETIMES if days <= longest]
        self.fields["days"].choices = choices  # type: ignore[attr-defined]
        self.fields["days"].initial = _LONGEST_WITH_ENTRA


@method_decorator(never_cache, name="dispatch")
class AccessTokensPage(PortalPage):
    """Lists the person's own tokens. A POST makes one, and is the only page that shows its text."""

    title = "Your access tokens"
    template_name = "portal/access_tokens.html"
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Make a token, and show its text."""
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
        return self.render_to_response(self.get_context_data(made=token, text=text))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the person's tokens, each with whether it still opens anything, and the form."""
        user = _user(self.request)
        now = timezone.now()
        rows = PersonalAccessToken.objects.filter(user=user).select_related("user")
        tokens = [(row, row.is_usable(now)) for row in rows]
        return super().get_context_data(**{"form": NewTokenForm(user), **kwargs}, tokens=tokens)


class RevokeToken(PortalPage):
    """Revokes one of the person's own tokens; others' are not found."""

    http_method_names = ["post"]
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def post(self, request: HttpRequest, token: int) -> HttpResponse:
        """Let it open nothing from now on; it stays in the list."""
        get_object_or_404(PersonalAccessToken, user=_user(request), pk=token).revoke()
        return redirect("portal:access-tokens")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  staff alone get here
    return request.user
