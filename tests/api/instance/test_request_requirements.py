"""Request requirements of the receiver: switches can be read, URL secrets cannot."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from api.models import IdempotentAnswer
from sync.models import AuditEvent
from tests.accounts.callers import caller
from tests.api.fleet import instance
from upstreams.models import RequestRequirements

pytestmark = pytest.mark.django_db

RECEIVER = "/api/v1/instances/contoso-a/receiver/"
SECRET = "correct-horse-battery"
OTHER = "another-horse-battery"
OFF = {"signature": False, "url_secret": False, "url_secret_parameter": "code"}


@pytest.fixture
def operator() -> APIClient:
    instance()
    return caller(Role.OPERATOR)


def put(client: APIClient, **switches: Any) -> Any:
    tag = client.get(RECEIVER)["ETag"]
    return client.put(RECEIVER, OFF | switches, format="json", headers={"If-Match": tag})


def accept(client: APIClient, secret: str, **options: Any) -> Any:
    return client.post(f"{RECEIVER}secret/", {"secret": secret, **options}, format="json")


def test_requires_nothing_by_default(operator: APIClient) -> None:
    nothing = OFF | {"url_secrets_accepted": 0, "url_secret_set_at": None}
    assert operator.get(RECEIVER).json() == nothing


def test_requiring_a_signature_is_audited(operator: APIClient) -> None:
    assert put(operator, signature=True).json()["signature"] is True
    assert RequestRequirements.objects.get().signature
    assert AuditEvent.objects.get().who == "one-of-operators"


def test_requires_a_secret_only_once_one_is_set(operator: APIClient) -> None:
    answer = put(operator, url_secret=True)
    assert answer.status_code == 400
    assert "No secret is set" in str(answer.json()["errors"])
    accept(operator, SECRET)
    assert put(operator, url_secret=True).json()["url_secret"] is True


def test_accepts_a_second_secret_unless_it_replaces_the_first(
    operator: APIClient,
) -> None:
    assert accept(operator, SECRET).json()["url_secrets_accepted"] == 1
    assert accept(operator, SECRET).json()["url_secrets_accepted"] == 1
    assert accept(operator, OTHER).json()["url_secrets_accepted"] == 2
    assert accept(operator, SECRET, only=True).json()["url_secrets_accepted"] == 1


def test_deletes_all_secrets(operator: APIClient) -> None:
    accept(operator, SECRET)
    put(operator, url_secret=True)
    answer = operator.delete(f"{RECEIVER}secret/").json()
    assert (answer["url_secret"], answer["url_secrets_accepted"]) == (False, 0)


@pytest.mark.parametrize("secret", ["short", "x" * 1025, 5, None])
def test_refuses_invalid_secrets(operator: APIClient, secret: Any) -> None:
    answer = accept(operator, secret)
    assert answer.status_code == 400
    assert "secret" in answer.json()["errors"]


def test_secret_is_in_no_response_log_or_row(
    operator: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = operator.post(
        f"{RECEIVER}secret/", {"secret": SECRET}, format="json", headers={"Idempotency-Key": "k"}
    )
    rows = [
        *RequestRequirements.objects.values(),
        *AuditEvent.objects.values(),
        *IdempotentAnswer.objects.values(),
    ]
    for text in (answer.content.decode(), operator.get(RECEIVER).content.decode(), caplog.text):
        assert SECRET not in text
    assert SECRET not in str(rows)


def test_secrets_cannot_be_read(operator: APIClient) -> None:
    assert operator.get(f"{RECEIVER}secret/").status_code == 405
