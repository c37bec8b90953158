"""Key Vault references inside URL templates, read without asking a vault.

Syntax: `{@Microsoft.KeyVault(SecretUri=<secret identity>)}`, where the identity is a secret's full
data-plane address, its version optional. Source: Azure SignalR Service, "Upstream endpoints", Key
Vault secret reference in URL template settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# What every reference begins with, well written or not.
OPENING: Final = "{@"
_REFERENCE: Final = re.compile(r"\{@Microsoft\.KeyVault\(SecretUri=(?P<uri>[^(){}\s]+)\)\}")
# A vault's name has 3 to 24 letters, digits and single hyphens. What follows differs by cloud:
# vault.azure.net, vault.azure.cn, vault.usgovcloudapi.net.
_SECRET_URI: Final = re.compile(
    r"https://(?P<vault>(?=[a-z0-9-]{3,24}\.)[a-z](?:-?[a-z0-9])+)\.vault\.[a-z0-9.-]+(?::\d{1,5})?"
    r"/secrets/(?P<name>[a-z0-9-]{1,127})/?(?P<version>[a-f0-9]{32})?/?",
    re.IGNORECASE,
)


class ReferenceProblem(ValueError):
    """A Key Vault reference is not written as Azure reads it; the message says how it should be."""


@dataclass(frozen=True, slots=True)
class KeyVaultReference:
    """One secret that a URL template takes from a vault. `version` is None for the newest."""

    text: str
    secret_uri: str
    vault: str
    secret: str
    version: str | None


def split(url_template: str) -> list[str | KeyVaultReference]:
    """Return the template's plain texts and references in order; joined by `text` they are equal.

    Raises ReferenceProblem for the first reference that Azure could not resolve.
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
    """Return the template's references, none where one of them is not written as Azure reads it."""
    try:
        return references(url_template)
    except ReferenceProblem:
        return ()


def _plain(text: str) -> list[str | KeyVaultReference]:
    if OPENING in text:
        raise ReferenceProblem(
            "A Key Vault reference is written "
            "{@Microsoft.KeyVault(SecretUri=https://<vault>.vault.azure.net/secrets/<name>)}."
        )
    return [text] if text else []


def _reference(match: re.Match[str]) -> KeyVaultReference:
    uri = _SECRET_URI.fullmatch(match["uri"])
    if uri is None:
        raise ReferenceProblem(
            f"{match['uri']!r} is not a secret's address: write "
            "https://<vault>.vault.azure.net/secrets/<name>, with its version or without."
        )
    return KeyVaultReference(
        text=match[0],
        secret_uri=match["uri"],
        vault=uri["vault"].lower(),
        secret=uri["name"],
        version=uri["version"],
    )
