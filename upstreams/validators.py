"""Form and model validators of upstream templates."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from upstreams.url_templates.key_vault_references import KeyVaultReference, ReferenceProblem, split
from upstreams.url_templates.patterns import ANY, PLACEHOLDERS

_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")


def validate_pattern(value: str) -> None:
    """Raise ValidationError unless `value` is `*`, one name, or a comma list of names."""
    names = [name.strip() for name in value.split(",")]
    if not all(names):
        raise ValidationError(
            "Enter '*', a name, or names separated by commas; no name may be empty.",
            code="pattern_empty_name",
        )
    if not all(name.isprintable() for name in names):
        raise ValidationError(
            "A pattern must not contain control characters.", code="pattern_control"
        )
    if any(ANY in name for name in names if name != ANY):
        raise ValidationError(
            "Use '*' by itself: Azure SignalR Service has no prefixes and no other wildcards.",
            code="pattern_wildcard",
        )


def validate_url_template(value: str) -> None:
    """Raise ValidationError unless `value` becomes an absolute http or https URL."""
    try:
        parts = split(value)
    except ReferenceProblem as problem:
        raise ValidationError(str(problem), code="reference") from problem
    text = "".join(part for part in parts if isinstance(part, str))
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder not in PLACEHOLDERS:
            raise ValidationError(
                "%(placeholder)s is not a placeholder: use {hub}, {category} or {event}, in lower "
                "case.",
                code="placeholder",
                params={"placeholder": placeholder},
            )
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        raise ValidationError(
            "A brace is not closed or not opened: a Key Vault reference has the form "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}.",
            code="brace",
        )
    # A template may start with a reference; then the secret holds the scheme and the host.
    if not isinstance(parts[0] if parts else "", KeyVaultReference):
        _validate_address(_PLACEHOLDER.sub("x", text))


def _validate_address(address: str) -> None:
    if any(character.isspace() or not character.isprintable() for character in address):
        raise ValidationError("A URL must not contain spaces.", code="url_space")
    try:
        parts = urlsplit(address)
        is_absolute = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_absolute = False
    if not is_absolute:
        raise ValidationError(
            "Enter an absolute URL: http:// or https://, then the host.", code="url_absolute"
        )
