"""The token inspector: paste a token, see each check that the receiver makes of it.

The token comes in the body of one POST. It is in no address, no log and no row, and the page that
answers does not hold it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from diagnosis.token_inspector import inspect_token
from identities.models import SignalRInstance
from portal.page import PortalPage
from upstreams.receiver.protocol.errors import UnknownInstance
from validation.checks.structure import MAX_TOKEN_CHARACTERS

_SECRETIVE: Final = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class ForgetfulTextarea(forms.Textarea):
    """A text that is sent and never shown again, as Django's own field for passwords has it."""

    def format_value(self, _value: object) -> None:
        """Return nothing, whatever was sent."""


class TokenForm(forms.Form):
    """A token, and the event for which it would be sent: its template names the audience."""

    instance = forms.CharField(max_length=63, help_text="Whose identity the token has to be.")
    hub = forms.CharField(max_length=128, initial="chat")
    category = forms.ChoiceField(
        choices=[("messages", "messages"), ("connections", "connections")], initial="messages"
    )
    event = forms.CharField(
        max_length=256, initial="*", help_text="A * is an event that no template names."
    )
    token = forms.CharField(
        label="Access token",
        # With room for the word Bearer, which is often copied along.
        max_length=MAX_TOKEN_CHARACTERS + 16,
        widget=ForgetfulTextarea({"rows": 6, **_SECRETIVE}),
        help_text="Checked and forgotten: it is not logged, not kept and not shown again.",
    )

    def clean_instance(self) -> str:
        """Return the name as the instance has it."""
        asked: str = self.cleaned_data["instance"]
        found = SignalRInstance.objects.named(asked).values_list("name", flat=True).first()
        if found is None:
            raise forms.ValidationError("There is no instance of this name.")
        return found


@method_decorator(sensitive_post_parameters("token"), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class TokenInspectorPage(PortalPage):
    """Asks for a token; a POST shows what the receiver would say to it, and changes nothing."""

    title = "Token inspector"
    template_name = "portal/token_inspector.html"
    permission_to_change: ClassVar[str] = "identities.view_signalrinstance"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; `?instance=` fills in a name."""
        named = request.GET.get("instance", "")
        return self._page(TokenForm(initial={"instance": named}, label_suffix=""))

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Show the checks, below a form that has everything but the token."""
        form = TokenForm(request.POST, label_suffix="")
        verdict = None
        if form.is_valid():
            try:
                verdict = inspect_token(**form.cleaned_data)
            except UnknownInstance:
                form.add_error("instance", "Signalman receives nothing for this instance.")
        return self._page(form, verdict=verdict)

    def _page(self, form: TokenForm, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **context))
