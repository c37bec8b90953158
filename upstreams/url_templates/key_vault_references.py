"""Key Vault references in URL templates, parsed without access to a vault.

Syntax: `{@Microsoft.KeyVault(SecretUri=<secret identity>)}`, where the identity is a secret's full
data-plane URL, with or without a version. Source: Azure SignalR Service, "Upstream endpoints", Key
Vault secret reference in URL template settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# The start of every reference, valid or not.
OPENING: Final = "{@"
# App Service writes references without braces; Azure SignalR Service takes that for plain text.
_WITHOUT_BRACE: Final = re.compile(r"@Microsoft\.KeyVault\(", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"\{@Microsoft\.KeyVault\(SecretUri=(?P<uri>[^(){}\s]+)\)\}")
# A vault's name has 3 to 24 letters, digits and single hyphens. The suffix depends on the cloud:
# vault.azure.net, vault.azure.cn, vault.usgovcloudapi.net.
_SECRET_URI: Final = re.compile(
    r"https://(?P<vault>(?=[a-z0-9-]{3,24}\.)[a-z](?:-?[a-z0-9])+)\.vault\.[a-z0-9.-]+(?::\d{1,5})?"
    r"/secrets/(?P<name>[a-z0-9-]{1,127})/?(?P<version>[a-f0-9]{32})?/?",
    re.IGNORECASE,
)


class ReferenceProblem(ValueError):
    """A Key Vault reference is invalid; the message shows the valid form."""


@dataclass(frozen=True, slots=True)
class KeyVaultReference:
    """A reference to one secret. `version` is None for the current version."""

    text: str
    secret_uri: str
    vault: str
    secret: str
    version: str | None


def split(url_template: str) -> list[str | KeyVaultReference]:
    """Return the template's plain texts and references, in order.

    Raises ReferenceProblem for the first reference that Azure cannot resolve.
    """
    parts: list[str | KeyVaultReference] = []
    position = 0
    for match in _REFERENCE.finditer(url_template):
        parts += _plain(url_template[position : match.start()])
        parts.append(_reference(match))
        position = match.end()
    return parts + _plain(url_template[position:])


def references(url_template: str) -> tuple[KeyVaultReference, ...]:
    """Return the template's references, in order. Raises ReferenceProblem."""
    return tuple(part for part in split(url_template) if isinstance(part, KeyVaultReference))


def readable_references(url_template: str) -> tuple[KeyVaultReference, ...]:
    """Return the template's references, or none where one of them is invalid."""
    if OPENING not in url_template:
        return ()
    try:
        return references(url_template)
    except ReferenceProblem:
        return ()


def _plain(text: str) -> list[str | KeyVaultReference]:
    if OPENING in text or _WITHOUT_BRACE.search(text):
        raise ReferenceProblem(
            "A Key Vault reference has the form "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}."
        )
    return [text] if text else []


def _reference(match: re.Match[str]) -> KeyVaultReference:
    uri = _SECRET_URI.fullmatch(match["uri"])
    if uri is None:
        raise ReferenceProblem(
            f"{match['uri']!r} is not the URL of a secret: use "
            "https://<vault>.vault.azure.net/secrets/<name>, with or without a version."
        )
    return KeyVaultReference(
        text=match[0],
        secret_uri=match["uri"],
        vault=uri["vault"].lower(),
        secret=uri["name"],
        version=uri["version"],
    )
