"""The token inspector: shows each check that the receiver makes on a pasted access token.

The token is sent in the body of a POST. It is never in a URL, a log, a row or the response.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from diagnosis.token_inspector import MAX_PASTED_CHARACTERS, inspect_token
from identities.models import SignalRInstance
from portal.page import PortalPage
from upstreams.receiver.protocol.refusals import UnknownInstance

_NO_AUTOFILL: Final = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class WriteOnlyTextarea(forms.Textarea):
    """A text area that never shows its value again, like Django's `PasswordInput`."""

    def format_value(self, _value: object) -> None:
        """Return no value."""


class TokenForm(forms.Form):
    """A token and the event that it is sent for; the matching template sets the audience."""

    instance = forms.CharField(max_length=63, help_text="The instance that sends the token.")
    hub = forms.CharField(max_length=128, initial="chat")
    category = forms.ChoiceField(
        choices=[("messages", "messages"), ("connections", "connections")], initial="messages"
    )
    event = forms.CharField(
        max_length=256, initial="*", help_text="Enter * for an event that no template names."
    )
    token = forms.CharField(
        label="Access token",
        max_length=MAX_PASTED_CHARACTERS,
        widget=WriteOnlyTextarea({"rows": 6, **_NO_AUTOFILL}),
        help_text="The token is not stored, logged or shown again.",
    )

    def clean_instance(self) -> str:
        """Return the name in the spelling of the instance."""
        entered: str = self.cleaned_data["instance"]
        found = SignalRInstance.objects.named(entered).values_list("name", flat=True).first()
        if found is None:
            raise forms.ValidationError("No instance has this name.")
        return found


@method_decorator(sensitive_post_parameters("token"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class TokenInspectorPage(PortalPage):
    """The form; a POST shows the receiver's checks and stores nothing."""

    title = "Token inspector"
    template_name = "portal/token_inspector.html"
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; `?instance=` sets the instance."""
        named = request.GET.get("instance", "")
        return self._page(TokenForm(initial={"instance": named}, label_suffix=""))

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Show the checks, and the form with everything except the token."""
        form = TokenForm(request.POST, label_suffix="")
        verdict = None
        if form.is_valid():
            try:
                verdict = inspect_token(**form.cleaned_data)
            except UnknownInstance:
                form.add_error("instance", "The receiver has no policy for this instance.")
        return self._page(form, verdict=verdict)

    def _page(self, form: TokenForm, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context))
