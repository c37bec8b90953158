"""The receiver's authentication class by itself, as any view of Django REST framework uses it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import Tokens
from tests.upstreams.receiver.requests import headers
from upstreams.receiver.authentication.token import InstanceAuthentication
from validation.authentication import TokenRefused


def request(bearer: str) -> Request:
    found: dict[str, Any] = {**headers(), "HTTP_AUTHORIZATION": f"Bearer {bearer}"}
    found.pop("CONTENT_TYPE")
    return Request(RequestFactory().post(f"/upstream/{seed.CHAT}/", **found))


def test_finds_policy_of_instance(chat: SignalRInstance, token: Tokens) -> None:
    found = InstanceAuthentication().authenticate(request(token()))
    assert found is not None
    assert found[0].object_id == seed.CHAT_PRINCIPAL_ID
    with pytest.raises(TokenRefused) as refused:
        InstanceAuthentication().authenticate(request(token(principal=seed.ORDERS)))
    assert refused.value.get_codes() == "claims_mismatch"
