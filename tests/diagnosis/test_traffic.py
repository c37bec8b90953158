"""Recent traffic shows wrong settings, and unauthenticated senders cannot cause a failure."""

from __future__ import annotations

import pytest
from django.utils import timezone

from diagnosis.findings import Finding
from diagnosis.reason_codes import Cause, cause_of, explain
from identities.models import SignalRInstance
from tests.diagnosis.test_checklist import finding, run_command
from tests.diagnosis.test_checklist import instance as instance  # noqa: PLC0414  # a fixture
from upstreams.models import DeliveryCount, Outcome
from validation.errors import Reason

pytestmark = pytest.mark.django_db

KEY = "deliveries_accepted"


def accept(instance: SignalRInstance, number: int) -> None:
    """Count deliveries that were accepted a moment ago."""
    count(instance, Outcome.ACCEPTED, number)


def refuse(instance: SignalRInstance, reason: str, number: int = 1) -> None:
    """Count deliveries that were refused a moment ago."""
    count(instance, Outcome.REFUSED, number, reason)


def count(instance: SignalRInstance, outcome: Outcome, number: int, reason: str = "") -> None:
    DeliveryCount.objects.create(
        instance=instance, minute=timezone.now(), outcome=outcome, reason=reason, count=number
    )


def found(instance: SignalRInstance) -> Finding:
    return finding(instance, KEY)


def test_unknown_without_traffic(instance: SignalRInstance) -> None:
    assert (found(instance).outcome, found(instance).evidence) == (
        "unknown",
        "There were no deliveries in the last hour.",
    )


@pytest.mark.parametrize(
    "reason",
    [
        *("authorization_missing", "wrong_scheme", "authorization_malformed", "not_three_parts"),
        *("key_id_unknown", "bad_signature", "header_missing", "unknown_instance", "of_tomorrow"),
    ],
)
def test_unauthenticated_requests_are_evidence_only(instance: SignalRInstance, reason: str) -> None:
    accept(instance, 1)
    refuse(instance, reason, 50_000)
    assert found(instance).outcome == "pass"
    assert f"50000 for {reason}" in found(instance).evidence


def test_one_request_without_a_token_fails_nothing(instance: SignalRInstance) -> None:
    accept(instance, 50_000)
    refuse(instance, "authorization_missing")
    assert run_command("chat-prod")[1] == 0


def test_a_probe_and_nothing_else_fails_nothing(instance: SignalRInstance) -> None:
    refuse(instance, "authorization_missing")
    assert found(instance).outcome == "unknown"
    assert run_command("chat-prod")[1] == 0


def test_unauthenticated_requests_hide_no_failure(instance: SignalRInstance) -> None:
    accept(instance, 5)
    refuse(instance, "wrong_principal", 5)
    for reason in ("authorization_missing", "expired", "key_id_unknown"):
        refuse(instance, reason, 50_000)
    assert found(instance).outcome == "fail"


@pytest.mark.parametrize(
    "reason", ["wrong_audience", "no_audience_accepted", "wrong_principal", "path_disagrees"]
)
def test_the_service_refused_is_a_failure(instance: SignalRInstance, reason: str) -> None:
    accept(instance, 50)
    refuse(instance, reason)
    assert (found(instance).outcome, found(instance).fix) == ("fail", explain(reason).fix)
    assert "More than 1 in 100" in found(instance).evidence


def test_a_few_of_many_are_no_failure(instance: SignalRInstance) -> None:
    accept(instance, 99)
    refuse(instance, "wrong_principal")
    assert found(instance).outcome == "pass"
    assert "1 for wrong_principal" in found(instance).evidence


def test_the_most_frequent_failure_comes_first(instance: SignalRInstance) -> None:
    for reason, number in [("wrong_principal", 3), ("wrong_audience", 7), ("wrong_scheme", 99)]:
        refuse(instance, reason, number)
    assert found(instance).fix == explain("wrong_audience").fix
    listed = "99 for wrong_scheme, 7 for wrong_audience, 3 for wrong_principal"
    assert listed in found(instance).evidence


@pytest.mark.parametrize("reason", ["wrong_issuer", "expired", "wrong_version", "no_handler"])
@pytest.mark.parametrize("accepted", [0, 50])
def test_what_can_be_made_up_is_named_with_its_remedy(
    instance: SignalRInstance, reason: str, accepted: int
) -> None:
    accept(instance, accepted)
    refuse(instance, reason, 50)
    assert found(instance).outcome == "unknown"
    assert explain(reason).fix in found(instance).fix


def test_what_handlers_fail_at_is_counted(instance: SignalRInstance) -> None:
    count(instance, Outcome.FAILED, 7, "handler_error")
    assert "0 accepted in the last hour. Failed: 7 for handler_error." in found(instance).evidence
    assert (found(instance).outcome, found(instance).fix) == (
        "fail",
        explain("handler_error").fix,
    )


def test_hub_error_is_not_a_failure(instance: SignalRInstance) -> None:
    count(instance, Outcome.FAILED, 7, "hub_error")
    assert found(instance).outcome == "pass"
    assert "7 for hub_error" in found(instance).evidence


# `validation.checks.sequence` looks at all of these before the signature.
@pytest.mark.parametrize(
    "reason",
    [
        *(Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.ISSUED_IN_THE_FUTURE),
        *(Reason.WRONG_ISSUER, Reason.WRONG_TENANT, Reason.WRONG_VERSION, Reason.MISSING_CLAIM),
        *(Reason.LIFETIME_TOO_LONG, Reason.KEY_ID_UNKNOWN, Reason.BAD_SIGNATURE),
    ],
)
def test_a_forged_token_proves_nothing(reason: Reason) -> None:
    assert cause_of(reason) is not Cause.OURS
