"""Results of probes are stored, and count until settings change or they are old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.chain.instance_chain import read_chain
from diagnosis.findings import Finding
from diagnosis.models import EndpointProbe
from diagnosis.probe.stored_results import ProbeResult, store_results
from identities.models import SignalRInstance
from tests.diagnosis.probe.server import REFERENCE, Server, answers
from tests.diagnosis.test_checklist import finding
from upstreams.models import DeliveryCount, FunctionApp, UpstreamTemplate


def stored(instance: SignalRInstance, **template: Any) -> Finding:
    """Return the finding on the one template's endpoint of a diagnosis that sends nothing."""
    UpstreamTemplate.objects.update(**template)
    return finding(instance, "templates[0].answers")


@pytest.fixture
def probed(instance: SignalRInstance, server: Server) -> SignalRInstance:
    """An instance whose one template's endpoint was probed."""
    UpstreamTemplate.objects.update(url_template=f"{server.url}/?code=clear-text-key")
    SignalRInstance.objects.update(observed=None)
    assert answers("--probe")["outcome"] == "pass"
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


@pytest.mark.django_db
def test_result_is_kept_with_its_age(probed: SignalRInstance, server: Server) -> None:
    EndpointProbe.objects.update(probed_at=timezone.now() - timedelta(hours=3, minutes=10))
    found = stored(probed)
    assert found.outcome == "pass"
    assert "401" in found.evidence
    assert "UTC, 3 hours ago." in found.evidence
    assert len(server.came) == 1
    (row,) = EndpointProbe.objects.values()
    assert "clear-text-key" not in str(row)
    chain = read_chain(probed)
    facts = [fact for each in chain.links for fact in each.facts if fact.name == "Probe"]
    assert [fact.value for fact in facts] == ["401, 3 hours ago"]


@pytest.mark.django_db
def test_failure_is_kept_until_the_next_probe(probed: SignalRInstance, server: Server) -> None:
    server.status = 200
    assert answers("--probe")["outcome"] == "fail"
    assert stored(probed).outcome == "fail"
    server.status = 401
    assert answers("--probe")["outcome"] == "pass"
    assert stored(probed).outcome == "pass"
    assert EndpointProbe.objects.count() == 1


@pytest.mark.django_db
def test_error_is_kept_by_its_name(probed: SignalRInstance, server: Server) -> None:
    UpstreamTemplate.objects.update(url_template=server.url.replace("http:", "https:"))
    assert "SSLError" in answers("--probe")["evidence"]
    assert (stored(probed).outcome, "SSLError" in stored(probed).evidence) == ("fail", True)
    chain = read_chain(SignalRInstance.objects.get(pk=probed.pk))
    facts = [fact for each in chain.links for fact in each.facts]
    assert [fact.value for fact in facts if fact.name == "Probe"] == ["TLS failed, 0 minutes ago"]


@pytest.mark.django_db
def test_result_of_long_ago_does_not_count(probed: SignalRInstance) -> None:
    EndpointProbe.objects.update(probed_at=timezone.now() - timedelta(hours=25))
    found = stored(probed)
    assert (found.outcome, "too long ago" in found.evidence) == ("unknown", True)
    assert "--probe" in found.fix


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"auth_type": "None", "resource": ""}, {"resource": "api://another"}]
)
def test_result_of_other_settings_does_not_count(
    probed: SignalRInstance, change: dict[str, str]
) -> None:
    found = stored(probed, **change)
    assert (found.outcome, "have changed since" in found.evidence) == ("unknown", True)


@pytest.mark.django_db
def test_another_url_was_not_probed(probed: SignalRInstance, server: Server) -> None:
    assert "not probed" in stored(probed, url_template=f"{server.url}/other").evidence


@pytest.mark.django_db
def test_result_does_not_outlive_the_settings_of_the_app(
    instance: SignalRInstance, server: Server
) -> None:
    UpstreamTemplate.objects.update(url_template=server.url)
    SignalRInstance.objects.update(observed=None)
    app = FunctionApp.objects.create(
        subscription=instance.subscription,
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/local",
        host_name="localhost",
        observed={"version": "v2"},
    )
    assert answers("--probe")["outcome"] == "pass"
    assert stored(instance).outcome == "pass"
    app.observed = {"version": "v2", "excluded_paths": ["/*"]}
    app.save()
    assert stored(instance).outcome == "unknown"


@pytest.mark.django_db
def test_later_deliveries_supersede_a_failed_probe(probed: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(url_template="https://portal.example/upstream/chat-prod/")
    (template,) = SignalRInstance.objects.get(pk=probed.pk).upstream_templates.all()
    for hours, outcome in ((2, "pass"), (0, "fail")):
        at = timezone.now() - timedelta(hours=hours)
        store_results(probed, {template.state: ProbeResult(500)}, {}, at)
        assert stored(probed).outcome == "fail"
        DeliveryCount.objects.create(
            instance=probed, minute=timezone.now(), outcome="accepted", count=1
        )
        # A probe within the hour may be later than these deliveries.
        assert stored(probed).outcome == outcome
        DeliveryCount.objects.all().delete()


@pytest.mark.django_db
def test_what_is_no_longer_probed_is_deleted(probed: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(url_template=f"https://portal.example/?code={REFERENCE}")
    answers("--probe")
    assert not EndpointProbe.objects.filter(instance=probed).exists()
