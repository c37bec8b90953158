"""Set-ups of public reports, seeded into Local Azure, imported and diagnosed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance
from localazure import seed
from scripts import troubleshooting_page
from scripts.troubleshooting_page import NOTHING_TO_DO
from sync.inventory.import_subscription import import_subscription
from sync.inventory.key_vault.secrets import check_secrets
from tests.cases.case import INSTANCE, Case, cases, expectation
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_diagnosis_finds_the_reported_cause(
    case: Case, local_azure: LocalAzure, settings: Settings
) -> None:
    settings.SIGNALMAN_RECEIVER_HOSTS = case.receiver_hosts
    if case.sends:
        settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": INSTANCE}
    local_azure.seed(**case.seeded())
    import_subscription(seed.SUBSCRIPTION_ID)
    check_secrets()
    findings = diagnose(SignalRInstance.objects.with_desired().get(name=INSTANCE))
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.key, []).append(finding)
    for key, expected in case.expect.items():
        outcome, texts = expectation(expected)
        assert key in found, f"{key} is not among {sorted(found)}"
        assert {each.outcome for each in found[key]} == {outcome}, found[key]
        said = " ".join(f"{each.evidence} {each.fix}" for each in found[key])
        assert all(text in said for text in texts), said
    failed = [each for each in findings if each.outcome == "fail"]
    assert bool(failed) == case.is_failure, failed
    assert all(each.fix for each in failed)


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 40
    keys = {key for case in CASES for key in case.expect}
    for kind in ("service_mode", "webhook_key", "resource", "reachable", "key_vault", "receiver"):
        assert any(kind in key for key in keys), kind
    assert all(case.sources and case.symptom and case.cause and case.fix for case in CASES)


def test_troubleshooting_page_is_current() -> None:
    path = Path(__file__).parent.parent.parent / "docs" / "how-to" / "troubleshooting.md"
    assert path.read_text() == troubleshooting_page.page() + "\n"


def test_every_case_has_a_section() -> None:
    text = troubleshooting_page.page()
    assert all(case.title in text for case in CASES if case.fix.strip() != NOTHING_TO_DO)
