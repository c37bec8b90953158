"""Key Vault references, read from URL templates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.url_templates.key_vault_references import (
    KeyVaultReference,
    ReferenceProblem,
    references,
    split,
)

NEWEST = "{@Microsoft.KeyVault(SecretUri=https://myvault.vault.azure.net/secrets/mysecret/)}"
VERSION = "ec96f02080254f109c51a1f14cdb1931"


def test_parses_documented_example() -> None:
    url = f"https://contoso.azurewebsites.net/runtime/webhooks/signalr?code={NEWEST}"
    assert references(url) == (
        KeyVaultReference(
            text=NEWEST,
            secret_uri="https://myvault.vault.azure.net/secrets/mysecret/",
            vault="myvault",
            secret="mysecret",
            version=None,
        ),
    )


def test_parses_version() -> None:
    url = f"{{@Microsoft.KeyVault(SecretUri=https://v-1.vault.azure.cn/secrets/s/{VERSION})}}"
    assert references(url)[0].version == VERSION


def test_keeps_order_of_references() -> None:
    second = NEWEST.replace("mysecret", "other")
    assert [one.secret for one in references(f"{NEWEST}/{second}")] == ["mysecret", "other"]


@pytest.mark.parametrize(
    "uri",
    [
        "http://myvault.vault.azure.net/secrets/mysecret",
        "https://myvault.vault.azure.net/keys/mykey",
        "https://myvault.vault.azure.net/secrets/",
        "https://example.com/secrets/mysecret",
        "https://myvault.vault.azure.net/secrets/my_secret",
        "https://myvault.vault.azure.net/secrets/mysecret/short",
    ],
)
def test_refuses_url_that_is_no_secret(uri: str) -> None:
    with pytest.raises(ReferenceProblem, match="is not the URL of a secret"):
        references(f"https://a/?code={{@Microsoft.KeyVault(SecretUri={uri})}}")


@pytest.mark.parametrize(
    "text",
    [
        "{@Microsoft.KeyVault(https://myvault.vault.azure.net/secrets/mysecret)}",
        "{@Microsoft.KeyVault(SecretUri=https://myvault.vault.azure.net/secrets/mysecret)",
        "{@microsoft.keyvault(SecretUri=https://myvault.vault.azure.net/secrets/mysecret)}",
        "{@Microsoft.KeyVault(VaultName=myvault;SecretName=mysecret)}",
        "{@other}",
    ],
)
def test_refuses_malformed_reference(text: str) -> None:
    with pytest.raises(ReferenceProblem, match="has the form"):
        references("https://a/" + text)


@given(st.lists(st.one_of(st.just(NEWEST), st.text("ab/{}hub:?"))))
def test_parts_join_to_the_template(parts: list[str]) -> None:
    url = "".join(parts)
    again = (part if isinstance(part, str) else part.text for part in split(url))
    assert "".join(again) == url
