"""The whole of validation against Local Azure's Entra: discovery and keys over real TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from localazure import seed
from tests.cloud import LocalAzure
from validation import configuration
from validation.policy import TokenPolicy
from validation.verdict import Verdict

V2_ISSUER = "{authority}/{{tenant_id}}/v2.0"


@pytest.fixture(autouse=True)
def no_shared_keys() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def policy(local_azure: LocalAzure, settings: Settings) -> TokenPolicy:
    settings.VALIDATION = settings.VALIDATION | {
        "TENANT_ID": seed.TENANT_ID,
        "AUDIENCES": [seed.UPSTREAM_APP_URI],
        "PRINCIPAL_IDS": [seed.CHAT_PRINCIPAL_ID],
    }
    return configuration.policy()


def minted(cloud: LocalAzure, **order: Any) -> str:
    asked = {"resource": seed.UPSTREAM_APP_URI, "principal": seed.CHAT} | order
    token: str = cloud.post("/_local/tokens", asked)["token"]
    return token


def judge(token: str, policy: TokenPolicy) -> Verdict:
    return configuration.validator().verdict(token, policy)


def test_accepts_token_of_instance(local_azure: LocalAzure, policy: TokenPolicy) -> None:
    verdict = judge(minted(local_azure), policy)
    assert verdict.is_accepted, verdict.failed
    assert dict(verdict.claims or {}).get("oid") == seed.CHAT_PRINCIPAL_ID


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"claims": {"exp": 1_700_000_000, "nbf": 1_699_990_000}}, "expired"),
        ({"key": "none"}, "algorithm_not_allowed"),
        ({"key": "hs256-public-key"}, "algorithm_not_allowed"),
        ({"key": "unknown"}, "key_id_unknown"),
        ({"tenant": seed.OTHER_TENANT_ID}, "wrong_issuer"),
        ({"resource": "https://management.azure.com/"}, "wrong_audience"),
        ({"principal": seed.ORDERS}, "wrong_principal"),
    ],
)
def test_refuses_wrong_token_with_its_reason(
    local_azure: LocalAzure, policy: TokenPolicy, order: dict[str, Any], reason: str
) -> None:
    assert judge(minted(local_azure, **order), policy).reason == reason


def test_key_rotation_loses_no_request(local_azure: LocalAzure, policy: TokenPolicy) -> None:
    old = minted(local_azure)
    assert judge(old, policy).is_accepted
    local_azure.post("/_local/keys/rotate")
    assert judge(minted(local_azure), policy).is_accepted
    assert judge(old, policy).is_accepted


def test_warm_validator_sends_no_request(local_azure: LocalAzure, policy: TokenPolicy) -> None:
    token = minted(local_azure)
    assert judge(token, policy).is_accepted
    local_azure.delete("/_local/requests")
    assert all(judge(token, policy).is_accepted for _ in range(20))
    assert not local_azure.requests("GET")


def test_flood_of_forged_key_ids_reads_keys_once(
    local_azure: LocalAzure, policy: TokenPolicy
) -> None:
    assert judge(minted(local_azure), policy).is_accepted
    local_azure.delete("/_local/requests")
    forged = [minted(local_azure, key="unknown", header={"kid": f"k{n}"}) for n in range(20)]
    assert {judge(token, policy).reason for token in forged} == {"key_id_unknown"}
    asked = [entry["path"] for entry in local_azure.requests("GET")]
    assert len(asked) == 2
    assert {path.rsplit("/", 1)[-1] for path in asked} == {"openid-configuration", "keys"}


def test_accepts_v2_tokens_of_v2_issuer(
    local_azure: LocalAzure, settings: Settings, policy: TokenPolicy
) -> None:
    issuer = V2_ISSUER.format(authority=local_azure.url)
    settings.VALIDATION = settings.VALIDATION | {"ISSUER": issuer}
    v2 = {
        "iss": issuer.format(tenant_id=seed.TENANT_ID),
        "ver": "2.0",
    }
    assert judge(minted(local_azure, claims=v2), configuration.policy()).is_accepted
    assert judge(minted(local_azure), configuration.policy()).reason == "wrong_issuer"


def test_refuses_keys_of_another_authority(
    local_azure: LocalAzure, settings: Settings, policy: TokenPolicy
) -> None:
    """The document of the tenant must name the issuer that the policy requires."""
    issuer = "https://sts.chinacloudapi.cn/{tenant_id}/"
    settings.VALIDATION = settings.VALIDATION | {"ISSUER": issuer}
    claims = {"iss": issuer.format(tenant_id=seed.TENANT_ID)}
    verdict = judge(minted(local_azure, claims=claims), configuration.policy())
    assert verdict.reason == "keys_unavailable"
    assert verdict.failed is not None
    assert "another issuer" in verdict.failed.message
