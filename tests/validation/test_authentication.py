"""The authentication class: what a view and a caller see of it."""

from __future__ import annotations

import logging
from typing import cast

import pytest
from django.http import HttpResponse
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tests.validation.hostile import hostile_tokens
from tests.validation.keys.rings import Clock, RealIssuer, at_once
from tests.validation.tokens import CLIENT, PRINCIPAL, STRICT, TENANT, token
from validation.authentication import (
    EntraAuthentication,
    EntraPrincipal,
    HeaderRefused,
    bearer_token,
)
from validation.errors import Reason
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.validator import Validator

CLOCK = Clock()
ISSUER = RealIssuer(CLOCK, "current")
VALIDATOR = Validator(lambda _: KeyRing(ISSUER, clock=CLOCK, start=at_once), clock=CLOCK)
UNREACHABLE = RealIssuer(CLOCK)
CUT_OFF = Validator(lambda _: KeyRing(UNREACHABLE, clock=CLOCK, start=at_once), clock=CLOCK)


class Authentication(EntraAuthentication):
    realm = "receiver"

    def policy_for(self, request: Request) -> TokenPolicy:
        return STRICT

    def validator(self) -> Validator:
        return VALIDATOR


class Optional(Authentication):
    is_optional = True


class CutOff(Authentication):
    def validator(self) -> Validator:
        return CUT_OFF


class View(APIView):
    authentication_classes = [Authentication]
    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        caller: EntraPrincipal = cast("EntraPrincipal", request.user)
        return Response(
            {
                "tenant": caller.tenant_id,
                "object": caller.object_id,
                "client": caller.client_id,
                "same": request.auth is caller.claims,
            }
        )


class OptionalView(View):
    authentication_classes = [Optional]
    permission_classes = [IsAuthenticated]


class CutOffView(View):
    authentication_classes = [CutOff]


def post(
    header: str | None, view: type[APIView] = View, path: str = "/upstream/chat"
) -> HttpResponse:
    headers = {} if header is None else {"HTTP_AUTHORIZATION": header}
    request = APIRequestFactory().post(path, {}, format="json", **headers)
    response = view.as_view()(request)
    response.render()
    return response


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_view_gets_principal(scheme: str) -> None:
    response = post(f"{scheme} {token()}")
    assert response.status_code == 200
    assert getattr(response, "data") == {  # noqa: B009
        "tenant": TENANT,
        "object": PRINCIPAL,
        "client": CLIENT,
        "same": True,
    }


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, 'Bearer realm="receiver"'),
        ("", 'Bearer realm="receiver"'),
        (f"Basic {token()}", 'Bearer realm="receiver"'),
        (token(), 'Bearer realm="receiver"'),
        ("Bearer", 'error="invalid_request"'),
        ("Bearer ", 'error="invalid_request"'),
        (f"Bearer {token()},Bearer {token()}", 'error="invalid_request"'),
        (f"Bearer {token()} {token()}", 'error="invalid_request"'),
        (f"Bearer {token()}\r\n", 'error="invalid_token"'),
        ("Bearer " + "A" * 300_000, 'error="invalid_request"'),
        (f"Bearer {token({'aud': 'api://other'})}", 'error="invalid_token"'),
    ],
)
def test_refusal_is_401_with_challenge(header: str | None, challenge: str) -> None:
    response = post(header)
    assert response.status_code == 401
    assert challenge in response["WWW-Authenticate"]


@pytest.mark.parametrize(
    "compact", [pytest.param(compact, id=name) for name, _, compact in hostile_tokens()]
)
def test_hostile_token_never_reaches_view(compact: str) -> None:
    response = post(f"Bearer {compact}")
    assert response.status_code == 401
    assert "error=" in response["WWW-Authenticate"]
    assert set(getattr(response, "data")) == {"detail"}  # noqa: B009


def test_accepts_two_spaces_after_bearer() -> None:
    assert post(f"Bearer  {token()}").status_code == 200


def test_challenge_has_reason_only() -> None:
    response = post(f"Bearer {token({'aud': 'api://secret-audience'})}")
    assert response["WWW-Authenticate"] == (
        'Bearer realm="receiver", error="invalid_token", '
        'error_description="The token\'s claims do not match the required values."'
    )
    assert b"secret-audience" not in response.content
    assert STRICT.audiences.isdisjoint(response.content.decode().split('"'))


def test_log_has_check_reason_and_tenant(
    caplog: pytest.LogCaptureFixture,
) -> None:
    compact = token({"oid": CLIENT})
    with caplog.at_level(logging.WARNING, "validation"):
        post(f"Bearer {compact}")
    (record,) = caplog.records
    for part in ("'principal'", "wrong_principal", TENANT, CLIENT, "/upstream/chat"):
        assert part in record.getMessage()
    assert not any(part in caplog.text for part in compact.split("."))


def test_path_cannot_forge_log_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "validation"):
        post("Bearer nonsense", path="/upstream/chat%0AWARNING all is well")
    (record,) = caplog.records
    assert "\n" not in record.getMessage()


def test_logs_header_without_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "validation"):
        post("Basic c2VjcmV0")
    assert "wrong_scheme" in caplog.text
    assert "c2VjcmV0" not in caplog.text


def test_optional_authentication_passes_on_request() -> None:
    assert post(None, OptionalView).status_code == 401
    assert post("Basic abc", OptionalView).status_code == 401
    assert post(f"Bearer {token()}", OptionalView).status_code == 200


def test_optional_authentication_refuses_wrong_token() -> None:
    response = post("Bearer nonsense", OptionalView)
    assert "invalid_token" in response["WWW-Authenticate"]


def test_answers_503_without_keys() -> None:
    UNREACHABLE.is_down = True
    response = post(f"Bearer {token()}", CutOffView)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0


def test_reads_token_from_header() -> None:
    assert bearer_token("Bearer a.b.c") == "a.b.c"


@pytest.mark.parametrize("header", ["Bearer a.b.c, Bearer d.e.f", "Bearer a.b.c,d.e.f"])
def test_refuses_joined_headers(header: str) -> None:
    with pytest.raises(HeaderRefused) as refused:
        bearer_token(header)
    assert refused.value.reason is Reason.AUTHORIZATION_MALFORMED
