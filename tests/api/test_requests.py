"""Headers, URLs and bodies that are not well formed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from accounts.roles import Role
from api.conditional import entity_tag, require_match
from api.idempotency import once
from api.problems import Problem
from tests.accounts.callers import bearing, caller
from tests.api.routes import routes

DOCUMENT = {"a": 1}
TAG = entity_tag(DOCUMENT)


def matching(header: str) -> Problem | None:
    request = Request(APIRequestFactory().put("/", headers={"If-Match": header}))
    try:
        require_match(request, DOCUMENT)
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize("header", ["*", TAG, f'"other", {TAG}', f'{TAG},W/"x"'])
def test_accepts_matching_tag(header: str) -> None:
    assert matching(header) is None


@pytest.mark.parametrize(
    ("header", "status", "words"),
    [
        (f"W/{TAG}", 412, "weak"),
        ('"other"', 412, "changed after you read it"),
        ('W/"other"', 412, "changed after you read it"),
        (TAG.strip('"'), 400, "quotation marks"),
        ("", 400, "quotation marks"),
        (f"{TAG} {TAG}", 400, "quotation marks"),
    ],
)
def test_explains_tag_that_does_not_match(header: str, status: int, words: str) -> None:
    problem = matching(header)
    assert problem is not None
    assert problem.status == status
    assert words in problem.detail


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "post", "delete", "patch"])
def test_write_without_final_slash_is_not_redirected(method: str) -> None:
    answer = getattr(caller(Role.OPERATOR), method)("/api/v1/instances")
    assert answer.status_code == 404
    assert "/api/v1/instances/" in answer.json()["detail"]


@pytest.mark.django_db
def test_write_to_unknown_path_names_no_other() -> None:
    answer = caller(Role.OPERATOR).put("/api/v1/nothing")
    assert answer.status_code == 404
    assert "slash" not in answer.json()["detail"]


@pytest.mark.django_db
def test_read_without_final_slash_is_redirected() -> None:
    assert caller(Role.VIEWER).get("/api/v1/instances").status_code == 301


@pytest.mark.parametrize("key", ["", "k" * 129])
def test_refuses_idempotency_key_of_wrong_length(key: str) -> None:
    request = Request(APIRequestFactory().post("/", headers={"Idempotency-Key": key}))
    with pytest.raises(Problem, match="1 to 128 characters") as refused:
        once(request, lambda: Response({}))
    assert refused.value.status == 400


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["[" * 5_000 + "]" * 5_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_refuses_deep_json(body: str) -> None:
    client = caller(Role.OPERATOR)
    answer = client.post("/api/v1/apply/", body, content_type="application/json")
    assert answer.status_code == 400
    assert "nested too deep" in json.dumps(answer.json())


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["schema", "docs", "redoc"])
def test_refuses_options_of_public_pages(path: str) -> None:
    assert Client().options(f"/api/v1/{path}/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", sorted({route.address for route in routes()}))
def test_has_no_options(path: str) -> None:
    assert Client().options(path).status_code == 401
    assert caller(Role.OPERATOR).options(path).status_code == 405


def tries(settings: Settings, **meta: Any) -> int:
    settings.BEHIND_PROXY = True
    return bearing("smp_guessed").get("/api/v1/instances/", **meta).status_code


@pytest.mark.django_db
def test_limits_each_forwarded_address_separately(settings: Settings) -> None:
    settings.API = settings.API | {"REFUSALS_A_MINUTE": 2}
    # Refusals are counted by the minute of the clock, which must not end in between.
    with time_machine.travel(timezone.now(), tick=False):
        one = [tries(settings, HTTP_X_FORWARDED_FOR=f"192.0.2.10:4100{port}") for port in range(4)]
        assert one == [401, 401, 429, 429]
        assert tries(settings, HTTP_X_FORWARDED_FOR="192.0.2.11:41000") == 401
