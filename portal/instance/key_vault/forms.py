"""The form of the receiver's URL secret."""

from __future__ import annotations

from django import forms

from upstreams.receiver.authentication.url_secrets import LONGEST, SHORTEST


class UrlSecretForm(forms.Form):
    """Whether the receiver requires a secret in the URL. A stored secret is never shown."""

    secret = forms.CharField(
        label="New secret",
        required=False,
        strip=False,
        min_length=SHORTEST,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Only a digest is stored. The previous secret stays valid as well.",
    )
    parameter = forms.CharField(
        label="Query parameter",
        required=False,
        max_length=64,
        help_text="Leave empty to expect the secret as a path segment.",
    )
    is_required = forms.BooleanField(label="Refuse requests without the secret", required=False)
