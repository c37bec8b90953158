"""The form of the receiver's URL secret."""

from __future__ import annotations

from django import forms

from upstreams.receiver.authentication.url_secrets import LONGEST, SHORTEST


class UrlSecretForm(forms.Form):
    """What the receiver demands in the address of a request. A secret is never shown again."""

    secret = forms.CharField(
        label="New secret",
        required=False,
        strip=False,
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Only a digest of it is kept. The one before stays accepted beside it.",
    )
    parameter = forms.CharField(
        label="Parameter of the query",
        required=False,
        max_length=64,
        help_text="Empty: a segment of the path.",
    )
    is_demanded = forms.BooleanField(label="Refuse requests without it", required=False)
