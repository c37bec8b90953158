"""Whether the receiver accepts a template's tokens is compared, not assumed."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from diagnosis.findings import Finding
from identities.models import SignalRInstance
from tests.diagnosis.test_checklist import add_template, finding, observe
from tests.diagnosis.test_checklist import instance as instance  # noqa: PLC0414  # a fixture
from tests.registrations import register
from upstreams.models import TokenResource, UpstreamTemplate

pytestmark = pytest.mark.django_db

KEY = "templates[0].receiver"
CLIENT_ID = "cccccccc-0000-4000-8000-00000000000c"
V2_ISSUER = "https://login.microsoftonline.com/{tenant_id}/v2.0"


@pytest.fixture(autouse=True)
def _registered(instance: SignalRInstance) -> None:
    """Both resources name applications with v1 tokens."""
    register(instance, "api://chat", "api://other")


def found(instance: SignalRInstance, key: str = KEY, **fields: Any) -> Finding:
    """Return a finding on an instance whose one template has these fields, also in Azure."""
    UpstreamTemplate.objects.filter(instance=instance).delete()
    add_template(instance, **fields)
    observe(SignalRInstance.objects.get(pk=instance.pk))
    return finding(instance, key)


def test_pass_names_the_audience(instance: SignalRInstance) -> None:
    line = found(instance)
    assert (line.outcome, "api://chat" in line.evidence) == ("pass", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example/upstream/chat-prod/",
        "https://PORTAL.example:8443/upstream/Chat-Prod/{category}/{event}?code=1",
        "https://portal.example/prefix/upstream/chat-prod/",
        "https://portal.example/a/{event}/upstream/chat-prod/",
    ],
)
def test_recognises_own_receiver(instance: SignalRInstance, url: str) -> None:
    assert found(instance, url_template=url).outcome == "pass"


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/upstream/chat-prod/",
        "https://{hub}.example/upstream/chat-prod/",
        "https://portal.example.other.example/upstream/chat-prod/",
        "https://portal.example:7071/upstream/chat-prod/",
        "https://other.example/upstream/other/",
        "https://portal.example@other.example/upstream/chat-prod/",
    ],
)
def test_other_host_is_unknown(instance: SignalRInstance, url: str) -> None:
    line = found(instance, url_template=url)
    assert line.outcome == "unknown"
    assert "not a host name of this receiver" in line.evidence
    assert "api://chat" in line.fix
    assert str(instance.identity.principal_id) in line.fix


def test_no_host_is_ours_without_the_setting(instance: SignalRInstance, settings: Settings) -> None:
    settings.SIGNALMAN_RECEIVER_HOSTS = []
    line = found(instance)
    assert (line.outcome, "SIGNALMAN_RECEIVER_HOSTS" in line.fix) == ("unknown", True)


@pytest.mark.parametrize("path", ["", "/", "/api", "/upstream", "/upstream/", "/my-upstream/x/"])
def test_other_path_of_the_portal_is_unknown(instance: SignalRInstance, path: str) -> None:
    line = found(instance, url_template=f"https://portal.example{path}")
    assert (line.outcome, "/upstream/chat-prod/" in line.fix) == ("unknown", True)
    assert "path of the URL is not that of the receiver" in line.evidence


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/upstream/other/", "instance other"),
        ("/prefix/upstream/other/", "instance other"),
        ("/upstream/{hub}/", "{hub}"),
        ("/upstream/chat-prod", "slash"),
    ],
)
def test_fails_for_receiver_of_other_instance(
    instance: SignalRInstance, path: str, said: str
) -> None:
    line = found(instance, url_template=f"https://portal.example{path}")
    assert (line.outcome, line.fix) == ("fail", "End the URL with /upstream/chat-prod/.")
    assert said in line.evidence


def test_hub_named_as_the_instance_reaches_it(instance: SignalRInstance) -> None:
    url = "https://portal.example/upstream/{hub}/"
    assert found(instance, url_template=url, hub_pattern="chat-prod").outcome == "pass"
    assert found(instance, url_template=url, hub_pattern="chat-prod, other").outcome == "fail"


def test_fails_for_requests_without_a_token(instance: SignalRInstance) -> None:
    line = found(instance, auth_type="None", resource="")
    assert (line.outcome, "carry no token" in line.evidence) == ("fail", True)


def test_fails_for_template_without_resource(instance: SignalRInstance) -> None:
    assert found(instance, resource="").outcome == "fail"


def test_template_that_no_event_reaches_is_unknown(instance: SignalRInstance) -> None:
    add_template(instance, hub_pattern="chat")
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, "templates[1].receiver").outcome == "unknown"


def test_checks_only_events_that_reach_the_template(instance: SignalRInstance) -> None:
    UpstreamTemplate.objects.update(hub_pattern="chat", resource="api://other")
    add_template(instance, hub_pattern="chat, game")
    observe(SignalRInstance.objects.get(pk=instance.pk))
    line = finding(instance, "templates[1].receiver")
    assert (line.outcome, "api://chat" in line.evidence) == ("pass", True)


def test_fails_for_token_over_plain_http(instance: SignalRInstance) -> None:
    url = "http://portal.example/upstream/chat-prod/"
    line = found(instance, "templates[0].encrypted", url_template=url)
    assert (line.outcome, line.fix) == ("fail", "Use an https URL.")
    assert "unencrypted" in line.evidence


def test_accepts_v2_tokens_of_an_application_that_requests_them(instance: SignalRInstance) -> None:
    register(instance, "api://chat", version=2)
    line = found(instance)
    assert (line.outcome, CLIENT_ID in line.evidence) == ("pass", True)
    assert f"/{instance.subscription.tenant_id}/v2.0" in line.evidence


def test_token_version_that_was_not_read_is_unknown(instance: SignalRInstance) -> None:
    TokenResource.objects.all().delete()
    line = found(instance)
    assert (line.outcome, "Application.Read.All" in line.fix) == ("unknown", True)
    assert "requestedAccessTokenVersion" in line.evidence


@pytest.fixture
def v2(settings: Settings) -> None:
    """Require v2 tokens of applications whose registration is not known."""
    TokenResource.objects.all().delete()
    settings.VALIDATION = settings.VALIDATION | {"ISSUER": V2_ISSUER}


@pytest.mark.usefixtures("v2")
def test_accepts_v1_tokens_of_an_application_that_requests_them(instance: SignalRInstance) -> None:
    register(instance, "api://chat", version=1)
    line = found(instance)
    assert (line.outcome, "https://sts.windows.net/" in line.evidence) == ("pass", True)


@pytest.mark.usefixtures("v2")
@pytest.mark.parametrize("resource", ["api://chat", CLIENT_ID, CLIENT_ID.upper()])
def test_registration_gives_the_audience_of_v2_tokens(
    instance: SignalRInstance, resource: str
) -> None:
    register(instance, resource, version=2)
    line = found(instance, resource=resource)
    assert (line.outcome, CLIENT_ID in line.evidence) == ("pass", True)


@pytest.mark.usefixtures("v2")
@pytest.mark.parametrize("resource", ["api://chat", "https://chat.example"])
def test_v2_audience_is_never_an_app_id_uri(instance: SignalRInstance, resource: str) -> None:
    line = found(instance, resource=resource)
    assert line.outcome == "fail"
    assert f"never {resource}" in line.evidence
    assert "client ID" in line.fix
    assert "https://sts.windows.net/{tenant_id}/" in line.fix


@pytest.mark.usefixtures("v2")
def test_names_the_client_id_for_other_code(instance: SignalRInstance) -> None:
    line = found(instance, url_template="https://other.example/")
    assert (line.outcome, "audience the application's client ID" in line.fix) == ("unknown", True)


@pytest.mark.usefixtures("v2")
def test_names_a_known_client_id(instance: SignalRInstance) -> None:
    line = found(instance, resource=f"api://{CLIENT_ID}")
    assert (line.outcome, f"resource to {CLIENT_ID}" in line.fix) == ("fail", True)


@pytest.mark.usefixtures("v2")
def test_v2_audience_is_the_client_id(instance: SignalRInstance) -> None:
    assert found(instance, resource=CLIENT_ID).outcome == "unknown"
    line = found(instance, resource=CLIENT_ID.upper())
    assert (line.outcome, line.fix) == ("fail", f"Set the template's resource to {CLIENT_ID}.")
